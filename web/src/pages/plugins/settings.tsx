/** What an administrator sets for a plugin as a whole. Only what changed is sent. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { pluginSettingsQuery } from '~/api/plugin-queries'
import type { PluginView, Schemas, VariableView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { VariableField } from '~/forms/variable-field'
import { variableProblem } from '~/lib/validate'
import { s } from '~/strings'
import { hooks as h } from '~/strings/hooks'
import { Dialog, DialogBody } from '~/ui/dialog'
import { Skeleton } from '~/ui/empty'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

type SettingsDialogProps = { plugin: PluginView; onClose: () => void }

const shown = (item: VariableView): string => item.value ?? ''

export function SettingsDialog({ plugin, onClose }: SettingsDialogProps) {
  const { data, error, refetch } = useQuery(pluginSettingsQuery(plugin.id))
  if (data && data.items.length > 0) return <SettingsForm plugin={plugin} view={data} onClose={onClose} />
  return (
    <Dialog open onClose={onClose} title={h.settingsTitle(plugin.name)} description={h.settingsHelp}>
      <DialogBody>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} /> : !data ? <Skeleton className="h-40" /> : <p className="text-sm text-dim">{h.noSettings}</p>}
      </DialogBody>
    </Dialog>
  )
}

function SettingsForm({ plugin, view, onClose }: SettingsDialogProps & { view: Schemas['PluginSettingsView'] }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Record<string, string>>({})
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const valueOf = (item: VariableView) => draft[item.variable.key] ?? shown(item)
  const wrongIn = (item: VariableView) => variableProblem(item.variable, valueOf(item), item.isSet)
  const changed = view.items.filter((item) => valueOf(item) !== shown(item))
  const save = useMutation({
    mutationFn: () => {
      const values = Object.fromEntries(changed.map((item) => [item.variable.key, valueOf(item) === '' ? null : valueOf(item)]))
      return take(client.PATCH('/api/plugins/{id}/settings', { params: { path: { id: plugin.id } }, body: { values } }))
    },
    onSuccess: (next) => {
      queries.setQueryData(pluginSettingsQuery(plugin.id).queryKey, next)
      toast({ title: h.saved(plugin.name) })
      onClose()
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const error = (item: VariableView) => {
    const { key } = item.variable
    const mine = left.has(key) || draft[key] !== undefined ? wrongIn(item) : null
    return mine ?? problem?.field(`values.${key}`) ?? null
  }
  const reason = changed.some((item) => wrongIn(item) !== null) ? s.common.fixFirst : changed.length === 0 ? s.common.nothingChanged : null
  return (
    <FormDialog title={h.settingsTitle(plugin.name)} description={h.settingsHelp} verb={h.save} busy={save.isPending} error={save.error} disabledReason={reason} onSubmit={() => save.mutate()} onClose={onClose}>
      {view.missing.length > 0 && <Notice tone="warn" title={h.missing(view.missing)} icon={<TriangleAlert aria-hidden />} />}
      {view.items.map((item) => (
        <VariableField
          key={item.variable.key}
          variable={item.variable}
          value={valueOf(item)}
          isSet={item.isSet}
          error={error(item)}
          onChange={(value) => setDraft((all) => ({ ...all, [item.variable.key]: value }))}
          onLeave={() => setLeft((all) => new Set([...all, item.variable.key]))}
        />
      ))}
    </FormDialog>
  )
}
