/** Asks for a backup: what it is called, and whether it is kept from being deleted. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import type { ServerView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { nameOf } from '~/lib/backups'
import { backups as t } from '~/strings/backups'
import { Checkbox, Field, Input } from '~/ui/field'
import { toast } from '~/ui/toast'
import { lacks, usePut } from './acting'

/** Letters of a name. */
export const LONGEST_NAME = 100

export function MakeBackup({ server, onClose }: { server: ServerView; onClose: () => void }) {
  const [name, setName] = useState('')
  const [locked, setLocked] = useState(false)
  const put = usePut(server.id)
  const make = useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/backups', { params: { path: { id: server.id } }, body: { name: name.trim(), locked } })),
    onSuccess: (backup) => {
      put(backup)
      toast({ title: t.begun(nameOf(backup)) })
      onClose()
    },
  })
  return (
    <FormDialog title={t.makeTitle} description={t.makeBody} verb={t.make} size="sm" busy={make.isPending} error={make.error} onSubmit={() => make.mutate()} onClose={onClose}>
      <Field label={t.name} help={t.nameHelp} error={make.error ? toApiError(make.error).field('name') : null}>
        <Input value={name} onChange={(event) => setName(event.target.value)} placeholder={t.namePlaceholder} maxLength={LONGEST_NAME} autoComplete="off" autoFocus />
      </Field>
      {lacks(server, 'backups.update') === null && <Checkbox label={t.keep} checked={locked} onChange={setLocked} />}
    </FormDialog>
  )
}
