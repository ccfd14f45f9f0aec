import { expect, it } from 'vitest'
import { fromHistory, fromSamples, highest, joined, last, lone } from './series'

const point = (second: number, cpuPercent: number) => ({ at: new Date(second * 1000).toISOString(), cpuPercent })

it('leaves a gap where steps are missing', () => {
  const made = fromHistory([point(0, 1), point(10, 2), point(60, 3)], 10)
  expect(made.times).toEqual([0, 10, 20, 60])
  expect(made.values.cpu).toEqual([1, 2, null, 3])
})
it('does not take a late sample for a gap', () => {
  const at = (second: number) => ({ at: new Date(second * 1000).toISOString(), statistics: null, game: null })
  expect(fromSamples([at(0), at(1), at(4)]).times).toEqual([0, 1, 4])
})
it('puts what was measured before in front of what was seen, each moment once', () => {
  const live = fromSamples([25, 26].map((second) => ({ at: new Date(second * 1000).toISOString(), statistics: null, game: null })))
  const past = fromHistory([point(0, 1), point(10, 2), point(20, 3), point(30, 4)], 10)
  expect(joined(past, live, 10).times).toEqual([10, 20, 25, 26])
  expect(joined(past, live, 10).values.cpu).toEqual([1, 2, null, null])
  expect(joined(past, fromSamples([]), 10).values.cpu).toEqual([1, 2, 3, 4])
})
it('leaves a gap between the last that was kept and the first that was seen', () => {
  const live = fromSamples([{ at: new Date(60_000).toISOString(), statistics: null, game: null }])
  expect(joined(fromHistory([point(0, 1), point(10, 2)], 10), live, 10).times).toEqual([10, 20, 30, 60])
})

const second = (at: number, cpuPercent: number | null, players = 0) => ({ at: new Date(at * 1000).toISOString(), statistics: cpuPercent === null ? null : { cpuPercent, memoryBytes: 0, memoryLimitBytes: 0, diskBytes: 0, networkRxBytes: 0, networkTxBytes: 0, pids: 0 }, game: { name: null, map: null, version: null, players, maxPlayers: 16, listsPlayers: false, playerList: [], latencyMs: null, series: [] } })
const cpuOf = (seen: ReturnType<typeof second>[], past: ReturnType<typeof point>[] = []) => joined(fromHistory(past, 10), fromSamples(seen), 10).values.cpu

it('gives what is seen the grain of history: a second that sticks out does as little as it will in history', () => {
  const seen = Array.from({ length: 30 }, (_, i) => second(100 + i, i === 20 ? 100 : 10))
  const cpu = cpuOf(seen)
  expect(Math.max(...cpu.map(Number))).toBe(19)
  expect(cpu.filter((value) => value === 19)).toHaveLength(10)
})
it('joins without a jump: history stands for the seconds that nobody watched', () => {
  const cpu = cpuOf([second(21, 100), second(22, 100)], [point(0, 10), point(10, 10)])
  expect(cpu).toEqual([10, 10, 19, 28])
})
it('takes nothing of history across a gap, and nothing of before a stop after it', () => {
  expect(cpuOf([second(60, 40)], [point(0, 10)])).toEqual([10, null, 40])
  expect(cpuOf([second(0, 80), second(1, null), second(2, 20), second(3, 40)])).toEqual([80, null, 20, 30])
})
it('never counts half a player', () => {
  const made = joined(fromHistory([], 10), fromSamples([second(0, 1, 3), second(1, 1, 4)]), 10, ['players'])
  expect(made.values.players).toEqual([3, 4])
})
it('finds the numbers that no line can show', () => {
  expect(lone([null, 3, null, 4, 5, null, 6])).toEqual([1, 6])
  expect(lone([7])).toEqual([0])
  expect(lone([null, null])).toEqual([])
})
it('finds the last and the highest that was measured', () => {
  expect(last([1, 5, null])).toBe(5)
  expect(highest([1, 5, null, 2])).toBe(5)
  expect(highest([null])).toBeNull()
})
