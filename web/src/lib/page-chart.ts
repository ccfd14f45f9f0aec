/**
 * The lines of a chart on a plugin's page. `players` and `latency` have a history with the control plane; of the other
 * series of a collector there is what this page has seen itself.
 */
import type { ChartSeries } from '~/ui/chart'
import type { LiveSample, StatisticsPoint } from '~/api/types'
import { seconds } from './series'

const TONES = ['accent', 'info', 'ok', 'warn'] as const
/** By how many steps two points may be apart and still belong together. */
const TOGETHER = 2.5

type Drawn = { times: number[]; series: ChartSeries[]; unit: string; step: number }
type Value = number | null

const past = (name: string, point: StatisticsPoint): Value => (name === 'players' ? (point.players ?? null) : name === 'latency' ? (point.latencyMs ?? null) : null)
function live(name: string, { game }: LiveSample): Value {
  const own = game?.series.find((one) => one.name === name)
  return own?.value ?? (name === 'players' ? (game?.players ?? null) : name === 'latency' ? (game?.latencyMs ?? null) : null)
}

export function chartOf(names: readonly string[], points: readonly StatisticsPoint[], step: number, samples: readonly LiveSample[]): Drawn {
  const begin = samples[0] ? seconds(samples[0].at) : Infinity
  const rows = [
    ...points.map((point) => ({ at: seconds(point.at), values: names.map((name) => past(name, point)) })).filter(({ at }) => at < begin),
    ...samples.map((sample) => ({ at: seconds(sample.at), values: names.map((name) => live(name, sample)) })),
  ]
  const times: number[] = []
  const columns: Value[][] = names.map(() => [])
  for (const { at, values } of rows) {
    const before = times.at(-1)
    if (before !== undefined && at - before > step * TOGETHER) {
      times.push(before + step)
      for (const column of columns) column.push(null)
    }
    times.push(at)
    columns.forEach((column, i) => column.push(values[i] ?? null))
  }
  const unit = samples.at(-1)?.game?.series.find(({ name }) => name === names[0])?.unit ?? (names[0] === 'latency' ? 'ms' : '')
  return { times, unit, step, series: names.map((name, i) => ({ name, tone: TONES[i % TONES.length] ?? 'accent', dashed: i >= TONES.length, values: columns[i] ?? [] })) }
}
