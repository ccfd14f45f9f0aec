/**
 * What is read, each once: key, call and how long an answer is fresh. Loaders prefetch these; pages read the same
 * objects, so that a page never invents a key. Live frames (`live.ts`) write to the same keys.
 */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client, take } from './client'
import type { operations } from './generated'
import { ApiError } from './problem'
import type { CurrentSession, Observed, Page } from './types'

const MINUTE = 60_000
const nextCursor = (page: Page<unknown>) => page.nextCursor ?? undefined
const path = <P>(params: P) => ({ params: { path: params } })

export const keys = {
  session: ['session'],
  setup: ['setup'],
  servers: ['servers'],
  server: (id: string) => ['server', id],
  nodes: ['nodes'],
  users: ['users'],
  allowance: ['allowance'],
  locations: ['locations'],
  plugins: ['plugins'],
  blueprints: ['blueprints'],
} as const

/** The tabs that a game's plugin fills, whatever state the server is in. */
export const tabsKey = (serverId: string) => [...keys.server(serverId), 'tabs'] as const

/** A server's backups. */
export const backupsKey = (serverId: string) => [...keys.server(serverId), 'backups'] as const
/** All that is known of a server's schedules and their runs. */
export const schedulesKey = (serverId: string) => [...keys.server(serverId), 'schedules'] as const
export const scheduleKey = (serverId: string, scheduleId: string) => [...schedulesKey(serverId), 'one', scheduleId] as const

export const setupQuery = queryOptions({ queryKey: keys.setup, queryFn: ({ signal }) => take(client.GET('/api/setup', { signal })), staleTime: MINUTE })

/** Who is signed in; null when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: async ({ signal }): Promise<CurrentSession | null> => {
    try {
      return (await take(client.GET('/api/auth/get-session', { signal }))) ?? null
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  },
  staleTime: 5 * MINUTE,
})

export type ServerFilter = { search?: string | undefined; status?: Observed | undefined }

export const serversQuery = (filter: ServerFilter = {}) =>
  infiniteQueryOptions({
    queryKey: [...keys.servers, filter],
    queryFn: ({ pageParam, signal }) =>
      take(client.GET('/api/servers', { params: { query: { limit: 100, ...(pageParam && { cursor: pageParam }), ...(filter.search && { search: filter.search }), ...(filter.status && { status: filter.status }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
  })

export const serverQuery = (id: string) =>
  queryOptions({ queryKey: keys.server(id), queryFn: ({ signal }) => take(client.GET('/api/servers/{id}', { ...path({ id }), signal })) })

export const variablesQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'variables'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/variables', { ...path({ id }), signal })) })

export const playersQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'players'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/players', { ...path({ id }), signal })), refetchInterval: 10_000 })

export const filesQuery = (id: string, directory: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'files', directory], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/files', { params: { path: { id }, query: { path: directory } }, signal })), staleTime: 2_000, retry: false })

/** Asked for each time that it is shown: what one can sign in with may have changed on another page. */
export const sftpQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'sftp'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/sftp', { ...path({ id }), signal })), staleTime: 0 })

