/**
 * Reads what a plugin asks for out of its file, so that a person can grant it before anything is sent. The manifest is
 * JSON in a custom section `gantry:manifest` of the component, or of a core module inside it.
 */
/** A capability that a manifest asks for, and how far it goes. */
export type AskedFor = { name: string; reason: string; hosts: string[]; names: string[]; quotaKib: number | null }

export type Manifest = { id: string; name: string; version: string; author: string; description: string; licence: string; capabilities: AskedFor[] }

const SECTION = 'gantry:manifest'
const CUSTOM = 0
const CORE_MODULE = 1
const NESTED_COMPONENT = 4

class Reader {
  at = 0
  constructor(readonly bytes: Uint8Array) {}
  get done(): boolean {
    return this.at >= this.bytes.length
  }
  byte(): number {
    const value = this.bytes[this.at]
    if (value === undefined) throw new RangeError('the file ends too early')
    this.at += 1
    return value
  }
  /** LEB128, 32 bits. */
  length(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return value
    }
    throw new RangeError('a number is too long')
  }
  take(size: number): Uint8Array {
    if (size > this.bytes.length - this.at) throw new RangeError('a section is longer than the file')
    this.at += size
    return this.bytes.subarray(this.at - size, this.at)
  }
}

const isWasm = (bytes: Uint8Array) => bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d
const isComponent = (bytes: Uint8Array) => isWasm(bytes) && bytes[6] === 1

function find(bytes: Uint8Array, depth: number): string | null {
  if (!isWasm(bytes) || depth > 4) return null
  const component = isComponent(bytes)
  const reader = new Reader(bytes.subarray(8))
  while (!reader.done) {
    const id = reader.byte()
    const body = reader.take(reader.length())
    if (id === CUSTOM) {
      const inner = new Reader(body)
      const name = new TextDecoder().decode(inner.take(inner.length()))
      if (name === SECTION) return new TextDecoder().decode(body.subarray(inner.at))
    } else if (component && (id === CORE_MODULE || id === NESTED_COMPONENT)) {
      const found = find(body, depth + 1)
      if (found !== null) return found
    }
  }
  return null
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text).filter((one) => one !== '') : [])

/** The manifest of a component; null when the file is none, or carries none. The control plane checks it all again. */
export function readManifest(bytes: Uint8Array): Manifest | null {
  try {
    const json = isComponent(bytes) ? find(bytes, 0) : null
    if (json === null) return null
    const raw = JSON.parse(json) as Record<string, unknown>
    const asked = Array.isArray(raw.capabilities) ? (raw.capabilities as Record<string, unknown>[]) : []
    const { id, name, version } = raw
    if (!text(id) || !text(name) || !text(version)) return null
    return { id: text(id), name: text(name), version: text(version), author: text(raw.author), description: text(raw.description), licence: text(raw.licence), capabilities: asked.map((one) => ({ name: text(one.name), reason: text(one.reason), hosts: texts(one.hosts), names: texts(one.names), quotaKib: typeof one.quota_kib === 'number' ? one.quota_kib : null })).filter((one) => one.name !== '') }
  } catch {
    return null
  }
}
