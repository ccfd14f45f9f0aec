import { expect, it } from 'vitest'
import { aServer } from '../../mock-api/data'
import { fits, parseFilter } from './server-filter'

it('splits words from narrowing terms', () => {
  expect(parseFilter('friday status:run node:fra night GAME:Luanti')).toEqual({ search: 'friday night', status: 'running', node: ['fra'], game: ['luanti'] })
})
it('ignores a term that is still being typed', () => {
  expect(parseFilter('status: node: status:zzz')).toEqual({ search: '', status: undefined, node: [], game: [] })
})
it('sifts by node, its location and the game', () => {
  const server = aServer()
  expect(fits(parseFilter(`node:${server.node.name.slice(0, 3)}`), server)).toBe(true)
  expect(fits(parseFilter('node:nowhere'), server)).toBe(false)
  expect(fits(parseFilter(`game:${server.blueprint.name.toLowerCase()}`), server)).toBe(true)
})
