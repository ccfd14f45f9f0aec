/** Whose plugins may come in, and with which words registries are asked. */
import { queryOptions } from '@tanstack/react-query'
import { client, take } from './client'

export const trustQuery = queryOptions({ queryKey: ['trust'], queryFn: ({ signal }) => take(client.GET('/api/trust', { signal })), staleTime: 0 })
export const loginsQuery = queryOptions({ queryKey: ['trust', 'logins'], queryFn: ({ signal }) => take(client.GET('/api/trust/logins', { signal })), staleTime: 0 })

/** What a public key is that was pasted; a text that is none is not asked about. */
export const keyQuery = (publicKey: string, enabled: boolean) =>
  queryOptions({ queryKey: ['trust', 'key', publicKey], queryFn: ({ signal }) => take(client.POST('/api/trust/key', { body: { publicKey }, signal })), enabled, staleTime: Infinity, retry: false })
