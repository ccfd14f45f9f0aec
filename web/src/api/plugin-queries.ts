/** What pages of plugins ask beside the list, apart from it so that the first page does not carry them. */
import { queryOptions } from '@tanstack/react-query'
import { client, take } from './client'
import { keys } from './queries'

const path = <P>(params: P) => ({ params: { path: params } })

export const releasesQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'releases'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/releases', { ...path({ id }), signal })) })

export const failuresQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'failures'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/failures', { ...path({ id }), signal })) })

export const pluginSecretsQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'secrets'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/secrets', { ...path({ id }), signal })) })
export const pluginSettingsQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'settings'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/settings', { ...path({ id }), signal })), staleTime: 0 })

/** Told events come without news of the plugin, so whoever looks asks again. */
export const deliveriesQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'deliveries'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/deliveries', { ...path({ id }), signal })), staleTime: 0, refetchInterval: 3_000 })

/** Which release runs a server. News of plugins asks for it again. */
export const serverReleaseQuery = (id: string, version: string) =>
  queryOptions({ queryKey: ['release', id, version], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/release', { ...path({ id }), signal })) })

/** How plugins fare changes without news of them, so whoever looks asks again. */
export const holdsQuery = queryOptions({ queryKey: ['plugin-holds'], queryFn: ({ signal }) => take(client.GET('/api/plugins/holds', { signal })), staleTime: 0, refetchInterval: 30_000 })

export const conductQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'conduct'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/conduct', { ...path({ id }), signal })), staleTime: 0, refetchInterval: 5_000 })

export const recordsQuery = (id: string) =>
  queryOptions({ queryKey: [...keys.plugins, id, 'records'], queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/records', { ...path({ id }), signal })), staleTime: 0, refetchInterval: 10_000 })

/** A record as it stands in its file; it has at most 3 MiB. */
export const recordText = (id: string, { id: record, digest, nodeId }: { id: string; digest: string; nodeId?: string | null }): Promise<string> =>
  take(client.GET('/api/plugins/{id}/records/{record}', { params: { path: { id, record }, query: { digest, ...(nodeId && { node: nodeId }) } }, parseAs: 'text' })) as unknown as Promise<string>

export const pluginLogQuery = (id: string, digest: string, node: string | null, server: string | null) =>
  queryOptions({
    queryKey: [...keys.plugins, id, 'log', digest, node, server],
    queryFn: ({ signal }) => take(client.GET('/api/plugins/{id}/log', { params: { path: { id }, query: { digest, ...(node !== null && { node }), ...(server !== null && { server }) } }, signal })),
    staleTime: 0,
    refetchInterval: 4_000,
  })
