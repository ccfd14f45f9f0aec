/** One action: its questions, what it asks before it is done, that it is under way, and what the game says afterwards. */
import { LoaderCircle, TriangleAlert } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { toApiError } from '~/api/problem'
import type { OfferedActionsView, ServerView } from '~/api/types'
import { s } from '~/strings'
import { actions as a } from '~/strings/actions'
import { Button } from '~/ui/button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Notice } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { FormDialog } from '../form-dialog'
import { VariableField } from '../variable-field'
import { useAsking, wanted, type Wanted } from './wanted'

type ActionDialogProps = { server: ServerView; offer: OfferedActionsView; action: string; form?: Record<string, string> | undefined; onClose: () => void }

export function ActionDialog({ server, offer, action, form, onClose }: ActionDialogProps) {
  const want = wanted(server, offer, action)
  return want && <Ask want={want} server={server} form={form} onClose={onClose} />
}

function Ask({ want, server, form, onClose }: { want: Wanted; server: ServerView; form?: Record<string, string> | undefined; onClose: () => void }) {
  const { act, reason, field } = useAsking(want, server, form)
  /** Whoever closed it while it was at work is told elsewhere. */
  const open = useRef(true)
  useEffect(() => {
    open.current = true
    return () => {
      open.current = false
    }
  }, [])
  const send = () =>
    void act.mutateAsync().then(
      ({ messages }) => {
        if (messages.length === 0 && open.current) onClose()
        if (messages.length === 0 || !open.current) toast({ title: a.done(want.title), detail: messages.join(' ') })
      },
      (error: unknown) => {
        if (!open.current) toast({ tone: 'bad', title: a.failed(want.title), detail: toApiError(error).detail })
      },
    )
  if (act.data) return <Said title={want.title} messages={act.data.messages} onClose={onClose} />
  return (
    <FormDialog title={want.title} {...(want.help && { description: want.help })} verb={want.verb} busy={act.isPending} error={act.error} disabledReason={reason} {...(act.isPending && { leave: s.common.close })} onSubmit={send} onClose={onClose}>
      {want.form.map((variable) => (
        <VariableField key={variable.key} {...field(variable)} />
      ))}
      {want.reason && <Notice tone="warn" title={want.reason} icon={<TriangleAlert aria-hidden />} />}
      {want.confirm && <Notice tone="warn" title={want.confirm} icon={<TriangleAlert aria-hidden />} />}
      <p role="status" className="flex items-start gap-2 text-sm text-dim empty:hidden">
        {act.isPending && (
          <>
            <LoaderCircle aria-hidden className="mt-0.5 size-4 shrink-0 animate-spin" />
            {a.atIt}
          </>
        )}
      </p>
    </FormDialog>
  )
}

function Said({ title, messages, onClose }: { title: string; messages: string[]; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={a.done(title)} description={a.said}>
      <DialogBody>
        {messages.map((message, i) => (
          <p key={i} className="text-sm break-words whitespace-pre-line">{message}</p>
        ))}
      </DialogBody>
      <DialogFooter>
        <Button autoFocus variant="primary" onClick={onClose}>{s.common.close}</Button>
      </DialogFooter>
    </Dialog>
  )
}
