import { expect, it } from 'vitest'
import type { LiveSample, StatisticsPoint } from '~/api/types'
import { chartOf } from './page-chart'

const at = (second: number) => new Date(second * 1000).toISOString()
const point = (second: number, players: number) => ({ at: at(second), players }) as StatisticsPoint
const sample = (second: number, players: number, companies: number) => ({ at: at(second), game: { players, series: [{ name: 'companies', unit: 'of 15', value: companies }] } }) as unknown as LiveSample

it('goes from the history of the control plane on to what the page saw itself', () => {
  const drawn = chartOf(['players', 'companies'], [point(100, 1), point(110, 2), point(120, 9)], 10, [sample(115, 3, 4), sample(116, 4, 4)])
  expect(drawn.times).toEqual([100, 110, 115, 116])
  expect(drawn.series.map(({ name, values }) => [name, values])).toEqual([['players', [1, 2, 3, 4]], ['companies', [null, null, 4, 4]]])
})
it('leaves a gap where nobody measured', () => {
  const drawn = chartOf(['players'], [point(100, 1), point(200, 2)], 10, [])
  expect(drawn.times).toEqual([100, 110, 200])
  expect(drawn.series[0]?.values).toEqual([1, null, 2])
})
it('takes its unit from the first series', () => {
  expect(chartOf(['companies'], [], 10, [sample(1, 0, 2)]).unit).toBe('of 15')
  expect(chartOf(['latency'], [], 10, []).unit).toBe('ms')
})
