/** One action as a form on a page. */
import { LoaderCircle, TriangleAlert } from 'lucide-react'
import type { OfferedActionsView, ServerView } from '~/api/types'
import { actions as a } from '~/strings/actions'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { VariableField } from '../variable-field'
import { useAsking, wanted, type Wanted } from './wanted'

export function ActionForm({ server, offer, action }: { server: ServerView; offer: OfferedActionsView; action: string }) {
  const want = wanted(server, offer, action)
  return want && <Asked want={want} server={server} />
}

function Asked({ want, server }: { want: Wanted; server: ServerView }) {
  const { act, reason, field, reset } = useAsking(want, server)
  const send = () =>
    act.mutate(undefined, {
      onSuccess: ({ messages }) => {
        toast({ title: a.done(want.title), detail: messages.join(' ') })
        reset()
      },
    })
  return (
    <Card title={want.title} {...(want.help && { help: want.help })}>
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (!reason && !act.isPending) send()
        }}
      >
        {act.error && <ProblemCard error={act.error} />}
        {want.form.length > 0 && (
          <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
            {want.form.map((variable) => <VariableField key={variable.key} {...field(variable)} />)}
          </div>
        )}
        {want.confirm && <Notice tone="warn" title={want.confirm} icon={<TriangleAlert aria-hidden />} />}
        <div className="flex flex-wrap items-center gap-3">
          <Button type="submit" variant="primary" busy={act.isPending} disabledReason={reason}>{want.verb}</Button>
          <p role="status" className="flex items-start gap-2 text-sm text-dim empty:hidden">
            {act.isPending && (
              <>
                <LoaderCircle aria-hidden className="mt-0.5 size-4 shrink-0 animate-spin" />
                {a.atIt}
              </>
            )}
          </p>
        </div>
      </form>
    </Card>
  )
}
