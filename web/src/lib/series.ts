/** Points of time as the columns that charts draw. A step that nobody measured is a gap, never a straight line. */
import type { LiveSample, StatisticsPoint } from '~/api/types'

type Values = (number | null)[]
/** A column of moments, and for each name one of what was measured then. */
export type Table<Name extends string> = { times: number[]; values: Record<Name, Values> }
type Row<Name extends string> = { at: number } & Record<Name, number | null>

const NAMES = ['cpu', 'memory', 'received', 'sent', 'disk', 'players', 'latency'] as const
export type Columns = Table<(typeof NAMES)[number]>

const eachOf = <Name extends string>(names: readonly Name[], make: (name: Name) => Values) => Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Values>

export function tabulate<Name extends string>(names: readonly Name[], rows: readonly Row<Name>[], stepSeconds: number): Table<Name> {
  const made: Table<Name> = { times: [], values: eachOf(names, () => []) }
  let before: number | null = null
  for (const row of rows) {
    if (before !== null && row.at - before > stepSeconds * 2.5) {
      made.times.push(before + stepSeconds)
      for (const name of names) made.values[name].push(null)
    }
    made.times.push(row.at)
    for (const name of names) made.values[name].push(row[name])
    before = row.at
  }
  return made
}

export const seconds = (at: string) => Date.parse(at) / 1000

export const fromHistory = (points: readonly StatisticsPoint[], stepSeconds: number): Columns =>
  tabulate(
    NAMES,
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
  tabulate(
    NAMES,
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
export function joined<Name extends string>(past: Table<Name>, live: Table<Name>, pastStepSeconds: number): Table<Name> {
  const begin = live.times[0]
  const count = begin === undefined ? past.times.length : past.times.filter((at) => at < begin).length
  const end = past.times[count - 1]
  const hole = begin !== undefined && end !== undefined && begin - end > pastStepSeconds * 2.5
  return {
    times: [...past.times.slice(0, count), ...(hole ? [end + pastStepSeconds] : []), ...live.times],
    values: eachOf(Object.keys(live.values) as Name[], (name) => [...past.values[name].slice(0, count), ...(hole ? [null] : []), ...live.values[name]]),
  }
}

/** Where numbers stand that have none beside them. */
export function lone(values: ArrayLike<number | null | undefined>): number[] {
  const has = (i: number) => typeof values[i] === 'number'
  return Array.from(values, (_, i) => i).filter((i) => has(i) && !has(i - 1) && !has(i + 1))
}

/** The last number of a column, and the highest. */
export const last = (values: readonly (number | null)[]): number | null => values.findLast((value) => value !== null) ?? null
export const highest = (values: readonly (number | null)[]): number | null => values.reduce<number | null>((top, value) => (value !== null && (top === null || value > top) ? value : top), null)
