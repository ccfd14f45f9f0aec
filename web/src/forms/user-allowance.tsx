/** What somebody's servers may be given together; administrators only. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { allowanceQuery, keys } from '~/api/queries'
import type { AllowanceView, UserView } from '~/api/types'
import { allowanceOf, allowanceProblem, KEYS, say, textOf, type Key } from '~/lib/allowance'
import { s } from '~/strings'
import { allowance as a } from '~/strings/allowance'
import { Dialog, DialogBody } from '~/ui/dialog'
import { SkeletonRows } from '~/ui/empty'
import { Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

type AllowanceProps = { user: UserView; onClose: () => void }

export function AllowanceDialog({ user, onClose }: AllowanceProps) {
  const { data, error, refetch } = useQuery(allowanceQuery(user.id))
  if (data) return <AllowanceForm user={user} view={data} onClose={onClose} />
  return (
    <Dialog open onClose={onClose} title={a.title(user.name)} description={a.lead}>
      <DialogBody>{error ? <ProblemCard error={error} onRetry={refetch} /> : <SkeletonRows label={s.common.loading} />}</DialogBody>
    </Dialog>
  )
}

const UNIT: Record<Key, string | undefined> = { servers: undefined, memoryMib: s.create.mib, diskMib: s.create.mib, cpuPercent: s.create.percentOfCore }

function AllowanceForm({ user, view, onClose }: AllowanceProps & { view: AllowanceView }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(() => textOf(view.limits))
  const save = useMutation({
    mutationFn: () => take(client.PUT('/api/users/{id}/allowance', { params: { path: { id: user.id } }, body: allowanceOf(draft) })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.allowance })
      toast({ title: a.saved, detail: user.name })
      onClose()
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const wrong = KEYS.some((key) => allowanceProblem(key, draft[key]) !== null)
  return (
    <FormDialog title={a.title(user.name)} description={a.lead} verb={s.common.save} busy={save.isPending} error={problem} disabledReason={wrong ? s.common.fixFirst : null} onSubmit={() => save.mutate()} onClose={onClose}>
      <div className="grid grid-cols-2 items-start gap-4">
        {KEYS.map((key, i) => {
          const used = view.used[key]
          const bound = allowanceOf(draft)[key]
          const error = allowanceProblem(key, draft[key]) ?? problem?.field(key) ?? null
          return (
            <Field key={key} label={a.field[key]} note={UNIT[key]} error={error} help={error ? undefined : typeof bound === 'number' && used > bound ? a.over(say[key](used)) : a.used(say[key](used))}>
              <Input inputMode="numeric" autoComplete="off" autoFocus={i === 0} className="tabular" placeholder={s.common.unlimited} value={draft[key]} onChange={(event) => setDraft({ ...draft, [key]: event.target.value })} />
            </Field>
          )
        })}
      </div>
    </FormDialog>
  )
}
