import { expect, it } from 'vitest'
import { isTar, readPackage } from './plugin-package'

const COMPONENT = new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 7, 7])
const ascii = (text: string) => new TextEncoder().encode(text)

function entry(name: string, body: Uint8Array, size = body.length): Uint8Array {
  const block = new Uint8Array(512 + Math.ceil(body.length / 512) * 512)
  block.set(ascii(name), 0)
  block.set(ascii(size.toString(8).padStart(11, '0')), 124)
  block.set(ascii('ustar'), 257)
  block.set(body, 512)
  return block
}
const tar = (...entries: Uint8Array[]) => {
  const whole = new Uint8Array(entries.reduce((sum, one) => sum + one.length, 1024))
  let at = 0
  for (const one of entries) {
    whole.set(one, at)
    at += one.length
  }
  return whole
}
const index = (...names: string[]) => entry('index.json', ascii(JSON.stringify({ manifests: names.map((name) => ({ annotations: { 'org.opencontainers.image.ref.name': name } })) })))
const blob = (body: Uint8Array) => entry(`blobs/sha256/${'0'.repeat(64)}`, body)

it('finds the component among what else is packed, and whether it is signed', () => {
  const packed = readPackage(tar(entry('oci-layout', ascii('{}')), index('1.0.0', `sha256-${'a'.repeat(64)}.sig`), blob(ascii('{"schemaVersion":2}')), blob(COMPONENT)))
  expect(packed).toEqual({ component: COMPONENT, isSigned: true })
  expect(readPackage(tar(index('1.0.0'), blob(COMPONENT)))?.isSigned).toBe(false)
})
it('takes nothing else for a package', () => {
  expect(isTar(COMPONENT)).toBe(false)
  expect(readPackage(COMPONENT)).toBeNull()
  expect(readPackage(tar(index('1.0.0'), blob(ascii('{}'))))).toBeNull()
  expect(readPackage(tar(entry('elsewhere/component.wasm', COMPONENT)))).toBeNull()
})
it('does not trust a length', () => {
  expect(readPackage(tar(entry(`blobs/sha256/${'0'.repeat(64)}`, COMPONENT, 8 ** 10)))).toBeNull()
  expect(readPackage(tar(entry('broken', COMPONENT, Number.NaN), blob(COMPONENT)))).toBeNull()
})
