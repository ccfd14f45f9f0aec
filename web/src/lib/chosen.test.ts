import { expect, it } from 'vitest'
import { gather } from './chosen'

const file = (path: string) => ({ path, file: new File(['x'], path) })
const paths = (found: Parameters<typeof gather>[0], into = '') => gather(found, into).map(({ name, pieces }) => [name, ...pieces.map((piece) => piece.path + (piece.file ? '' : '/'))])

it('a few files are told one by one', () => expect(paths([file('a'), file('b')], 'in')).toEqual([['a', 'in/a'], ['b', 'in/b']]))
it('many files are one upload', () => expect(paths(Array.from({ length: 6 }, (_, i) => file(String(i))))[0]?.[0]).toBe('6 files'))
it('a folder is one upload with the directories on the way', () => {
  expect(paths([file('maps/deep/a'), file('maps/b')], 'in')).toEqual([['maps', 'in/maps/', 'in/maps/deep/', 'in/maps/deep/a', 'in/maps/b']])
})
it('an empty folder is made too', () => expect(paths([{ path: 'maps', file: null }, { path: 'maps/empty', file: null }])).toEqual([['maps', 'maps/', 'maps/empty/']]))
it('spells each name on its own', () => expect(paths([file('a\u0007/b')])).toEqual([['%%a%07', '%%a%07/', '%%a%07/b']]))
