/** Numbers and moments as people read them. Binary units, since limits are set in MiB. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** 1536 → "1.5 KiB". Three significant digits, so that a live cell keeps its width. */
export function bytes(value: number): string {
  let size = Math.max(0, value)
  let unit = 0
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1024
    unit += 1
  }
  const digits = unit === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return `${trimZeros(size.toFixed(digits))} ${UNITS[unit] ?? ''}`
}

const trimZeros = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

export const mebibytes = (mib: number): string => bytes(mib * 1024 * 1024)
export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`

/** Hundredths of a core → "37 %". One core is 100 %. */
export const percent = (value: number): string => `${value < 10 ? trimZeros(value.toFixed(1)) : Math.round(value).toString()} %`

/** Hundredths of a core → "1.5 cores". */
export function cores(cpuPercent: number): string {
  const count = cpuPercent / 100
  return `${trimZeros(count.toFixed(2))} ${count === 1 ? 'core' : 'cores'}`
}

/** Two digits behind the point while they say something: "0.42", "12.5", "140". */
export const decimal = (value: number): string => trimZeros(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))
export const celsius = (value: number): string => `${String(Math.round(value))} °C`

export const milliseconds = (ms: number): string => `${ms < 10 ? trimZeros(ms.toFixed(1)) : Math.round(ms).toString()} ms`

/** Zero is how the API says that there is no limit. */
export const limit = (value: number, show: (value: number) => string, unlimited: string): string => (value === 0 ? unlimited : show(value))

const STEPS: [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** 3 725 s → "1 h 2 min". Two units at most. */
export function duration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds))
  const parts: string[] = []
  for (const [size, unit] of STEPS) {
    const count = Math.floor(rest / size)
    if (count > 0 || (unit === 's' && parts.length === 0)) {
      parts.push(`${String(count)} ${unit}`)
      rest -= count * size
    } else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

/** How long ago, short: "just now", "5 min ago", "3 d ago". */
export function ago(at: string | number | Date, now: number = Date.now()): string {
  const seconds = Math.round((now - new Date(at).getTime()) / 1000)
  if (Math.abs(seconds) < 5) return 'just now'
  const [size, unit] = STEPS.find(([step]) => Math.abs(seconds) >= step) ?? [1, 's']
  const count = Math.floor(Math.abs(seconds) / size)
  return seconds < 0 ? `in ${String(count)} ${unit}` : `${String(count)} ${unit} ago`
}

/** For how long, short: "5 min". */
export function since(at: string | number | Date, now: number = Date.now()): string {
  return duration((now - new Date(at).getTime()) / 1000)
}

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** The whole date and time in the reader's zone. */
export const moment = (at: string | number | Date): string => absolute.format(new Date(at))
/** "14:03:59" in the reader's zone. */
export const clock = (at: string | number | Date): string => clockTime.format(new Date(at))

const shortDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
/** "21 Nov, 14:03" in the reader's zone, as the axes of charts say it. */
export const dayAndTime = (at: string | number | Date): string => shortDate.format(new Date(at))

/** An endpoint as people type it; IPv6 in brackets. */
export const address = (endpoint: { address: string; port: number }): string =>
  endpoint.address.includes(':') ? `[${endpoint.address}]:${String(endpoint.port)}` : `${endpoint.address}:${String(endpoint.port)}`
