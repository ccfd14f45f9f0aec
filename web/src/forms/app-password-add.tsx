/** Makes an app password, and shows it this once. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { appPasswordsQuery } from '~/api/queries'
import type { AppPasswordCreated } from '~/api/types'
import { useForm } from '~/lib/form'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { Button } from '~/ui/button'
import { CopyTextButton } from '~/ui/copy-button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Field, Input, Select } from '~/ui/field'
import { FormDialog } from './form-dialog'

const DAYS = [30, 90, 365]
const expiry = (days: string) => (days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null)

export function AppPasswordDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm({ name: '', ends: '' }, { name: (value) => (value.trim() ? null : s.rules.required) })
  const make = useMutation({
    mutationFn: () => take(client.POST('/api/account/app-passwords', { body: { name: form.values.name.trim(), expiresAt: expiry(form.values.ends) } })),
    onSuccess: () => void queries.invalidateQueries({ queryKey: appPasswordsQuery.queryKey }),
    // The password is nowhere once this dialog is gone.
    gcTime: 0,
  })
  if (make.data) return <Made made={make.data} onClose={onClose} />
  const problem = make.error ? toApiError(make.error) : null
  return (
    <FormDialog title={sftp.addPasswordTitle} verb={sftp.addPassword} busy={make.isPending} error={problem && problem.fields.length === 0 ? problem : null} onSubmit={() => form.send() && make.mutate()} onClose={onClose}>
      <Field label={s.common.name} help={sftp.passwordNameHelp} error={form.error('name', problem)} required>
        <Input {...form.control('name')} autoFocus maxLength={60} autoComplete="off" />
      </Field>
      <Field label={sftp.ends} error={problem?.field('expiresAt')}>
        <Select {...form.control('ends')}>
          <option value="">{sftp.never}</option>
          {DAYS.map((days) => <option key={days} value={days}>{sftp.days(days)}</option>)}
        </Select>
      </Field>
    </FormDialog>
  )
}

/** What has the focus first is the button that copies: pressing Enter once more loses nothing. */
const Made = ({ made, onClose }: { made: AppPasswordCreated; onClose: () => void }) => (
  <Dialog open held onClose={onClose} title={sftp.madeTitle(made.appPassword.name)} description={sftp.madeHelp}>
    <DialogBody>
      <div className="flex items-center gap-1 rounded-md border border-line bg-terminal py-1 pr-1 pl-3">
        <output aria-label={sftp.secret} className="min-w-0 flex-1 py-1 font-mono text-sm wrap-anywhere select-all">{made.password}</output>
        <CopyTextButton text={made.password}>{s.copy.copy}</CopyTextButton>
      </div>
    </DialogBody>
    <DialogFooter>
      <Button variant="primary" onClick={onClose}>{sftp.done}</Button>
    </DialogFooter>
  </Dialog>
)
