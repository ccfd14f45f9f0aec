import { expect, it } from 'vitest'
import { fitting } from './fitting'

const columns = [{ id: 'name', track: 'minmax(12rem,2fr)' }, { id: 'cpu', track: 'minmax(6rem,1fr)', yields: 1 }, { id: 'node', track: '5rem', yields: 2 }, { id: 'menu', track: '2rem' }]
const ids = (rem: number) => fitting(columns, rem).map(({ id }) => id)

it('keeps all columns where they fit to the last point', () => {
  // 25 of columns, three gaps and both sides.
  expect(ids(29.25)).toEqual(['name', 'cpu', 'node', 'menu'])
  expect(ids(29.2)).toEqual(['name', 'cpu', 'menu'])
})
it('lets them go one after the other', () => {
  expect(ids(23.5)).toEqual(['name', 'cpu', 'menu'])
  expect(ids(23.4)).toEqual(['name', 'menu'])
})
it('never lets go of what does not yield, and has it share the room', () => {
  expect(fitting(columns, 1)).toEqual([{ id: 'name', track: 'minmax(0,2fr)' }, { id: 'menu', track: '2rem' }])
})
it('lets the later of two go that yield alike only once the earlier is gone', () => {
  expect(fitting([{ id: 'a', track: '9rem', yields: 1 }, { id: 'b', track: '9rem', yields: 1 }], 12).map(({ id }) => id)).toEqual(['b'])
})
