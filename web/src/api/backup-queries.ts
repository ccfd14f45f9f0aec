/** What is read of backups. A live frame says only that something of them is another. */
import { queryOptions } from '@tanstack/react-query'
import { client, take } from './client'
import { backupsKey } from './queries'

export const backupsQuery = (id: string) =>
  queryOptions({ queryKey: backupsKey(id), queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/backups', { params: { path: { id } }, signal })) })

/** The archive as an attachment: the browser fetches it by itself. */
export const archiveAddress = (serverId: string, backupId: string): string => `/api/servers/${serverId}/backups/${backupId}/content`
