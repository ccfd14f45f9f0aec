/** One variable of a blueprint as a control, drawn from its rules. */
import type { ReactNode } from 'react'
import type { Variable } from '~/api/types'
import { s } from '~/strings'
import { About } from '~/ui/about'
import { Field, Input, Select, Switch, Textarea } from '~/ui/field'
import { CatalogField, type CatalogSource } from './catalog-field'

type VariableFieldProps = {
  variable: Variable
  value: string
  error: string | null
  onChange: (value: string) => void
  onLeave: () => void
  /** Why it cannot be changed here. */
  disabledReason?: string | null | undefined
  /** A secret that has a value, which is never shown. */
  isSet?: boolean
  note?: ReactNode
  /** Takes a stored secret away. */
  onClear?: () => void
  /** Where lists come from that the plugin looks up; without, what would be chosen is typed. */
  catalog?: CatalogSource | undefined
}

function rangeOf(variable: Variable): string | null {
  if (variable.kind.type !== 'number') return null
  const { minimum, maximum, unit } = variable.kind
  return `${String(minimum)}–${String(maximum)}${unit ? ` ${unit}` : ''}`
}

/** A switch is on or off, and a list offers “none” where there may be none. */
const saysItself = ({ kind }: Variable) => kind.type === 'boolean' || kind.type === 'one_of'

export function VariableField({ variable, value, error, onChange, onLeave, disabledReason, isSet = false, note, onClear, catalog }: VariableFieldProps) {
  const secret = variable.kind.type === 'secret'
  const help = [secret && isSet ? s.settings.secretSet : variable.help, disabledReason].filter(Boolean).join(' ')
  const notes = [rangeOf(variable), variable.required || saysItself(variable) ? null : s.common.optional, note, onClear && <button key="clear" type="button" onClick={onClear} className="rounded-sm text-accent hover:underline"><About words={s.settings.secretClear} of={variable.label} /></button>].filter(Boolean)
  return (
    <Field
      label={variable.label}
      help={help || undefined}
      error={error}
      required={variable.required}
      note={notes.length > 0 ? notes.map((one, i) => <span key={i}>{i > 0 && ' · '}{one}</span>) : undefined}
      className={variable.kind.type === 'multiline' ? 'sm:col-span-2' : undefined}
    >
      <Control variable={variable} value={value} onChange={onChange} onLeave={onLeave} disabled={Boolean(disabledReason)} isSet={isSet} catalog={catalog} />
    </Field>
  )
}

type ControlProps = { variable: Variable; value: string; onChange: (value: string) => void; onLeave: () => void; disabled: boolean; isSet: boolean; catalog: CatalogSource | undefined }

function Control({ variable, value, onChange, onLeave, disabled, isSet, catalog }: ControlProps) {
  const { kind } = variable
  const shared = { value, onBlur: onLeave, disabled, onChange: (event: { target: { value: string } }) => onChange(event.target.value), name: variable.key }
  switch (kind.type) {
    case 'from_catalog':
      if (catalog) return <CatalogField label={variable.label} name={kind.name} field={variable.key} open={kind.open} value={value} source={catalog} disabled={disabled} onChange={onChange} onLeave={onLeave} />
      return <Input {...shared} autoComplete="off" spellCheck={false} />
    case 'text':
      return <Input {...shared} autoComplete="off" spellCheck={false} />
    case 'secret':
      return <Input {...shared} type="password" autoComplete="new-password" placeholder={isSet ? '••••••••' : undefined} />
    case 'multiline':
      return <Textarea {...shared} rows={4} spellCheck={false} />
    case 'number':
      return <Input {...shared} inputMode={kind.step > 0 && Number.isInteger(kind.step) && Number.isInteger(kind.minimum) ? 'numeric' : 'decimal'} autoComplete="off" className="tabular" />
    case 'boolean':
      return <Switch checked={value === 'true'} disabled={disabled} onChange={(checked) => { onChange(String(checked)); onLeave() }} />
    case 'one_of':
      return (
        <Select {...shared}>
          {!variable.required && <option value="">{s.common.none}</option>}
          {kind.choices.map((choice) => (
            <option key={choice.value} value={choice.value} title={choice.help ?? undefined}>{choice.label}</option>
          ))}
        </Select>
      )
  }
}
