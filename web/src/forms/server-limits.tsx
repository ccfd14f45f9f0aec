/** What a server may use; administrators only. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { LimitsFields, limitsOf, limitsText, limitsValid } from './limits-fields'

export function ServerLimits({ server }: { server: ServerView }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState(() => limitsText(server.limits))
  const save = useMutation({
    mutationFn: () => take(client.PATCH('/api/servers/{id}/limits', { params: { path: { id: server.id } }, body: limitsOf(draft) })),
    onSuccess: (updated) => {
      queries.setQueryData(keys.server(server.id), updated)
      toast({ title: s.settings.limitsSaved })
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const stored = limitsText(server.limits)
  const unchanged = (Object.keys(stored) as (keyof typeof stored)[]).every((key) => stored[key] === draft[key])
  const reason = !limitsValid(draft, null) ? s.common.fixFirst : unchanged ? s.common.nothingChanged : null
  return (
    <Card title={s.settings.limits} help={s.settings.limitsHelp}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (!reason) save.mutate()
        }}
      >
        {problem && <ProblemCard error={problem} />}
        <LimitsFields value={draft} least={null} onChange={setDraft} problem={(key) => problem?.field(key) ?? null} />
        <div>
          <Button type="submit" variant="primary" busy={save.isPending} disabledReason={reason}>{s.common.save}</Button>
        </div>
      </form>
    </Card>
  )
}
