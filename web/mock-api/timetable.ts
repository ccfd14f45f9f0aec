/** When a cron expression is due, roughly: the clock of a zone is taken to be as far from UTC all year as it is today. */
const NAMES = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const LONG = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const RANGES = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 7]] as const
const MINUTE = 60_000
const DAY = 1_440 * MINUTE

const numberOf = (text: string) => (NAMES.includes(text.toUpperCase()) ? NAMES.indexOf(text.toUpperCase()) : /^\d+$/.test(text) ? Number(text) : NaN)

/** The values of a field; null where it has one that there is not. */
function valuesOf(field: string, [least, most]: readonly [number, number]): number[] | null {
  const values = field.split(',').flatMap((part) => {
    const [span = '', step = '1'] = part.split('/')
    const [from, to] = span === '*' ? [least, most] : (span.split('-').map(numberOf) as [number, number?])
    const last = to ?? (part.includes('/') ? most : from)
    return !(from >= least) || !(last <= most) || !(Number(step) > 0) ? [NaN] : Array.from({ length: Math.floor((last - from) / Number(step)) + 1 }, (_, i) => from + i * Number(step))
  })
  return values.some(Number.isNaN) ? null : values
}

/** What is wrong with an expression, as the control plane says it. */
export function faultOf(cron: string): string | null {
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== 5) return 'Invalid pattern: Pattern must have 5 fields'
  const wrong = fields.findIndex((field, i) => valuesOf(field.replace(/^L$/i, '31'), RANGES[i] ?? RANGES[0]) === null)
  return wrong < 0 ? null : `Component contains values outside the valid range: ${fields[wrong] ?? ''}`
}

function offsetOf(timeZone: string): number {
  const now = new Date()
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(now)
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find(({ type }) => type === 'timeZoneName')?.value ?? '') ?? []
  return sign ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE : 0
}

export const isZone = (timeZone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone !== '' && /^[A-Z]/.test(timeZone)
  } catch {
    return false
  }
}

/** The next times after this moment. */
export function nextTimes(cron: string, timeZone: string, count: number): string[] {
  const fields = cron.trim().split(/\s+/)
  const isLast = fields[2]?.toUpperCase() === 'L'
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = fields.map((field, i) => valuesOf(field.replace(/^L$/i, '*'), RANGES[i] ?? RANGES[0]) ?? [])
  const shift = offsetOf(timeZone)
  const begin = Date.now() + shift
  const times: string[] = []
  for (let day = Math.floor(begin / DAY) * DAY; times.length < count && day < begin + 1_500 * DAY; day += DAY) {
    const date = new Date(day)
    if (!months.includes(date.getUTCMonth() + 1) || !days.includes(date.getUTCDate()) || !weekdays.some((one) => one % 7 === date.getUTCDay())) continue
    if (isLast && new Date(day + DAY).getUTCDate() !== 1) continue
    for (const hour of hours) for (const minute of minutes) {
      const at = day + (hour * 60 + minute) * MINUTE
      if (at > begin && times.length < count) times.push(new Date(at - shift).toISOString())
    }
  }
  return times
}

/** In words, as far as a page needs it. */
export function describe(cron: string): string {
  const [minute = '', hour = '', day = '', , weekday = ''] = cron.trim().split(/\s+/)
  const at = /^\d+$/.test(minute) && /^\d+$/.test(hour) ? `At ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}` : minute.startsWith('*/') ? `At every ${minute.slice(2)} minutes` : minute === '*' ? 'At every minute' : hour.startsWith('*/') ? `At ${minute} minutes past every ${hour.slice(2)} hours` : `At ${minute} minutes past the hour`
  const days = weekday === '*' ? '' : `, on ${(valuesOf(weekday, RANGES[4]) ?? []).map((one) => LONG[one % 7]).join(' and ')}`
  const ofMonth = day === '*' ? '' : day.toUpperCase() === 'L' ? ', on the last day of the month' : `, on day ${day} of the month`
  return `${at}${ofMonth}${days}.`
}
