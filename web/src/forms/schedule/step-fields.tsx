/** What one step does, as fields by its kind. */
import { TriangleAlert } from 'lucide-react'
import type { OfferedActionsView, PowerAction, ServerView } from '~/api/types'
import { deedOf, POWER, type Deed, type StepDraft, type WaitUnit } from '~/lib/schedule-steps'
import { schedules as t } from '~/strings/schedules'
import { Field, Input, Select } from '~/ui/field'
import { VariableField } from '../variable-field'

const f = t.form

type StepFieldsProps = {
  server: ServerView
  offer: OfferedActionsView | undefined
  deed: StepDraft['deed']
  /** What the form says of a field of this step, if it says anything. */
  fault: (field: string) => string | null
  /** `field` is the one that was changed. */
  onChange: (deed: Deed, field: string) => void
  onLeave: (field: string) => void
}

export function StepFields({ server, offer, deed, fault, onChange, onLeave }: StepFieldsProps) {
  switch (deed.type) {
    case 'power':
      return (
        <Field label={f.powerField} className="sm:max-w-72" error={fault('action')}>
          <Select value={deed.action} onChange={({ target }) => onChange({ ...deed, action: target.value as PowerAction }, 'action')}>
            {POWER.map((action) => {
              const lacks = !server.permissions.includes(`power.${action}`)
              return <option key={action} value={action} disabled={lacks}>{lacks ? `${t.power[action]} – ${t.needs(`power.${action}`)}` : t.power[action]}</option>
            })}
          </Select>
        </Field>
      )
    case 'command':
      return (
        <Field label={f.commandField} help={f.commandHelp} required error={fault('command')}>
          <Input value={deed.command} onChange={({ target }) => onChange({ ...deed, command: target.value }, 'command')} onBlur={() => onLeave('command')} autoComplete="off" spellCheck={false} className="font-mono" />
        </Field>
      )
    case 'broadcast':
      return (
        <Field label={f.textField} required error={fault('text')}>
          <Input value={deed.text} onChange={({ target }) => onChange({ ...deed, text: target.value }, 'text')} onBlur={() => onLeave('text')} autoComplete="off" />
        </Field>
      )
    case 'action':
      return <ActionFields offer={offer} deed={deed} fault={fault} onChange={onChange} onLeave={onLeave} />
    case 'backup':
      return <p className="text-sm text-dim">{f.backupHelp}</p>
    case 'wait':
      return (
        <div className="grid max-w-72 grid-cols-2 gap-3">
          <Field label={f.forField} required error={fault('seconds')}>
            <Input inputMode="numeric" value={deed.amount} onChange={({ target }) => onChange({ ...deed, amount: target.value }, 'seconds')} onBlur={() => onLeave('seconds')} autoComplete="off" className="tabular" />
          </Field>
          <Field label={f.unit}>
            <Select value={deed.unit} onChange={({ target }) => onChange({ ...deed, unit: target.value as WaitUnit }, 'seconds')}>
              <option value="seconds">{f.units.seconds}</option>
              <option value="minutes">{f.units.minutes}</option>
            </Select>
          </Field>
        </div>
      )
  }
}

type ActionFieldsProps = Omit<StepFieldsProps, 'server' | 'deed'> & { deed: Extract<Deed, { type: 'action' }> }

function ActionFields({ offer, deed, fault, onChange, onLeave }: ActionFieldsProps) {
  const offered = offer?.items.find(({ action }) => action.id === deed.action)?.action
  const isGone = deed.action !== '' && offer !== undefined && !offered
  const choose = (id: string) => {
    const next = offer?.items.find(({ action }) => action.id === id)?.action
    if (next) onChange(deedOf(next), 'action')
  }
  return (
    <>
      <div className="grid gap-x-6 sm:grid-cols-2">
        <Field label={f.actionField} help={offered?.help || (offer ? undefined : f.actionsLoading)} required error={fault('action') ?? (isGone ? f.actionGone : null)}>
          <Select value={deed.action} onChange={({ target }) => choose(target.value)} onBlur={() => onLeave('action')}>
            {deed.action === '' && <option value="">{f.actionPick}</option>}
            {deed.action !== '' && !offered && <option value={deed.action}>{deed.title}</option>}
            {offer?.items.map(({ action }) => <option key={action.id} value={action.id}>{action.title}</option>)}
          </Select>
        </Field>
      </div>
      {offered && offered.form.length > 0 && (
        <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
          {offered.form.map((variable) => {
            const place = `form.${variable.key}`
            return (
              <VariableField
                key={variable.key}
                variable={variable}
                value={deed.form[variable.key] ?? ''}
                isSet={deed.secrets.includes(variable.key)}
                error={fault(place)}
                onChange={(value) => onChange({ ...deed, form: { ...deed.form, [variable.key]: value } }, place)}
                onLeave={() => onLeave(place)}
              />
            )
          })}
        </div>
      )}
      {offered?.confirm && <p className="flex items-start gap-2 text-xs text-warn"><TriangleAlert aria-hidden className="mt-px size-3.5 shrink-0" />{offered.confirm}</p>}
    </>
  )
}
