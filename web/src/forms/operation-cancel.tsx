/** Calls off an installation or a restore that has not ended. The answer, and not the wish, changes what is shown. */
import { useMutation } from '@tanstack/react-query'
import { CircleStop } from 'lucide-react'
import { useLive } from '~/actions/context'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import type { OperationView, ServerView } from '~/api/types'
import { isActive } from '~/lib/server-status'
import { s } from '~/strings'
import { Button, IconButton } from '~/ui/button'
import { toast } from '~/ui/toast'

type CallOffProps = { operation: OperationView; server: ServerView | undefined; look: 'icon' | 'words' }

export function CallOff({ operation, server, look }: CallOffProps) {
  const live = useLive()
  const cancel = useMutation({
    mutationFn: () => take(client.POST('/api/operations/{id}/cancel', { params: { path: { id: operation.id } } })),
    onSuccess: (after) => {
      live.heard(after)
      toast({ tone: 'info', title: s.operation.cancelled(s.operation.kind[operation.kind], server?.name ?? s.operation.aServer) })
    },
    onError: (error) => {
      const problem = toApiError(error)
      toast({ tone: 'bad', title: s.operation.notCancelled(problem.title), detail: [problem.detail, problem.remedy].filter(Boolean).join(' ') })
    },
  })
  // Whatever else was asked for is changed by asking for something else.
  const mayEnd = operation.kind === 'install' || operation.kind === 'reinstall' || operation.kind === 'restore'
  if (!mayEnd || !isActive(operation)) return null
  const reason = !server ? s.common.loading : server.permissions.includes('operations.cancel') ? null : s.operation.noCancelRight
  const common = { busy: cancel.isPending, disabledReason: reason, onClick: () => cancel.mutate() }
  if (look === 'words') return <Button size="sm" {...common}>{s.operation.callOff}</Button>
  return (
    <IconButton label={s.operation.callOff} size="iconSm" className="-mt-1.5 -mr-1.5" {...common}>
      <CircleStop aria-hidden />
    </IconButton>
  )
}
