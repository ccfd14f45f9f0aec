/** Installing from a registry, under the trust policy. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import { FormDialog } from '~/forms/form-dialog'
import { PolicyLink } from '~/forms/plugin-upload'
import { plugins as p } from '~/strings/plugins'
import { Button } from '~/ui/button'
import { Field, Input } from '~/ui/field'
import { toast } from '~/ui/toast'

export function PullDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [reference, setReference] = useState('')
  const pull = useMutation({
    mutationFn: (replace: boolean) => take(client.POST('/api/plugins/install', { body: { reference: reference.trim(), replace } })),
    onSuccess: (plugin) => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: plugin.waiting ? p.waits(plugin.name, plugin.waiting.version) : p.installed(plugin.name) })
      onClose()
    },
  })
  const wrong = pull.error ? toApiError(pull.error).fields.find((field) => field.key === 'reference') : undefined
  // What is no update of what is there has to be meant.
  const isTaken = pull.error !== null && toApiError(pull.error).code === 'conflict'
  const isOfTrust = pull.error !== null && ['plugin_untrusted', 'registry_failed'].includes(toApiError(pull.error).code)
  return (
    <FormDialog title={p.pullTitle} description={p.pullHelp} verb={p.install} busy={pull.isPending} error={wrong ? null : pull.error} errorAction={isTaken ? <Button size="sm" variant="dangerGhost" onClick={() => pull.mutate(true)}>{p.replace}</Button> : isOfTrust && <PolicyLink />} disabledReason={reference.trim() === '' ? p.referenceNeeded : null} onSubmit={() => pull.mutate(false)} onClose={onClose}>
      <Field label={p.reference} help={p.referenceHelp} error={wrong && [wrong.message, wrong.remedy].filter(Boolean).join(' ')}>
        <Input value={reference} onChange={(event) => setReference(event.target.value)} autoComplete="off" spellCheck={false} className="font-mono" />
      </Field>
    </FormDialog>
  )
}
