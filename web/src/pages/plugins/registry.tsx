/** Installing from a registry, and the policy by which plugins come in. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { trustQuery } from '~/api/plugin-queries'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import { FormDialog } from '~/forms/form-dialog'
import { plugins as p } from '~/strings/plugins'
import { Skeleton } from '~/ui/empty'
import { Field, Input, Textarea } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

export function PullDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [reference, setReference] = useState('')
  const pull = useMutation({
    mutationFn: () => take(client.POST('/api/plugins/install', { body: { reference: reference.trim() } })),
    onSuccess: (plugin) => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: plugin.waiting ? p.waits(plugin.name, plugin.waiting.version) : p.installed(plugin.name) })
      onClose()
    },
  })
  const wrong = pull.error ? toApiError(pull.error).fields.find((field) => field.key === 'reference') : undefined
  return (
    <FormDialog title={p.pullTitle} description={p.pullHelp} verb={p.install} busy={pull.isPending} error={wrong ? null : pull.error} disabledReason={reference.trim() === '' ? p.referenceNeeded : null} onSubmit={() => pull.mutate()} onClose={onClose}>
      <Field label={p.reference} help={p.referenceHelp} error={wrong && [wrong.message, wrong.remedy].filter(Boolean).join(' ')}>
        <Input value={reference} onChange={(event) => setReference(event.target.value)} autoComplete="off" spellCheck={false} className="font-mono" />
      </Field>
    </FormDialog>
  )
}

export function TrustDialog({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useQuery(trustQuery)
  if (data) return <TrustForm rules={data.rules} onClose={onClose} />
  return (
    <FormDialog size="lg" title={p.trustTitle} verb={p.saveTrust} busy={false} error={null} disabledReason={p.trustTitle} onSubmit={() => undefined} onClose={onClose}>
      {error ? <ProblemCard error={error} onRetry={refetch} /> : <Skeleton className="h-60" />}
    </FormDialog>
  )
}

function TrustForm({ rules, onClose }: { rules: unknown; onClose: () => void }) {
  const queries = useQueryClient()
  const [text, setText] = useState(() => JSON.stringify(rules, null, 2))
  const [broken, setBroken] = useState<string | null>(null)
  const save = useMutation({
    mutationFn: (wanted: Record<string, never>) => take(client.PUT('/api/trust', { body: { rules: wanted } })),
    onSuccess: (kept) => {
      queries.setQueryData(trustQuery.queryKey, kept)
      toast({ title: p.trustSaved })
      onClose()
    },
  })
  const wrong = save.error ? toApiError(save.error).fields.find((field) => field.key === 'rules') : undefined
  const submit = () => {
    try {
      const wanted: unknown = JSON.parse(text)
      setBroken(null)
      save.mutate(wanted as Record<string, never>)
    } catch (error) {
      setBroken(p.noJson(error instanceof Error ? error.message : ''))
    }
  }
  return (
    <FormDialog size="lg" title={p.trustTitle} description={p.trustHelp} verb={p.saveTrust} busy={save.isPending} error={wrong ? null : save.error} onSubmit={submit} onClose={onClose}>
      <Field label={p.rules} help={p.rulesHelp} error={broken ?? (wrong && [wrong.message, wrong.remedy].filter(Boolean).join(' '))}>
        <Textarea value={text} onChange={(event) => setText(event.target.value)} rows={16} spellCheck={false} className="font-mono text-xs" />
      </Field>
    </FormDialog>
  )
}
