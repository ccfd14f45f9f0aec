/** Reads every listing of a server anew, since a change may touch two of them. */
import { useQueryClient } from '@tanstack/react-query'
import { filesQuery } from '~/api/queries'

export function useRefresh(serverId: string): () => Promise<void> {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: filesQuery(serverId, '').queryKey.slice(0, -1) })
}
