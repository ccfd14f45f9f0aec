/** Adds a public key. A private one is recognised here, so that it does not leave the computer. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { sshKeysQuery } from '~/api/queries'
import { useForm } from '~/lib/form'
import { isPrivateKey, proposedName } from '~/lib/sftp'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { Field, Input, Textarea } from '~/ui/field'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

export function SshKeyDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm({ publicKey: '', name: '' }, {
    publicKey: (value) => (isPrivateKey(value) ? sftp.privateKey : value.trim() ? null : s.rules.required),
    name: (value) => (value.trim() ? null : s.rules.required),
  })
  const { publicKey, name } = form.values
  const add = useMutation({
    mutationFn: () => take(client.POST('/api/account/ssh-keys', { body: { publicKey: publicKey.trim(), name: name.trim() } })),
    onSuccess: (key) => {
      void queries.invalidateQueries({ queryKey: sshKeysQuery.queryKey })
      toast({ title: sftp.keyAdded, detail: key.name })
      onClose()
    },
  })
  const problem = add.error ? toApiError(add.error) : null
  const paste = (line: string) => {
    form.set('publicKey', line)
    form.set('name', proposedName(name, publicKey, line))
  }
  return (
    <FormDialog title={sftp.addKeyTitle} verb={sftp.addKey} busy={add.isPending} error={problem && problem.fields.length === 0 ? problem : null} onSubmit={() => form.send() && add.mutate()} onClose={onClose}>
      <Field label={sftp.publicKey} help={sftp.publicKeyHelp} error={isPrivateKey(publicKey) ? sftp.privateKey : form.error('publicKey', problem)} required>
        <Textarea {...form.control('publicKey')} onChange={(event) => paste(event.target.value)} autoFocus autoComplete="off" spellCheck={false} rows={5} placeholder="ssh-ed25519 AAAA…" className="font-mono break-all" />
      </Field>
      <Field label={s.common.name} help={sftp.nameHelp} error={form.error('name', problem)} required>
        <Input {...form.control('name')} maxLength={60} autoComplete="off" />
      </Field>
    </FormDialog>
  )
}
