/** What is read of pages that a game's plugin describes: forms for its files, and pages that it fills. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client, take } from './client'
import { keys, tabsKey } from './queries'
import type { ServerView } from './types'

/** What is possible changes with the server's state, which the keys therefore have. */
const state = ({ observed, node, operation, holds }: ServerView) => [observed.state, node.connected, operation?.kind ?? '', holds.length] as const
const seldom = { staleTime: 60_000, placeholderData: keepPreviousData, retry: false } as const

export const configFilesQuery = (server: ServerView) =>
  queryOptions({
    queryKey: [...keys.server(server.id), 'config-files', ...state(server)],
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/config-files', { params: { path: { id: server.id } }, signal })),
    enabled: server.permissions.includes('files.read'),
    ...seldom,
  })

/** Asked for when the form opens, and never again behind the back of whoever fills it. */
export const configFileQuery = (id: string, file: string) =>
  queryOptions({
    queryKey: ['config-file', id, file],
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/config-files/{file}', { params: { path: { id, file } }, signal })),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })

export const serverTabsQuery = (server: ServerView) =>
  queryOptions({
    queryKey: [...tabsKey(server.id), ...state(server)],
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/tabs', { params: { path: { id: server.id } }, signal })),
    enabled: server.permissions.includes('tabs.read'),
    ...seldom,
  })

/** How plugins fare changes without news of them, so whoever looks asks again. */
export const serverHoldsQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.server(id), 'plugin-holds'],
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/plugin-holds', { params: { path: { id } }, signal })),
    refetchInterval: 30_000,
    retry: false,
  })

/** The control plane gives what it has for so long at least. */
const FLOOR = 2_000

export const tabKey = (id: string, tab = '') => [...keys.server(id), 'tab', ...(tab ? [tab] : [])]

export const serverTabQuery = (id: string, tab: string, refreshMs: number | null) =>
  queryOptions({
    queryKey: tabKey(id, tab),
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/tabs/{tab}', { params: { path: { id, tab } }, signal })),
    refetchInterval: refreshMs === null ? false : Math.max(FLOOR, refreshMs),
    refetchOnWindowFocus: refreshMs !== null,
    staleTime: FLOOR,
    retry: false,
  })
