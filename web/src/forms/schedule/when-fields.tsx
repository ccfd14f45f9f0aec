/** When a schedule is due: picked rather than written, with what the control plane makes of it underneath. */
import { useQuery } from '@tanstack/react-query'
import { CircleAlert } from 'lucide-react'
import { useEffect, useId, useMemo, useState } from 'react'
import { toApiError } from '~/api/problem'
import { scheduleTimesQuery } from '~/api/schedule-queries'
import type { Availability } from '~/api/types'
import { cronOf, EVERY_HOURS, EVERY_MINUTES, LAST_DAY, WEEK, WHEN_KINDS, whenWords, type When } from '~/lib/cron'
import { inZone, ownZone, zones } from '~/lib/schedule-words'
import { schedules } from '~/strings/schedules'
import { Field, Input, Select } from '~/ui/field'
import { Until } from '~/ui/time'
import { CatalogField } from '../catalog-field'

const w = schedules.when

type WhenFieldsProps = {
  when: When
  timeZone: string
  availability: Availability
  /** What the form says of a place, if it says anything. */
  fault: (place: string) => string | null
  onWhen: (when: When) => void
  onTimeZone: (timeZone: string) => void
  onAvailability: (availability: Availability) => void
  onLeave: (place: string) => void
}

export function WhenFields({ when, timeZone, availability, fault, onWhen, onTimeZone, onAvailability, onLeave }: WhenFieldsProps) {
  const cron = cronOf(when)
  const asked = useSettled(`${cron}\n${timeZone}`)
  const [askedCron = '', askedZone = ''] = asked.split('\n')
  const times = useQuery(scheduleTimesQuery(askedCron, askedZone))
  const isCurrent = asked === `${cron}\n${timeZone}`
  const problem = times.error && isCurrent ? toApiError(times.error) : null
  const wrong = (place: 'cron' | 'timeZone') => fault(place) ?? problem?.field(place) ?? null
  const known = useMemo(() => zones(timeZone, ownZone()).map((value) => ({ value, label: value.replaceAll('_', ' ') })), [timeZone])
  return (
    <div className="grid gap-x-8 gap-y-5 md:grid-cols-[minmax(0,1fr)_minmax(0,17rem)]">
      <div className="flex min-w-0 flex-col gap-5">
        <Field label={w.repeats}>
          <Select value={when.kind} onChange={({ target }) => onWhen(turned(when, target.value as When['kind']))}>
            {WHEN_KINDS.map((kind) => <option key={kind} value={kind}>{w.kinds[kind]}</option>)}
          </Select>
        </Field>
        <Picker when={when} error={wrong('cron')} onChange={onWhen} onLeave={() => onLeave('cron')} />
        <Field label={w.zone} help={w.zoneHelp} required error={wrong('timeZone')}>
          <CatalogField label={w.zone} name="zones" field="timeZone" open={false} value={timeZone} source={{ key: [timeZone], ask: () => Promise.resolve(known) }} disabled={false} onChange={onTimeZone} onLeave={() => onLeave('timeZone')} />
        </Field>
        <Field label={w.states} help={availability === 'always' ? undefined : w.statesHelp}>
          <Select value={availability} onChange={({ target }) => onAvailability(target.value as Availability)}>
            {(['running', 'stopped', 'always'] as const).map((one) => <option key={one} value={one}>{schedules.availability[one]}</option>)}
          </Select>
        </Field>
      </div>
      <Preview when={when} times={times.data && !times.error && cron !== '' ? times.data : null} timeZone={askedZone} waits={times.isFetching || !isCurrent} failure={problem && problem.fields.length === 0 ? problem.detail || problem.title : null} />
    </div>
  )
}

/** Whoever goes over to writing begins with what was picked. */
const turned = (when: When, kind: When['kind']): When => ({ ...when, kind, ...(kind === 'custom' && { cron: cronOf(when) || when.cron }) })

