import { expect, it } from 'vitest'
import { readManifest } from './plugin-manifest'

const COMPONENT = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]
const MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >> 7)])
const ascii = (text: string) => [...new TextEncoder().encode(text)]
const section = (id: number, body: number[]) => [id, ...leb(body.length), ...body]
const custom = (name: string, body: string) => section(0, [...leb(name.length), ...ascii(name), ...ascii(body)])
const manifest = JSON.stringify({ id: 'openarena', name: 'OpenArena', version: '0.1.0', capabilities: [{ name: 'query', reason: 'to count players' }] })
const bytes = (...parts: number[][]) => new Uint8Array(parts.flat())

it('reads it from the component', () => {
  expect(readManifest(bytes(COMPONENT, custom('name', 'x'), custom('gantry:manifest', manifest)))).toMatchObject({ id: 'openarena', capabilities: [{ name: 'query', reason: 'to count players' }] })
})
it('reads it from a module inside', () => {
  const inner = [...MODULE, ...section(1, [0]), ...custom('gantry:manifest', manifest)]
  expect(readManifest(bytes(COMPONENT, section(1, inner)))?.name).toBe('OpenArena')
})
it('takes nothing else for a plugin', () => {
  expect(readManifest(bytes(MODULE, custom('gantry:manifest', manifest)))).toBeNull()
  expect(readManifest(bytes(COMPONENT))).toBeNull()
  expect(readManifest(bytes(ascii('hello')))).toBeNull()
  expect(readManifest(bytes(COMPONENT, custom('gantry:manifest', '{"id":1}')))).toBeNull()
})
it('does not trust a length', () => {
  expect(readManifest(bytes(COMPONENT, [0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2]))).toBeNull()
  expect(readManifest(bytes(COMPONENT, [0, 5, 0xff]))).toBeNull()
})
