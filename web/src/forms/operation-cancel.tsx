/** Calls off an installation that has not ended. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { OperationView, ServerView } from '~/api/types'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { toast } from '~/ui/toast'

export function CallOff({ operation, server }: { operation: OperationView; server: ServerView }) {
  const queries = useQueryClient()
  const cancel = useMutation({
    mutationFn: () => take(client.POST('/api/operations/{id}/cancel', { params: { path: { id: operation.id } } })),
    onSuccess: () => {
      toast({ title: s.operation.cancelled })
      void queries.invalidateQueries({ queryKey: keys.server(server.id) })
    },
    onError: (error) => {
      const problem = toApiError(error)
      toast({ tone: 'bad', title: problem.title, detail: [problem.detail, problem.remedy].filter(Boolean).join(' ') })
    },
  })
  return (
    <Button size="sm" busy={cancel.isPending} disabledReason={server.permissions.includes('operations.cancel') ? null : s.operation.cancelNoRight} onClick={() => cancel.mutate()}>
      {s.operation.cancel}
    </Button>
  )
}
