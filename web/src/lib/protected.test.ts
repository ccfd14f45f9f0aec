import { expect, test } from 'vitest'
import type { FileEntry } from '~/api/types'
import { parted } from './protected'

const entry = (name: string, more: Partial<FileEntry> = {}): FileEntry => ({ name, kind: 'file', bytes: 1, mode: 0o644, modified: '2026-01-01T00:00:00Z', ...more })

test('what is protected stays, and what says nothing of it goes', () => {
  const { going, staying } = parted([entry('a'), entry('b', { protected: true }), entry('c', { protected: false }), entry('d', { kind: 'directory' })])
  expect(going.map(({ name }) => name)).toEqual(['a', 'c', 'd'])
  expect(staying.map(({ name }) => name)).toEqual(['b'])
  expect(parted([])).toEqual({ going: [], staying: [] })
})
