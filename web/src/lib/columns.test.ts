import { expect, it } from 'vitest'
import { isShown, readColumns, writeColumns } from './columns'

function memory(start: Record<string, string> = {}) {
  const kept = new Map(Object.entries(start))
  return { kept, getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) }
}

it('remembers the choice of one table apart from the others', () => {
  const keep = memory()
  writeColumns('servers', { cpu: false, owner: true }, keep)
  expect(readColumns('servers', keep)).toEqual({ cpu: false, owner: true })
  expect(readColumns('nodes', keep)).toEqual({})
})
it('forgets when the table’s own choice is wanted again', () => {
  const keep = memory()
  writeColumns('servers', { cpu: false }, keep)
  writeColumns('servers', {}, keep)
  expect(keep.kept.size).toBe(0)
})
it('survives storage that is forbidden or holds nonsense', () => {
  expect(readColumns('servers', undefined)).toEqual({})
  for (const nonsense of ['{', '7', 'null', '["cpu"]', '{"cpu":"no"}']) expect(readColumns('servers', memory({ 'gantry.columns.servers': nonsense }))).toEqual({})
  const full = { ...memory(), setItem: () => { throw new Error('quota') } }
  expect(() => writeColumns('servers', { cpu: false }, full)).not.toThrow()
})
it('shows a column as the table says until a person says otherwise, and a fixed one always', () => {
  expect(isShown({ id: 'cpu' }, {})).toBe(true)
  expect(isShown({ id: 'cpu' }, { cpu: false })).toBe(false)
  expect(isShown({ id: 'owner', hidden: true }, {})).toBe(false)
  expect(isShown({ id: 'owner', hidden: true }, { owner: true })).toBe(true)
  expect(isShown({ id: 'name', fixed: true }, { name: false })).toBe(true)
})
