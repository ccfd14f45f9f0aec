/** What can be done with a backup, behind a button in its row. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleStop, Download, Ellipsis, History, LockKeyhole, LockKeyholeOpen, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { backupsQuery } from '~/api/backup-queries'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import type { Backup, BackupsView, ServerView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { isNamed, nameOf } from '~/lib/backups'
import { backups as t } from '~/strings/backups'
import { PlainIconButton } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Field, Input } from '~/ui/field'
import { Menu, MenuItem, MenuLine } from '~/ui/menu'
import { toast } from '~/ui/toast'
import { useBackupActs, usePut } from './acting'
import { LONGEST_NAME } from './make'
import { RestoreBackup } from './restore'

type BackupMenuProps = { server: ServerView; view: BackupsView; backup: Backup }
type Asking = 'restore' | 'rename' | 'delete' | null

export function BackupMenu({ server, view, backup }: BackupMenuProps) {
  const acts = useBackupActs(server, backup)
  const [asking, setAsking] = useState<Asking>(null)
  const close = () => setAsking(null)
  const isMade = backup.state === 'running'
  return (
    <>
      <Menu trigger={<PlainIconButton label={t.menu(nameOf(backup))}><Ellipsis aria-hidden /></PlainIconButton>}>
        <MenuItem icon={<History aria-hidden />} disabledReason={acts.restore.reason} onSelect={() => setAsking('restore')}>{t.restore}</MenuItem>
        <MenuItem icon={<Download aria-hidden />} disabledReason={acts.download.reason} onSelect={acts.download.perform}>{t.download}</MenuItem>
        <MenuItem icon={<Pencil aria-hidden />} disabledReason={acts.rename.reason} onSelect={() => setAsking('rename')}>{t.rename}</MenuItem>
        <MenuItem icon={backup.locked ? <LockKeyholeOpen aria-hidden /> : <LockKeyhole aria-hidden />} disabledReason={acts.lock.reason} onSelect={acts.lock.perform}>{backup.locked ? t.unlock : t.lock}</MenuItem>
        <MenuLine />
        <MenuItem danger icon={isMade ? <CircleStop aria-hidden /> : <Trash2 aria-hidden />} disabledReason={acts.remove.reason} onSelect={() => setAsking('delete')}>{isMade ? t.callOff : t.delete}</MenuItem>
      </Menu>
      {asking === 'restore' && <RestoreBackup server={server} view={view} backup={backup} onClose={close} />}
      {asking === 'rename' && <RenameBackup server={server} backup={backup} onClose={close} />}
      {asking === 'delete' && <DeleteBackup server={server} backup={backup} onClose={close} />}
    </>
  )
}

type OneProps = { server: ServerView; backup: Backup; onClose: () => void }

function RenameBackup({ server, backup, onClose }: OneProps) {
  const [name, setName] = useState(isNamed(backup) ? backup.name : '')
  const put = usePut(server.id)
  const rename = useMutation({
    mutationFn: () => take(client.PATCH('/api/servers/{id}/backups/{backupId}', { params: { path: { id: server.id, backupId: backup.id } }, body: { name: name.trim() } })),
    onSuccess: (changed) => {
      put(changed)
      toast({ title: t.renamed(nameOf(changed)) })
      onClose()
    },
  })
  return (
    <FormDialog title={t.renameTitle(nameOf(backup))} verb={t.save} size="sm" busy={rename.isPending} error={rename.error} onSubmit={() => rename.mutate()} onClose={onClose}>
      <Field label={t.name} error={rename.error ? toApiError(rename.error).field('name') : null}>
        <Input value={name} onChange={(event) => setName(event.target.value)} placeholder={t.namePlaceholder} maxLength={LONGEST_NAME} autoComplete="off" autoFocus />
      </Field>
    </FormDialog>
  )
}

/** One that is being made is called off, and goes once that has ended. */
function DeleteBackup({ server, backup, onClose }: OneProps) {
  const queries = useQueryClient()
  const [isMade] = useState(backup.state === 'running')
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/servers/{id}/backups/{backupId}', { params: { path: { id: server.id, backupId: backup.id } } })),
    onSuccess: async () => {
      toast({ title: isMade ? t.calledOff(nameOf(backup)) : t.deleted(nameOf(backup)) })
      onClose()
      await queries.invalidateQueries({ queryKey: backupsQuery(server.id).queryKey })
    },
  })
  return (
    <Confirm title={isMade ? t.callOffTitle(nameOf(backup)) : t.deleteTitle(nameOf(backup))} body={isMade ? t.callOffBody : t.deleteBody} verb={isMade ? t.callOff : t.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
  )
}
