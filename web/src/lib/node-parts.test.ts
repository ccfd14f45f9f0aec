import { expect, test } from 'vitest'
import { mean, partsOf } from './node-parts'

const at = (second: number) => new Date(second * 1000).toISOString()

test('series become parts in the order of their numbers, with all that is measured of each', () => {
  const series = [
    { name: '10', measure: 'busy', values: [1, 2] },
    { name: '9', measure: 'busy', values: [3, null] },
    { name: '9', measure: 'read', values: [5, 6] },
  ]
  expect(partsOf({ at: [at(0), at(30)], series, stepSeconds: 30 })).toEqual({
    times: [0, 30],
    parts: [
      { name: '9', values: { busy: [3, null], read: [5, 6] } },
      { name: '10', values: { busy: [1, 2] } },
    ],
  })
})

test('a while in which nothing was measured is a gap in every part', () => {
  const { times, parts } = partsOf({ at: [at(0), at(30), at(300)], series: [{ name: 'sda', measure: 'busy', values: [1, 2, 3] }], stepSeconds: 30 })
  expect(times).toEqual([0, 30, 60, 300])
  expect(parts[0]?.values['busy']).toEqual([1, 2, null, 3])
})

test('a mean leaves out what nobody measured', () => {
  expect(mean([1, null, 3])).toBe(2)
  expect(mean([null])).toBeNull()
})
