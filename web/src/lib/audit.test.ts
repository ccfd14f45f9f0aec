import { expect, it } from 'vitest'
import { changes, fileNames } from './audit'

it('tells what differs, from what to what', () => {
  expect(changes({ name: 'a', role: 'user' }, { name: 'a', role: 'admin' })).toEqual(['role: user → admin'])
})
it('tells all of what is new or gone', () => {
  expect(changes(null, { name: 'a', description: '' })).toEqual(['name: a', 'description: –'])
  expect(changes({ name: 'a' }, null)).toEqual(['name: a'])
})
it('has nothing to tell of a change without values', () => expect(changes(null, null)).toEqual([]))
it('leaves what has structure to be shown whole', () => {
  expect(changes({ limits: { memoryMib: 1 } }, { limits: { memoryMib: 2 } })).toBeNull()
  expect(changes([1], [2])).toBeNull()
})
it('names the files of a change, one or many', () => {
  expect(fileNames({ path: 'a', bytes: 3 })).toEqual(['a'])
  expect(fileNames({ via: 'sftp', paths: ['a', 'b'] })).toEqual(['a', 'b'])
  expect(fileNames({ from: 'a', to: 'b', replace: false })).toEqual(['a → b'])
  expect(fileNames({ renames: [{ from: 'a', to: 'b' }, { from: 'c', to: 'd' }] })).toEqual(['a → b', 'c → d'])
  expect(fileNames({ action: 'restart' })).toBeNull()
  expect(fileNames(null)).toBeNull()
})
