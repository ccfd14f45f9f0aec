/**
 * The trust policy as the panel reads and changes it. The control plane decides by it; here is only told what follows, from
 * the same rules, and each change makes the whole policy anew.
 */
import type { ApiError } from '~/api/problem'

export type Network = 'public' | 'private' | 'loopback'
export type RegistryRule = { prefix: string; network: Network }
export type TrustedKey = { name: string; 'public-key': string; repositories: string[]; plugins: string[]; expires?: string }
export type Packages = 'never' | 'signed' | 'any'
export type Components = 'never' | 'pinned' | 'any'
export type Rules = { 'require-signature': boolean; registries: RegistryRule[]; keys: TrustedKey[]; pins: Record<string, string[]>; offline: { packages: Packages; components: Components } }

/** Whether a prefix is for a place: for it itself, or for what is above it. */
export const covers = (prefix: string, place: string): boolean => place === prefix || place.startsWith(`${prefix}/`)
export const isExpired = (key: Pick<TrustedKey, 'expires'>, now: number = Date.now()): boolean => key.expires !== undefined && Date.parse(key.expires) <= now

/** Whose signatures count at a registry: for all of it, below some places of it, for some plugins. */
export type Signers = { all: string[]; below: { place: string; key: string }[]; plugins: { plugin: string; key: string }[] }

export function signersAt(prefix: string, keys: readonly TrustedKey[], now?: number): Signers {
  const signers: Signers = { all: [], below: [], plugins: [] }
  for (const key of keys.filter((one) => !isExpired(one, now))) {
    if (key.repositories.some((scope) => covers(scope, prefix))) {
      signers.all.push(key.name)
      continue
    }
    signers.below.push(...key.repositories.filter((scope) => covers(prefix, scope)).map((place) => ({ place, key: key.name })))
    signers.plugins.push(...key.plugins.map((plugin) => ({ plugin, key: key.name })))
  }
  return signers
}

/** A list's item in place of the one that it was, or behind all others; and where it then stands. */
export function placed<T>(list: readonly T[], item: T, was: (one: T) => boolean): { list: T[]; index: number } {
  const index = list.findIndex(was)
  return index === -1 ? { list: [...list, item], index: list.length } : { list: list.map((one, i) => (i === index ? item : one)), index }
}

/** One of each line that says something. Commas divide too: people paste lists. */
export const lines = (text: string): string[] => [...new Set(text.split(/[\n,]/).map((line) => line.trim()).filter((line) => line !== ''))]

/** What the control plane says of a rule, or of something inside it: `rules.keys[0].repositories` has `rules.keys[0].repositories[2]`. */
export function faultAt(problem: ApiError | null, place: string): string | null {
  const found = problem?.fields.find(({ key }) => key === place || key.startsWith(`${place}.`) || key.startsWith(`${place}[`))
  return found ? [found.message, found.remedy].filter(Boolean).join(' ') : null
}

/** How a registry is likely to be reached, by its name alone: this machine, a network of one's own, or the internet. */
export function networkOf(prefix: string): Network {
  const host = prefix.split('/')[0] ?? ''
  if (/^(localhost|127\.[\d.]+)(:|$)|^\[::1\]/.test(host)) return 'loopback'
  const isInner = /^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+(:|$)|^\[f[cd]/.test(host) || /^[^.]+:\d+$|\.(lan|local|internal|home|intranet|corp)(:|$)|\.home\.arpa(:|$)/.test(host)
  return isInner ? 'private' : 'public'
}

const HOST = /^(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?$/
const SEGMENT = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/

/** Whether a text may name a registry or a place of one. The control plane has the last word, and the reason. */
export function mayBePlace(text: string): boolean {
  const [host = '', ...path] = text.split('/')
  return HOST.test(host) && (/[.:]/.test(host) || host === 'localhost') && path.every((segment) => SEGMENT.test(segment))
}

/** What stands in a file that nobody should paste here. */
export const isPrivateKey = (text: string): boolean => /-----BEGIN (ENCRYPTED |OPENSSH |EC |RSA )?PRIVATE KEY-----/.test(text)
export const mayBePublicKey = (text: string): boolean => text.includes('-----BEGIN PUBLIC KEY-----') && text.includes('-----END PUBLIC KEY-----')
