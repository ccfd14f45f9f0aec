/**
 * Finds the component in a package (`.gantry.tar`), so that a person sees what it asks for before anything is sent: an OCI image
 * layout as tar, of which the blob that is a component is wanted, and whether signatures stand beside it. The control plane
 * reads all of it again, and strictly.
 */
export type Packed = { component: Uint8Array; isSigned: boolean }

const BLOCK = 512
const BLOBS = 'blobs/sha256/'
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** Up to the first zero. */
const field = (header: Uint8Array, from: number, length: number) => text(header.subarray(from, from + length)).split('\0')[0] ?? ''
const isComponent = (bytes: Uint8Array) => bytes.length >= 8 && [0, 0x61, 0x73, 0x6d].every((byte, i) => bytes[i] === byte) && bytes[6] === 1

export const isTar = (bytes: Uint8Array): boolean => bytes.length >= BLOCK && field(bytes, 257, 6).startsWith('ustar')

/** By cosign's convention signatures stand under a name of their own. */
function namesSignatures(index: Uint8Array): boolean {
  try {
    const { manifests } = JSON.parse(text(index)) as { manifests?: { annotations?: Record<string, string> }[] }
    return manifests?.some(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']?.endsWith('.sig')) ?? false
  } catch {
    return false
  }
}

export function readPackage(bytes: Uint8Array): Packed | null {
  if (!isTar(bytes)) return null
  let component: Uint8Array | null = null
  let isSigned = false
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK)
    const name = field(header, 0, 100)
    const size = Number.parseInt(field(header, 124, 12).trim() || '0', 8)
    if (name === '' || !Number.isSafeInteger(size) || size < 0) break
    const body = bytes.subarray(at + BLOCK, at + BLOCK + size)
    if (body.length < size) break
    if (name === 'index.json') isSigned = namesSignatures(body)
    if (name.startsWith(BLOBS) && isComponent(body)) component ??= body
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return component && { component, isSigned }
}
