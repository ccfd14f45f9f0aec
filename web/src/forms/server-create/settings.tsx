/** The server's name and the game's own settings. */
import { CircleAlert, LoaderCircle } from 'lucide-react'
import { client, take } from '~/api/client'
import { others } from '~/lib/catalog'
import { byGroup } from '~/lib/validate'
import { s } from '~/strings'
import { GameIcon } from '~/ui/avatar'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Field, Input, Textarea } from '~/ui/field'
import { Notice } from '~/ui/problem'
import { VariableField } from '../variable-field'
import { inputOf, type StepProps } from './draft'

export function SettingsStep({ draft, chosen, error, onChange, onLeave, onChangeBlueprint, checking }: StepProps & { onChangeBlueprint: () => void; checking: boolean }) {
  const { blueprint, plugin } = chosen
  const whole = error('')
  const source = (own: string) => {
    const variables = others(inputOf(draft, chosen).variables ?? {}, own)
    return {
      key: [chosen.id, plugin.version, variables],
      ask: async (name: string, signal: AbortSignal) => (await take(client.POST('/api/blueprints/{id}/choices/{name}', { params: { path: { id: chosen.id, name } }, body: { variables }, signal }))).items,
    }
  }
  return (
    <div className="flex flex-col gap-5">
      <div className="flex items-center gap-4 rounded-lg border border-line bg-surface p-4">
        <GameIcon svg={blueprint.icon} name={blueprint.name} className="size-10" />
        <div className="min-w-0 flex-1">
          <h2 className="text-base">{blueprint.name}</h2>
          <p className="truncate text-sm text-dim">{s.create.from(plugin.name, plugin.version)}</p>
        </div>
        <Button size="sm" onClick={onChangeBlueprint}>{s.create.change}</Button>
      </div>
      {whole && <Notice tone="bad" title={whole} icon={<CircleAlert aria-hidden />} />}
      <Card>
        <div className="grid gap-5 sm:grid-cols-2">
          <Field label={s.create.name} help={s.create.nameHelp} error={error('name')} required>
            <Input value={draft.name} onChange={(event) => onChange({ name: event.target.value })} onBlur={() => onLeave('name')} autoComplete="off" />
          </Field>
          <Field label={s.common.description} note={s.common.optional} error={error('description')}>
            <Textarea value={draft.description} onChange={(event) => onChange({ description: event.target.value })} placeholder={s.create.descriptionPlaceholder} className="min-h-8" rows={2} />
          </Field>
        </div>
      </Card>
      {byGroup(blueprint.variables).map(({ group, items }) => (
        <Card key={group} title={group || s.create.settingsFor(blueprint.name)}>
          <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
            {items.map((variable) => (
              <VariableField
                key={variable.key}
                variable={variable}
                catalog={source(variable.key)}
                value={draft.variables[variable.key] ?? ''}
                error={error(`variables.${variable.key}`)}
                onChange={(value) => {
                  onChange({ variables: { ...draft.variables, [variable.key]: value } })
                  onLeave(`variables.${variable.key}`)
                }}
                onLeave={() => onLeave(`variables.${variable.key}`)}
              />
            ))}
          </div>
        </Card>
      ))}
      <p role="status" className="flex h-5 items-center gap-2 text-xs text-dim">
        {checking && <><LoaderCircle aria-hidden className="size-3.5 animate-spin-slow" />{s.create.checking}</>}
      </p>
    </div>
  )
}
