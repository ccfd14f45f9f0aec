/** The game's own settings, by group. Only what changed is sent. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, variablesQuery } from '~/api/queries'
import type { ServerView, VariableView, VariablesView } from '~/api/types'
import { others } from '~/lib/catalog'
import { byGroup, variableProblem } from '~/lib/validate'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { VariableField } from './variable-field'

const shown = (view: VariableView): string => view.value ?? (view.variable.kind.type === 'secret' ? '' : (view.variable.defaultValue ?? ''))

export function ServerVariables({ server, view }: { server: ServerView; view: VariablesView }) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Record<string, string>>({})
  /** Secrets whose stored value is to go. */
  const [cleared, setCleared] = useState<ReadonlySet<string>>(new Set())
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const valueOf = (item: VariableView) => draft[item.variable.key] ?? shown(item)
  const isSet = (item: VariableView) => item.isSet && !cleared.has(item.variable.key)
  const changed = view.items.filter((item) => item.editable && (valueOf(item) !== shown(item) || cleared.has(item.variable.key)))
  const wrong = view.items.filter((item) => item.editable && variableProblem(item.variable, valueOf(item), isSet(item)) !== null)

  const save = useMutation({
    mutationFn: () => {
      const values = Object.fromEntries(changed.map((item) => [item.variable.key, valueOf(item) === '' ? null : valueOf(item)]))
      return take(client.PATCH('/api/servers/{id}/variables', { params: { path: { id: server.id } }, body: { values } }))
    },
    onSuccess: (next) => {
      queries.setQueryData(variablesQuery(server.id).queryKey, next)
      void queries.invalidateQueries({ queryKey: keys.server(server.id), exact: true })
      setDraft({})
      setCleared(new Set())
      setLeft(new Set())
      toast({ title: next.needsReinstall ? s.settings.savedReinstall : next.items.some((item) => item.needsRestart && changed.some(({ variable }) => variable.key === item.variable.key)) ? s.settings.savedRestart : s.settings.saved })
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const error = (item: VariableView) => {
    const { key } = item.variable
    const mine = left.has(key) || draft[key] !== undefined ? variableProblem(item.variable, valueOf(item), isSet(item)) : null
    return mine ?? problem?.field(`variables.${key}`) ?? null
  }
  const typed = Object.fromEntries(changed.map((item) => [item.variable.key, valueOf(item)]))
  const source = (own: string) => {
    const variables = others(typed, own)
    return {
      key: [server.id, server.blueprint.pluginVersion, variables],
      ask: async (name: string, signal: AbortSignal) => (await take(client.POST('/api/servers/{id}/choices/{name}', { params: { path: { id: server.id, name } }, body: { variables }, signal }))).items,
    }
  }
  const reason = wrong.length > 0 ? s.common.fixFirst : changed.length === 0 ? s.common.nothingChanged : null

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!reason) save.mutate()
      }}
      className="flex flex-col gap-4"
    >
      {view.needsReinstall && <Notice tone="warn" title={s.settings.pendingReinstall} icon={<RotateCw aria-hidden />} />}
      {problem && <ProblemCard error={problem} />}
      {byGroup(view.items.map((item) => ({ group: item.variable.group, item }))).map(({ group, items }) => (
        <Card key={group} title={group || s.settings.variables}>
          <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
            {items.map(({ item }) => (
              <VariableField
                key={item.variable.key}
                variable={item.variable}
                catalog={source(item.variable.key)}
                value={valueOf(item)}
                isSet={isSet(item)}
                error={error(item)}
                disabledReason={item.editable ? null : item.reason}
                {...(item.variable.kind.type === 'secret' && isSet(item) && item.editable && !item.variable.required && { onClear: () => setCleared((all) => new Set([...all, item.variable.key])) })}
                note={draft[item.variable.key] !== undefined && valueOf(item) !== shown(item) ? (item.variable.needsReinstall ? s.settings.needsReinstall : item.variable.needsRestart ? s.settings.needsRestart : null) : item.needsRestart ? s.settings.waitingHere : null}
                onChange={(value) => setDraft((all) => ({ ...all, [item.variable.key]: value }))}
                onLeave={() => setLeft((all) => new Set([...all, item.variable.key]))}
              />
            ))}
          </div>
        </Card>
      ))}
      <div>
        <Button type="submit" variant="primary" busy={save.isPending} disabledReason={reason}>{s.settings.save}</Button>
      </div>
    </form>
  )
}
