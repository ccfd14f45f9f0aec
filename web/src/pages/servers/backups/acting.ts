/** What can be done to a backup, and why not. Each is asked for once and told here; where it shows is the page's affair. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { archiveAddress, backupsQuery } from '~/api/backup-queries'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import type { Backup, Permission, ServerView } from '~/api/types'
import { nameOf } from '~/lib/backups'
import { refusal } from '~/lib/server-status'
import { s } from '~/strings'
import { backups as t } from '~/strings/backups'
import { toast } from '~/ui/toast'

export const lacks = (server: ServerView, right: Permission): string | null => (server.permissions.includes(right) ? null : t.needs(right))
const isAway = (server: ServerView): string | null => (server.node.connected ? null : `${s.server.nodeAway}.`)

/** Why there is nothing to put back or to fetch. */
function empty(backup: Backup): string | null {
  switch (backup.state) {
    case 'running':
      return t.notReady
    case 'failed':
    case 'deleted':
      return t.nothingInIt
    case 'ready':
      return null
  }
}

/** What the node answered of one stands in the list at once. */
export function usePut(serverId: string) {
  const queries = useQueryClient()
  return (backup: Backup) =>
    queries.setQueryData(backupsQuery(serverId).queryKey, (view) => {
      if (!view) return view
      const there = view.items.find(({ id }) => id === backup.id)
      if (there && there.revision >= backup.revision) return view
      return { ...view, items: there ? view.items.map((one) => (one === there ? backup : one)) : [backup, ...view.items] }
    })
}

export function useBackupActs(server: ServerView, backup: Backup) {
  const queries = useQueryClient()
  const put = usePut(server.id)
  const lock = useMutation({
    mutationFn: (locked: boolean) => take(client.PATCH('/api/servers/{id}/backups/{backupId}', { params: { path: { id: server.id, backupId: backup.id } }, body: { locked } })),
    onSuccess: (changed) => {
      put(changed)
      toast({ title: changed.locked ? t.isLocked(nameOf(changed)) : t.isUnlocked(nameOf(changed)) })
    },
    onError: (error) => {
      const problem = toApiError(error)
      toast({ tone: 'bad', title: t.notChanged(nameOf(backup)), detail: problem.detail || problem.remedy })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: backupsQuery(server.id).queryKey }),
  })
  const away = isAway(server)
  return {
    restore: { reason: lacks(server, 'backups.restore') ?? empty(backup) ?? refusal(server.actions, 'restore') },
    download: { reason: lacks(server, 'backups.download') ?? empty(backup) ?? away, perform: () => window.location.assign(archiveAddress(server.id, backup.id)) },
    rename: { reason: lacks(server, 'backups.update') ?? away },
    lock: { reason: lacks(server, 'backups.update') ?? away, perform: () => lock.mutate(!backup.locked) },
    remove: { reason: lacks(server, 'backups.delete') ?? (backup.locked ? t.lockedReason : null) ?? away },
  }
}
