/** Points of time as the columns that charts draw. A step that nobody measured is a gap, never a straight line. */
import type { LiveSample, StatisticsPoint } from '~/api/types'

export type Columns = { times: number[]; cpu: (number | null)[]; memory: (number | null)[]; received: (number | null)[]; sent: (number | null)[]; disk: (number | null)[]; players: (number | null)[]; latency: (number | null)[] }

const NAMES = ['cpu', 'memory', 'received', 'sent', 'disk', 'players', 'latency'] as const
type Row = { at: number } & Record<(typeof NAMES)[number], number | null>

function columns(rows: readonly Row[], stepSeconds: number): Columns {
  const made: Columns = { times: [], cpu: [], memory: [], received: [], sent: [], disk: [], players: [], latency: [] }
  let before: number | null = null
  for (const row of rows) {
    if (before !== null && row.at - before > stepSeconds * 2.5) {
      made.times.push(before + stepSeconds)
      for (const name of NAMES) made[name].push(null)
    }
    made.times.push(row.at)
    for (const name of NAMES) made[name].push(row[name])
    before = row.at
  }
  return made
}

const seconds = (at: string) => Date.parse(at) / 1000

export const fromHistory = (points: readonly StatisticsPoint[], stepSeconds: number): Columns =>
  columns(
    points.map((point) => ({
      at: seconds(point.at),
      cpu: point.cpuPercent ?? null,
      memory: point.memoryBytes ?? null,
      received: point.networkRxBytes ?? null,
      sent: point.networkTxBytes ?? null,
      disk: point.diskBytes ?? null,
      players: point.players ?? null,
      latency: point.latencyMs ?? null,
    })),
    stepSeconds,
  )

export const fromSamples = (samples: readonly LiveSample[]): Columns =>
  columns(
    samples.map(({ at, statistics, game }) => ({
      at: seconds(at),
      cpu: statistics?.cpuPercent ?? null,
      memory: statistics?.memoryBytes ?? null,
      received: statistics?.networkRxBytes ?? null,
      sent: statistics?.networkTxBytes ?? null,
      disk: statistics?.diskBytes ?? null,
      players: game?.players ?? null,
      latency: game?.latencyMs ?? null,
    })),
    2,
  )

/** What was measured before the page began to watch, then what it saw itself. */
export function joined(past: Columns, live: Columns, pastStepSeconds: number): Columns {
  const begin = live.times[0]
  const count = begin === undefined ? past.times.length : past.times.filter((at) => at < begin).length
  const end = past.times[count - 1]
  const hole = begin !== undefined && end !== undefined && begin - end > pastStepSeconds * 2.5
  const made: Columns = { ...live, times: [...past.times.slice(0, count), ...(hole ? [end + pastStepSeconds] : []), ...live.times] }
  for (const name of NAMES) made[name] = [...past[name].slice(0, count), ...(hole ? [null] : []), ...live[name]]
  return made
}

/** The last number of a column, and the highest. */
export const last = (values: readonly (number | null)[]): number | null => values.findLast((value) => value !== null) ?? null
export const highest = (values: readonly (number | null)[]): number | null => values.reduce<number | null>((top, value) => (value !== null && (top === null || value > top) ? value : top), null)
