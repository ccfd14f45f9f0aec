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
  expect(joined(past, live, 10).times).toEqual([0, 10, 20, 25, 26])
  expect(joined(past, live, 10).values.cpu).toEqual([1, 2, 3, null, null])
  expect(joined(past, fromSamples([]), 10).values.cpu).toEqual([1, 2, 3, 4])
})
it('leaves a gap between the last that was kept and the first that was seen', () => {
  const live = fromSamples([{ at: new Date(60_000).toISOString(), statistics: null, game: null }])
  expect(joined(fromHistory([point(0, 1), point(10, 2)], 10), live, 10).times).toEqual([0, 10, 20, 60])
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
