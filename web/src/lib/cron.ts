/**
 * Times that a person picks, as the cron expression that the API takes, and back. Only expressions that the picker itself would write
 * are read back into it, and those that mean the same in other words; any other stays the expression that it is. What an expression
 * means in the end, and whether it is one, is the control plane's to say.
 */
import { schedules } from '~/strings/schedules'

const w = schedules.when

export const WHEN_KINDS = ['minutes', 'hours', 'daily', 'weekly', 'monthly', 'custom'] as const
export type WhenKind = (typeof WHEN_KINDS)[number]

/** All that the picker holds: another kind takes nothing of it away. */
export type When = {
  kind: WhenKind
  /** Every so many minutes. */
  minutes: number
  /** Every so many hours, so many minutes past. */
  hours: number
  past: number
  /** `HH:MM`. */
  time: string
  /** Sunday is 0. */
  days: readonly number[]
  /** Of the month; `L` is the last. */
  day: string
  cron: string
}

/** What divides an hour, or a day: of anything else the last gap would be shorter than the others. */
export const EVERY_MINUTES: readonly number[] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30]
export const EVERY_HOURS: readonly number[] = [1, 2, 3, 4, 6, 8, 12]
/** In the order of a week that begins on Monday. */
export const WEEK: readonly number[] = [1, 2, 3, 4, 5, 6, 0]
export const LAST_DAY = 'L'

const USUAL: When = { kind: 'daily', minutes: 15, hours: 1, past: 0, time: '04:00', days: [1], day: '1', cron: '' }
const NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const NICKNAMES: Record<string, string> = { '@hourly': '0 * * * *', '@daily': '0 0 * * *', '@midnight': '0 0 * * *', '@weekly': '0 0 * * 0', '@monthly': '0 0 1 * *' }

const two = (n: number) => String(n).padStart(2, '0')
const within = (text: string | undefined, most: number): number | null => (text !== undefined && /^\d{1,2}$/.test(text) && Number(text) <= most ? Number(text) : null)
const clockOf = (time: string): [hour: number, minute: number] | null => {
  const [hour, minute] = time.split(':')
  const [h, m] = [within(hour, 23), within(minute, 59)]
  return h === null || m === null ? null : [h, m]
}

/** `1-5`, `MON,WED`, `6,7`: Sunday is 0 and 7. */
function weekdays(field: string): number[] | null {
  const one = (text: string): number | null => (NAMES.includes(text.toUpperCase()) ? NAMES.indexOf(text.toUpperCase()) : within(text, 7))
  const days = new Set<number>()
  for (const part of field.split(',')) {
    const [from, to, more] = part.split('-').map(one)
    if (from === undefined || from === null || to === null || more !== undefined || (to ?? from) < from) return null
    for (let day = from; day <= (to ?? from); day += 1) days.add(day % 7)
  }
  return WEEK.filter((day) => days.has(day))
}

/** A star over n, or a star alone, which is every single one. */
const stepOf = (field: string, choices: readonly number[]): number | null => {
  const n = field === '*' ? 1 : Number(/^\*\/(\d+)$/.exec(field)?.[1])
  return choices.includes(n) ? n : null
}

/** The part of the picker that says the same as an expression; null where none does. */
function picked(expression: string): Partial<When> | null {
  const fields = (NICKNAMES[expression.trim().toLowerCase()] ?? expression).trim().split(/\s+/)
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields
  if (fields.length !== 5 || month !== '*') return null
  const [m, h] = [within(minute, 59), within(hour, 23)]
  const time = m === null || h === null ? null : `${two(h)}:${two(m)}`
  if (day === '*' && weekday === '*') {
    const [minutes, hours] = [stepOf(minute, EVERY_MINUTES), stepOf(hour, EVERY_HOURS)]
    if (minutes !== null && hour === '*') return { kind: 'minutes', minutes }
    if (m !== null && hours !== null) return { kind: 'hours', hours, past: m }
    return time ? { kind: 'daily', time } : null
  }
  if (!time) return null
  if (day === '*') {
    const days = weekdays(weekday)
    return days ? { kind: 'weekly', days, time } : null
  }
  const n = within(day, 31)
  return weekday === '*' && (day.toUpperCase() === LAST_DAY || (n ?? 0) > 0) ? { kind: 'monthly', day: n === null ? LAST_DAY : String(n), time } : null
}

/** What the picker begins with. */
export const whenOf = (cron: string): When => ({ ...USUAL, cron, ...(picked(cron) ?? { kind: 'custom' }) })

/** The expression; empty where the picker does not say enough yet. */
export function cronOf(when: When): string {
  const clock = clockOf(when.time)
  const at = clock ? `${String(clock[1])} ${String(clock[0])}` : null
  switch (when.kind) {
    case 'minutes':
      return when.minutes === 1 ? '* * * * *' : `*/${String(when.minutes)} * * * *`
    case 'hours':
      return `${String(when.past)} ${when.hours === 1 ? '*' : `*/${String(when.hours)}`} * * *`
    case 'daily':
      return at ? `${at} * * *` : ''
    case 'weekly':
      return at && when.days.length > 0 ? `${at} * * ${WEEK.filter((day) => when.days.includes(day)).join(',')}` : ''
    case 'monthly':
      return at ? `${at} ${when.day} * *` : ''
    case 'custom':
      return when.cron.trim()
  }
}

/** What the picker lacks, for people; null where it says a time. */
export function whenProblem(when: When): string | null {
  if (cronOf(when) !== '') return null
  return when.kind === 'custom' ? w.noCron : when.kind === 'weekly' && clockOf(when.time) ? w.noDay : w.noTime
}

/** The same in words; null for an expression of other kinds, which the control plane words. */
export function whenWords(when: When): string | null {
  switch (when.kind) {
    case 'minutes':
      return w.words.minutes(when.minutes)
    case 'hours':
      return w.words.hours(when.hours, when.past)
    case 'daily':
      return w.words.daily(when.time)
    case 'weekly':
      return w.words.weekly(WEEK.filter((day) => when.days.includes(day)), when.time)
    case 'monthly':
      return when.day === LAST_DAY ? w.words.lastDay(when.time) : w.words.monthly(when.day, when.time)
    case 'custom':
      return null
  }
}
