/** What is read of drains. The node's frames say that something is another; who plays comes by asking. */
import { queryOptions } from '@tanstack/react-query'
import { client, take } from './client'
import { keys } from './queries'

export const drainedServersQuery = (nodeId: string) =>
  queryOptions({
    queryKey: [...keys.nodes, nodeId, 'drain'],
    queryFn: ({ signal }) => take(client.GET('/api/nodes/{id}/drain', { params: { path: { id: nodeId } }, signal })),
    refetchInterval: 5_000,
  })