/** Asked for each time that an editor opens, and never again behind its back: its key is not beneath the server's, whose news fetch things again. */
export const fileContentQuery = (id: string, file: string) =>
  queryOptions({ queryKey: ['file', id, file], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/files/content', { params: { path: { id }, query: { path: file } }, signal })), staleTime: Infinity, gcTime: 0, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false })

export const serverAllocationsQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'allocations'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/allocations', { ...path({ id }), signal })) })

export const membersQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'members'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/members', { ...path({ id }), signal })) })

export const operationsQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.server(id), 'operations'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/operations', { ...path({ id }), signal })) })

export const operationQuery = (id: string) =>
  queryOptions({ queryKey: ['operation', id], queryFn: ({ signal }) => take(client.GET('/api/operations/{id}', { ...path({ id }), signal })) })

export const activityQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.server(id), 'activity'],
    queryFn: ({ pageParam, signal }) => take(client.GET('/api/servers/{id}/activity', { params: { path: { id }, query: { limit: 50, ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: nextCursor,
  })

/** Players come and go without news of it. */
export const playerSessionsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.server(id), 'player-sessions'],
    queryFn: ({ pageParam, signal }) => take(client.GET('/api/servers/{id}/player-sessions', { params: { path: { id }, query: { limit: 50, ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: nextCursor,
    refetchInterval: 30_000,
  })

/** The span that ends now. It is part of the key, so that charts of one page share one answer. */
function untilNow(spanMs: number): { from: string; to: string } {
  const to = new Date()
  return { from: new Date(to.getTime() - spanMs).toISOString(), to: to.toISOString() }
}
const asOftenAsNew = (spanMs: number) => Math.min(5 * MINUTE, Math.max(10_000, spanMs / 360))
/** Asked once each time that a live chart opens, for from then on it watches. */
const once = { refetchInterval: false, staleTime: Infinity, gcTime: 0 } as const

export const statisticsQuery = (id: string, spanMs: number) =>
  queryOptions({
    queryKey: [...keys.server(id), 'statistics', spanMs],
    queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/statistics', { params: { path: { id }, query: untilNow(spanMs) }, signal })),
    refetchInterval: asOftenAsNew(spanMs),
    placeholderData: keepPreviousData,
  })

/** A live chart draws a step where it ends: what ends at its left edge begins before that. */
const EARLIER = 30_000
/** What a live chart begins with. */
export const recentStatisticsQuery = (id: string, spanMs: number) => queryOptions({ ...statisticsQuery(id, spanMs + EARLIER), queryKey: [...keys.server(id), 'statistics', 'recent'], ...once })

export const blueprintsQuery = queryOptions({ queryKey: keys.blueprints, queryFn: ({ signal }) => take(client.GET('/api/blueprints', { signal })), staleTime: 5 * MINUTE })
export const blueprintQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.blueprints, id], queryFn: ({ signal }) => take(client.GET('/api/blueprints/{id}', { ...path({ id }), signal })), staleTime: 5 * MINUTE })

export const nodesQuery = queryOptions({ queryKey: keys.nodes, queryFn: ({ signal }) => take(client.GET('/api/nodes', { signal })) })
export const nodeQuery = (id: string) => queryOptions({ queryKey: [...keys.nodes, id], queryFn: ({ signal }) => take(client.GET('/api/nodes/{id}', { ...path({ id }), signal })) })
export const nodeStatisticsQuery = (id: string, spanMs: number) =>
  queryOptions({
    queryKey: [...keys.nodes, id, 'statistics', spanMs],
    queryFn: ({ signal }) => take(client.GET('/api/nodes/{id}/statistics', { params: { path: { id }, query: untilNow(spanMs) }, signal })),
    refetchInterval: asOftenAsNew(spanMs),
    placeholderData: keepPreviousData,
  })
export const recentNodeStatisticsQuery = (id: string, spanMs: number) => queryOptions({ ...nodeStatisticsQuery(id, spanMs + EARLIER), queryKey: [...keys.nodes, id, 'statistics', 'recent'], ...once })
export type PartKind = NonNullable<operations['nodeParts']['parameters']['query']>['kind']
export const nodePartsQuery = (id: string, kind: PartKind, spanMs: number) =>
  queryOptions({
    queryKey: [...keys.nodes, id, 'parts', kind, spanMs],
    queryFn: ({ signal }) => take(client.GET('/api/nodes/{id}/statistics/parts', { params: { path: { id }, query: { kind, ...untilNow(spanMs) } }, signal })),
    refetchInterval: asOftenAsNew(spanMs),
    placeholderData: keepPreviousData,
  })
export const nodeAllocationsQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.nodes, id, 'allocations'],
    queryFn: ({ pageParam, signal }) => take(client.GET('/api/nodes/{id}/allocations', { params: { path: { id }, query: { limit: 100, ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: nextCursor,
  })
export const locationsQuery = queryOptions({ queryKey: keys.locations, queryFn: ({ signal }) => take(client.GET('/api/locations', { signal })) })
export const pluginsQuery = queryOptions({ queryKey: keys.plugins, queryFn: ({ signal }) => take(client.GET('/api/plugins', { signal })) })
export const usersQuery = infiniteQueryOptions({
  queryKey: keys.users,
  queryFn: ({ pageParam, signal }) => take(client.GET('/api/users', { params: { query: { limit: 100, ...(pageParam && { cursor: pageParam }) } }, signal })),
  initialPageParam: '',
  getNextPageParam: nextCursor,
})
export const auditQuery = infiniteQueryOptions({
  queryKey: ['audit'],
  queryFn: ({ pageParam, signal }) => take(client.GET('/api/audit', { params: { query: { limit: 50, ...(pageParam && { cursor: pageParam }) } }, signal })),
  initialPageParam: '',
  getNextPageParam: nextCursor,
})
export const permissionsQuery = queryOptions({ queryKey: ['permissions'], queryFn: ({ signal }) => take(client.GET('/api/permissions', { signal })), staleTime: Infinity })
/** Servers come and go on other pages too, so it is asked anew wherever it is shown. */
export const ownAllowanceQuery = queryOptions({ queryKey: [...keys.allowance, 'own'], queryFn: ({ signal }) => take(client.GET('/api/account/allowance', { signal })), staleTime: 0 })
export const allowanceQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.allowance, id], queryFn: ({ signal }) => take(client.GET('/api/users/{id}/allowance', { ...path({ id }), signal })), staleTime: 0 })
export const sshKeysQuery = queryOptions({ queryKey: ['account', 'ssh-keys'], queryFn: ({ signal }) => take(client.GET('/api/account/ssh-keys', { signal })) })
export const appPasswordsQuery = queryOptions({ queryKey: ['account', 'app-passwords'], queryFn: ({ signal }) => take(client.GET('/api/account/app-passwords', { signal })) })
