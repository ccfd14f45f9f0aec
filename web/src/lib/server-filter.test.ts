import { expect, it } from 'vitest'
import { aServer } from '../../mock-api/data'
import { STATUS_WORDS, fits, parseFilter, withTerm } from './server-filter'

it('splits words from narrowing terms', () => {
  expect(parseFilter('friday status:run node:fra night GAME:Luanti owner:Ada')).toEqual({ search: 'friday night', status: 'running', shows: 'running', node: ['fra'], game: ['luanti'], owner: ['ada'], unknownTerms: [], unknownStatus: undefined })
})
it('ignores a term that is still being typed', () => {
  expect(parseFilter('status: node: owner:')).toEqual(parseFilter(''))
})
it('keeps what looks like a term and is none as a word, and says which it was', () => {
  const wish = parseFilter('foo:bar status:run Loc-ation: night')
  expect(wish.unknownTerms).toEqual(['foo:bar', 'Loc-ation:'])
  expect(wish.search).toBe('foo:bar Loc-ation: night')
})
it('takes no address for a term', () => {
  for (const address of ['203.0.113.10:27960', 'dead:beef::1', 'fe80::1', '2001:db8::7', '::1', '[2001:db8::7]:27960', 'play.example.org']) expect(parseFilter(address).unknownTerms, address).toEqual([])
})
it('finds no server of a status that there is not', () => {
  const wish = parseFilter('status:zzz')
  expect(wish.unknownStatus).toBe('zzz')
  expect(fits(wish, aServer())).toBe(false)
  expect(parseFilter('status:zzz status:run').unknownStatus).toBeUndefined()
})
it('sifts by node, its location, the game and the owner', () => {
  const server = aServer()
  expect(fits(parseFilter(`node:${server.node.name.slice(0, 3)}`), server)).toBe(true)
  expect(fits(parseFilter(`node:${server.node.location.toLowerCase()}`), server)).toBe(true)
  expect(fits(parseFilter('node:nowhere'), server)).toBe(false)
  expect(fits(parseFilter(`game:${server.blueprint.name.toLowerCase()}`), server)).toBe(true)
  expect(fits(parseFilter(`owner:${server.owner.name.split(' ')[0] ?? ''}`), server)).toBe(true)
  expect(fits(parseFilter('owner:nobody'), server)).toBe(false)
})
it('takes a server for what the list says of it, not for what its node last saw', () => {
  const away = aServer({ node: { ...aServer().node, connected: false } })
  const held = aServer({ holds: [{ by: 'administrator', reason: 'unpaid' }] })
  expect(fits(parseFilter('status:running'), away)).toBe(false)
  expect(fits(parseFilter('status:away'), away)).toBe(true)
  expect(fits(parseFilter('status:suspended'), held)).toBe(true)
  expect(parseFilter('status:suspended').status).toBeUndefined()
})
it('understands every status that the help names', () => {
  for (const word of STATUS_WORDS) expect(parseFilter(`status:${word}`).shows, word).toBeDefined()
})
it('puts a term in the place of the one before it', () => {
  expect(withTerm('friday status:off node:fra', 'status', 'running')).toBe('friday node:fra status:running')
  expect(withTerm('', 'node', 'fra-1')).toBe('node:fra-1')
})
