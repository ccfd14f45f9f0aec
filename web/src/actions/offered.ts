/** What a game's plugin offers, and which of it somebody chose in a menu or the palette: the server's page asks its questions. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { keys } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { Store } from '~/lib/store'

/** The place of an id of an action, for a message to players. */
export const BROADCAST = ' broadcast'

/** `form` is what its questions begin with. */
export const chosenAction = new Store<{ serverId: string; action: string; form?: Record<string, string> } | null>(null)

/** What is possible changes with the server's state, which the key therefore has. */
export const offeredQuery = ({ id, observed, node, operation, holds }: ServerView) =>
  queryOptions({
    queryKey: [...keys.server(id), 'actions', observed.state, node.connected, operation?.kind ?? '', holds.length],
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/actions', { params: { path: { id } }, signal })),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    retry: false,
  })
