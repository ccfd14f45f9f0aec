import { expect, it } from 'vitest'
import { deleteAll } from './deletions'

it('asks for a hundred at a time and tells of every one that stayed, and why', async () => {
  const asked: number[] = []
  const held = new Set(['a/7', 'a/150'])
  const call = (paths: string[]) => {
    asked.push(paths.length)
    const failed = paths.filter((path) => held.has(path)).map((path) => ({ path, code: 'internal' as const, detail: `${path} is held`, remedy: '' }))
    return Promise.resolve({ deleted: paths.filter((path) => !held.has(path)), failed })
  }
  const left = await deleteAll(Array.from({ length: 201 }, (_, n) => String(n)), 'a', call)
  expect(asked).toEqual([100, 100, 1])
  expect(left.map(({ name, error }) => [name, error.detail])).toEqual([['7', 'a/7 is held'], ['150', 'a/150 is held']])
})
it('lets the refusal of a single one through', async () => {
  await expect(deleteAll(['x'], '', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
})
