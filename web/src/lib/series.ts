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

/**
 * What was measured before the page began to watch, then what it saw itself, all of one grain: history is the mean of
 * each step, so a point of either is the mean of the step that ends there. Seconds beside means would look as if
 * something had just happened. What is `exact` is counted, and stays as it was seen.
 */
export function joined<Name extends string>(past: Table<Name>, live: Table<Name>, pastStepSeconds: number, exact: readonly NoInfer<Name>[] = []): Table<Name> {
  const begin = live.times[0]
  const ends = past.times.map((at) => at + pastStepSeconds)
  const count = begin === undefined ? ends.length : ends.filter((at) => at <= begin).length
  const end = ends[count - 1]
  const hole = begin !== undefined && end !== undefined && begin - end > pastStepSeconds * 1.5
  return {
    times: [...ends.slice(0, count), ...(hole ? [end + pastStepSeconds] : []), ...live.times],
    values: eachOf(Object.keys(live.values) as Name[], (name) => {
      const before = past.values[name].slice(0, count)
      const seen = exact.includes(name) ? live.values[name] : means(live.times, live.values[name], pastStepSeconds, hole ? null : (before.at(-1) ?? null))
      return [...before, ...(hole ? [null] : []), ...seen]
    }),
  }
}

/** At each moment the mean of the step before it, as far as that was measured without a break; `before` stands for what nobody watched. */
function means(times: readonly number[], values: Values, stepSeconds: number, before: number | null): Values {
  const begin = times[0] ?? 0
  let first = 0
  let lead = before
  return values.map((value, i) => {
    if (value === null) {
      first = i + 1
      lead = null
      return null
    }
    const at = times[i] ?? 0
    while ((times[first] ?? at) <= at - stepSeconds) first += 1
    const unseen = lead === null ? 0 : Math.max(0, stepSeconds - 1 - (at - begin))
    let sum = (lead ?? 0) * unseen
    for (let k = first; k <= i; k += 1) sum += values[k] ?? 0
    return sum / (i - first + 1 + unseen)
  })
}

/** Where numbers stand that have none beside them. */
export function lone(values: ArrayLike<number | null | undefined>): number[] {
  const has = (i: number) => typeof values[i] === 'number'
  return Array.from(values, (_, i) => i).filter((i) => has(i) && !has(i - 1) && !has(i + 1))
}

/** The last number of a column, and the highest. */
export const last = (values: readonly (number | null)[]): number | null => values.findLast((value) => value !== null) ?? null
export const highest = (values: readonly (number | null)[]): number | null => values.reduce<number | null>((top, value) => (value !== null && (top === null || value > top) ? value : top), null)