const SETTLED_MS = 300
/** A value once nobody has changed it for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

type PickerProps = { when: When; error: string | null; onChange: (when: When) => void; onLeave: () => void }

function Picker({ when, error, onChange, onLeave }: PickerProps) {
  // The button inside of it takes the focus as well, and has no look of its own.
  const time = (error: string | null) => (
    <Field label={w.time} required error={error}>
      <Input type="time" value={when.time} onChange={({ target }) => onChange({ ...when, time: target.value })} onBlur={onLeave} className="tabular w-36 focus-within:border-accent focus-within:outline-1 focus-within:outline-offset-0 focus-within:outline-accent" />
    </Field>
  )
  switch (when.kind) {
    case 'minutes':
      return (
        <Field label={w.every} error={error}>
          <Select value={when.minutes} onChange={({ target }) => onChange({ ...when, minutes: Number(target.value) })}>
            {EVERY_MINUTES.map((n) => <option key={n} value={n}>{w.minutes(n)}</option>)}
          </Select>
        </Field>
      )
    case 'hours':
      return (
        <div className="grid grid-cols-2 gap-4">
          <Field label={w.every} error={error}>
            <Select value={when.hours} onChange={({ target }) => onChange({ ...when, hours: Number(target.value) })}>
              {EVERY_HOURS.map((n) => <option key={n} value={n}>{w.hours(n)}</option>)}
            </Select>
          </Field>
          <Field label={w.past}>
            <Select value={when.past} onChange={({ target }) => onChange({ ...when, past: Number(target.value) })}>
              {Array.from({ length: 60 }, (_, n) => <option key={n} value={n}>{`:${String(n).padStart(2, '0')}`}</option>)}
            </Select>
          </Field>
        </div>
      )
    case 'daily':
      return time(error)
    case 'weekly':
      return (
        <>
          <Days days={when.days} error={when.days.length === 0 ? error : null} onChange={(days) => onChange({ ...when, days })} />
          {time(when.days.length === 0 ? null : error)}
        </>
      )
    case 'monthly':
      return (
        <div className="grid grid-cols-2 gap-4">
          <Field label={w.day} help={Number(when.day) > 28 ? w.shortMonth(Number(when.day)) : undefined}>
            <Select value={when.day} onChange={({ target }) => onChange({ ...when, day: target.value })}>
              {Array.from({ length: 31 }, (_, i) => String(i + 1)).map((day) => <option key={day} value={day}>{w.dayOption(day)}</option>)}
              <option value={LAST_DAY}>{w.lastDay}</option>
            </Select>
          </Field>
          {time(error)}
        </div>
      )
    case 'custom':
      return (
        <Field label={w.cron} help={w.cronHelp} required error={error}>
          <Input value={when.cron} onChange={({ target }) => onChange({ ...when, cron: target.value })} onBlur={onLeave} autoComplete="off" spellCheck={false} className="font-mono" />
        </Field>
      )
  }
}

function Days({ days, error, onChange }: { days: readonly number[]; error: string | null; onChange: (days: readonly number[]) => void }) {
  const id = useId()
  return (
    <fieldset aria-describedby={error ? id : undefined} data-wrong={error ? '' : undefined} className="flex min-w-0 flex-col gap-1.5">
      <legend className="mb-1.5 text-sm font-medium">{w.days}</legend>
      <div className="flex flex-wrap gap-1.5">
        {WEEK.map((day) => (
          <label key={day} className="flex h-8 cursor-pointer items-center rounded-md px-2.5 text-sm text-dim ring-1 ring-line-strong ring-inset hover:bg-hover has-checked:bg-accent/10 has-checked:font-medium has-checked:text-text has-checked:ring-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:h-10 pointer-coarse:px-3">
            <input type="checkbox" aria-label={w.weekdays[day]} className="sr-only" checked={days.includes(day)} onChange={({ target }) => onChange(target.checked ? [...days, day] : days.filter((one) => one !== day))} />
            {w.shortWeekdays[day]}
          </label>
        ))}
      </div>
      {error && <p id={id} className="flex items-start gap-1.5 text-xs text-bad"><CircleAlert aria-hidden className="mt-px size-3.5 shrink-0" />{error}</p>}
    </fieldset>
  )
}

/** An expression that is written by hand is read by the control plane. */
const words = (when: When, description: string) => whenWords(when) ?? description.replace(/\.$/, '')

/** In the schedule's own zone, which is what was picked, and in the reader's where that says another time. */
function Preview({ when, times, timeZone, waits, failure }: { when: When; times: { description: string; next: string[] } | null; timeZone: string; waits: boolean; failure: string | null }) {
  return (
    <section aria-label={w.preview} className="min-h-44 self-start rounded-md bg-sunken px-4 py-3 ring-1 ring-line ring-inset">
      <h3 className="text-xs font-normal text-dim">{w.preview}</h3>
      <p role="status" className="mt-1 text-sm font-medium">{times ? words(when, times.description) : <span className="font-normal text-dim">{failure ?? (waits ? w.asking : w.previewWaits)}</span>}</p>
      {times && (
        <ol className={waits ? 'mt-2 flex flex-col gap-1.5 opacity-60' : 'mt-2 flex flex-col gap-1.5'}>
          {times.next.map((at) => {
            const [there, here] = [inZone(at, timeZone), inZone(at, undefined)]
            return (
              <li key={at} className="tabular flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
                <span>{there}</span>
                <Until at={at} className="text-xs text-dim" />
                {here !== there && <span className="basis-full text-xs text-dim">{w.here(here)}</span>}
              </li>
            )
          })}
          {times.next.length === 0 && <li className="text-sm text-dim">{w.never}</li>}
        </ol>
      )}
    </section>
  )
}
