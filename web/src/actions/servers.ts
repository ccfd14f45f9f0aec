/** Power over a server. Whether each is possible, and why not, is the API's answer; nothing is guessed here. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Play, RotateCw, Skull, Square, type LucideIcon } from 'lucide-react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, operationQuery } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { refusal } from '~/lib/server-status'
import { s } from '~/strings'
import { toast } from '~/ui/toast'
import type { Action } from './action'
import { useLive } from './context'

const POWER = ['start', 'stop', 'restart', 'kill'] as const
export type Power = (typeof POWER)[number]
export const POWER_ICONS: Record<Power, LucideIcon> = { start: Play, stop: Square, restart: RotateCw, kill: Skull }

export const sendPower = (serverId: string, action: Power) => take(client.POST('/api/servers/{id}/power', { params: { path: { id: serverId } }, body: { action } }))

/** Reads an operation that was just accepted, so that the tray shows it before its first frame comes. */
export function useFollowOperation(): (operationId: string) => void {
  const queries = useQueryClient()
  const live = useLive()
  return (operationId) => {
    void queries
      .fetchQuery({ ...operationQuery(operationId), staleTime: 0 })
      .then((operation) => live.heard(operation))
      .catch(() => undefined)
  }
}

/** Power over any server. */
export function usePower() {
  const queries = useQueryClient()
  const follow = useFollowOperation()
  return useMutation({
    mutationFn: ({ serverId, action }: { serverId: string; action: Power }) => sendPower(serverId, action),
    onSuccess: (accepted, { serverId }) => {
      follow(accepted.operationId)
      void queries.invalidateQueries({ queryKey: keys.server(serverId), exact: true })
    },
    onError: (error) => {
      const problem = toApiError(error)
      toast({ tone: 'bad', title: problem.title, detail: problem.detail })
    },
  })
}

export function useServerActions(server: ServerView): Record<Power, Action> {
  const power = usePower()
  const action = (id: Power): Action => ({
    id,
    label: s.server[id],
    icon: POWER_ICONS[id],
    keywords: `${s.server.power} ${server.name}`,
    disabledReason: refusal(server.actions, id),
    busy: power.isPending && power.variables.action === id,
    dangerous: id === 'kill',
    perform: () => power.mutate({ serverId: server.id, action: id }),
  })
  return { start: action('start'), stop: action('stop'), restart: action('restart'), kill: action('kill') }
}

export const powerActions = (actions: Record<Power, Action>): Action[] => POWER.map((id) => actions[id])
