/** What a server may use, as six numbers. They are kept as text while they are typed. */
import type { Limits } from '~/api/types'
import { cores, mebibytes } from '~/lib/format'
import { wholeProblem } from '~/lib/whole'
import { s } from '~/strings'
import { Field, Input } from '~/ui/field'

export type LimitsText = Record<keyof Limits, string>

const FIELDS: { key: keyof Limits; label: string; unit: string; say: (value: number) => string }[] = [
  { key: 'memoryMib', label: s.create.memory, unit: s.create.mib, say: mebibytes },
  { key: 'cpuPercent', label: s.create.cpu, unit: s.create.percentOfCore, say: cores },
  { key: 'diskMib', label: s.create.disk, unit: s.create.mib, say: mebibytes },
  { key: 'swapMib', label: s.create.swap, unit: s.create.mib, say: mebibytes },
  { key: 'pids', label: s.create.pids, unit: '', say: String },
  { key: 'backups', label: s.create.backups, unit: '', say: String },
]

export const limitsText = (limits: Limits): LimitsText => ({
  memoryMib: String(limits.memoryMib), swapMib: String(limits.swapMib), cpuPercent: String(limits.cpuPercent), diskMib: String(limits.diskMib), pids: String(limits.pids), backups: String(limits.backups),
})
export const limitsOf = (text: LimitsText): Limits => ({
  memoryMib: Number(text.memoryMib), swapMib: Number(text.swapMib), cpuPercent: Number(text.cpuPercent), diskMib: Number(text.diskMib), pids: Number(text.pids), backups: Number(text.backups),
})

/** Zero is no limit, but for swap and backups, where it is none. */
const NEVER_UNLIMITED: readonly (keyof Limits)[] = ['swapMib', 'backups']
/** Without a unit there is nothing to say of a number. */
const COUNTS: readonly (keyof Limits)[] = ['pids', 'backups']
/** Whatever a server is given, it has no more. */
const MOST_BACKUPS = 100

export function limitProblem(key: keyof Limits, text: string, least: Limits | null): string | null {
  const wrong = wholeProblem(text, 9)
  if (wrong) return wrong
  const value = Number(text)
  if (key === 'backups' && value > MOST_BACKUPS) return s.create.most(String(MOST_BACKUPS))
  const floor = least?.[key] ?? 0
  return value !== 0 && value < floor ? s.create.least(FIELDS.find((field) => field.key === key)?.say(floor) ?? String(floor)) : null
}

export const limitsValid = (text: LimitsText, least: Limits | null): boolean => FIELDS.every(({ key }) => limitProblem(key, text[key], least) === null)

type LimitsFieldsProps = { value: LimitsText; least: Limits | null; onChange: (value: LimitsText) => void; problem?: (key: string) => string | null }

export const LimitsFields = ({ value, least, onChange, problem }: LimitsFieldsProps) => (
  <div className="grid grid-cols-2 gap-4 lg:grid-cols-3">
    {FIELDS.map(({ key, label, unit, say }) => {
      const error = limitProblem(key, value[key], least) ?? problem?.(`limits.${key}`) ?? null
      const number = Number(value[key])
      const meaning = error ? undefined : number === 0 ? (NEVER_UNLIMITED.includes(key) ? s.common.none : s.common.unlimited) : COUNTS.includes(key) ? undefined : say(number)
      return (
        <Field key={key} label={label} note={unit} error={error} help={meaning}>
          <Input inputMode="numeric" autoComplete="off" className="tabular" value={value[key]} onChange={(event) => onChange({ ...value, [key]: event.target.value })} />
        </Field>
      )
    })}
  </div>
)
