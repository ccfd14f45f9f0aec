import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { permissions } from '../../mock-api/data'
import { s } from '~/strings'

type Document = { components: { schemas: { Permission: { enum: string[] } } } }
const document = JSON.parse(readFileSync(new URL('../../../core/api/openapi.json', import.meta.url), 'utf8')) as Document
const all = document.components.schemas.Permission.enum

it('there are permissions to speak of', () => expect(all.length).toBeGreaterThan(20))
it.each([...new Set(all.map((one) => one.split('.')[0] ?? ''))])('the group of permissions %s has a word', (group) => expect(s.members.groups[group]).toMatch(/^[A-Z]/))
it('no word is kept for a group that is no more', () => {
  for (const group of Object.keys(s.members.groups)) expect(all.some((one) => one.startsWith(`${group}.`)), group).toBe(true)
})
it.each(all)('the permission %s has a sentence, as the API gives it', (permission) => expect(permissions.find((one) => one.permission === permission)?.description).toMatch(/^[A-Z].+\.$/))
