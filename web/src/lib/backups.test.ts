import { expect, it } from 'vitest'
import { nameOf } from './backups'

it('calls a backup as somebody named it', () => expect(nameOf({ name: 'Before the update', createdAt: '2026-01-01T00:00:00Z' })).toBe('Before the update'))
it('tells backups that nobody named from each other', () => {
  const names = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2025-01-01T00:00:00Z'].map((createdAt) => nameOf({ name: 'Backup', createdAt }))
  expect(new Set(names).size).toBe(3)
  expect(names[0]).toMatch(/^Backup of .*2026/)
})
