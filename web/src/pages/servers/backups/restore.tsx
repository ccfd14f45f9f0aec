/** Back to a backup: says what is lost, and offers to keep what is there before. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useFollowOperation } from '~/actions/servers'
import { backupsQuery } from '~/api/backup-queries'
import { client, take } from '~/api/client'
import { keys } from '~/api/queries'
import type { Backup, BackupsView, ServerView } from '~/api/types'
import { nameOf } from '~/lib/backups'
import { moment } from '~/lib/format'
import { backups as t } from '~/strings/backups'
import { Confirm } from '~/ui/confirm'
import { Checkbox } from '~/ui/field'
import { Notice } from '~/ui/problem'
import { lacks, usePut } from './acting'

type RestoreBackupProps = { server: ServerView; view: BackupsView; backup: Backup; onClose: () => void }

export function RestoreBackup({ server, view, backup, onClose }: RestoreBackupProps) {
  const queries = useQueryClient()
  const follow = useFollowOperation()
  const put = usePut(server.id)
  const [wantsFirst, setWantsFirst] = useState(false)
  const [first, setFirst] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const restore = useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/backups/{backupId}/restore', { params: { path: { id: server.id, backupId: backup.id } } })),
    onSuccess: (accepted) => {
      follow(accepted.operationId)
      void queries.invalidateQueries({ queryKey: keys.server(server.id), exact: true })
      onClose()
    },
  })
  const keep = useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/backups', { params: { path: { id: server.id } }, body: { name: t.firstName(nameOf(backup)) } })),
    onSuccess: (made) => {
      put(made)
      setFirst(made.id)
    },
  })
  useFirst(server.id, first, (made) => {
    setFirst(null)
    if (made?.state === 'ready') restore.mutate()
    else setFailure(made?.reason ?? t.firstFailed)
  })
  const cannot = lacks(server, 'backups.create') ?? view.refusal
  const begin = () => {
    setFailure(null)
    if (wantsFirst) keep.mutate()
    else restore.mutate()
  }
  return (
    <Confirm title={t.restoreTitle(nameOf(backup))} body={`${t.restoreBody(server.name, moment(backup.createdAt))} ${server.desired === 'running' ? t.restoreRuns : t.restoreStopped}`} typed={server.name} verb={t.restore} busy={restore.isPending || keep.isPending || first !== null} error={restore.error ?? keep.error} onConfirm={begin} onClose={onClose}>
      <Checkbox label={t.first} help={cannot ?? t.firstHelp} disabled={cannot !== null} checked={wantsFirst && cannot === null} onChange={setWantsFirst} />
      {first !== null && <p role="status" className="text-sm text-dim">{t.firstGoesOn}</p>}
      {failure && <Notice tone="bad" title={t.firstFailed} icon={<TriangleAlert aria-hidden />}>{failure}</Notice>}
    </Confirm>
  )
}

/** Tells what became of a backup once it has ended; nothing of one that is gone. */
function useFirst(serverId: string, id: string | null, onEnd: (made: Backup | undefined) => void) {
  const { data } = useQuery({ ...backupsQuery(serverId), enabled: id !== null })
  const made = data?.items.find((one) => one.id === id)
  const hasEnded = id !== null && data !== undefined && made?.state !== 'running'
  useEffect(() => {
    if (hasEnded) onEnd(made)
    // What is done at the end is of the moment in which it ends.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [hasEnded])
}
