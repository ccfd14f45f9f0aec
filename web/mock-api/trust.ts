/** Whose plugins may come in, as the mock knows it: it checks what a person is likely to get wrong, in the control plane's words. */
import type { Schemas } from '../src/api/types'
import { covers, isPrivateKey, type Rules } from '../src/lib/trust'
import { problem } from './problem'
import { world } from './world'

type Call = { params: string[]; query: URLSearchParams; body: Record<string, unknown> }
type Handler = (call: Call) => unknown
type Login = Schemas['RegistryLoginView']

const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const pem = (middle: string) => `-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA${middle}=\n-----END PUBLIC KEY-----\n`
const ACME = pem('Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE')

let rules: Rules = { 'require-signature': true, registries: [], keys: [], pins: {}, offline: { packages: 'any', components: 'any' } }
let version = 0
let updatedAt: string | null = null
/** Somebody else is quicker, once. */
let rival = false
const logins: Login[] = []

/** Digits that differ as the keys do. */
function keyView(publicKey: string): Schemas['KeyView'] {
  const digits = [...publicKey].reduce((sum, letter) => (sum * 33n + BigInt(letter.charCodeAt(0))) % (1n << 64n), 5381n).toString(16).padStart(16, '0')
  return { id: `sha256:${digits.repeat(4)}`, fingerprint: digits.match(/.{4}/g)?.join('-') ?? '', publicKey }
}
const view = (): Schemas['TrustView'] => ({ rules: rules as unknown as Schemas['TrustView']['rules'], version, updatedAt, keys: rules.keys.map((key) => keyView(key['public-key'])) })
const wrong = (key: string, message: string, remedy: string) => problem('validation_failed', 400, 'Some fields need another value', message, 'Each field says what it needs.', [{ key, message, remedy }])

const isHost = (host: string) => /^[a-z0-9.-]+(:\d+)?$/.test(host) && (host.includes('.') || host.includes(':') || host === 'localhost')
const isPlace = (place: string) => isHost(place.split('/')[0] ?? '') && /^[^/]+(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(place)
const noPlace = (place: string) => `"${place}" is no reference: it must begin with a registry, as in ghcr.io/acme/luanti.`
const CORRECT = 'Correct it; nothing was changed.'

function fault(wanted: Rules) {
  for (const [i, { prefix, network }] of wanted.registries.entries()) {
    if (!isPlace(prefix)) return wrong(`rules.registries[${String(i)}].prefix`, noPlace(prefix), CORRECT)
    if (wanted.registries.findIndex((one) => one.prefix === prefix) < i) return wrong(`rules.registries[${String(i)}].prefix`, `It lists ${prefix} twice.`, CORRECT)
    if (network === 'loopback' && !/^(localhost|127\.)/.test(prefix)) return wrong(`rules.registries[${String(i)}].network`, `${prefix} is not this machine, so its network is not loopback.`, CORRECT)
  }
  for (const [i, key] of wanted.keys.entries()) {
    const at = (field: string) => `rules.keys[${String(i)}].${field}`
    if (!key['public-key'].includes('BEGIN PUBLIC KEY')) return wrong(at('public-key'), 'The public key is not an Ed25519 key in PEM.', CORRECT)
    const place = key.repositories.findIndex((one) => !isPlace(one))
    if (place >= 0) return wrong(at(`repositories[${String(place)}]`), noPlace(key.repositories[place] ?? ''), CORRECT)
    if (wanted.keys.findIndex((one) => one.name === key.name) < i) return wrong(at('name'), `It has two keys with the name "${key.name}".`, CORRECT)
  }
  for (const [plugin, digests] of Object.entries(wanted.pins)) {
    const bad = digests.findIndex((digest) => !/^sha256:[0-9a-f]{64}$/.test(digest))
    if (bad >= 0) return wrong(`rules.pins.${plugin}[${String(bad)}]`, 'A digest is sha256: and 64 digits in lower case.', CORRECT)
  }
  return null
}

function save({ body }: Call) {
  if (rival) {
    rival = false
    version += 1
    rules = { ...rules, registries: [...rules.registries, { prefix: 'registry.example.org/games', network: 'public' }] }
  }
  if (body.version !== version) return problem('conflict', 409, 'This does not fit the present state', 'Somebody else changed the trust policy after you read it, and nothing of yours was saved. Look at what it says, and save again if your change still makes sense.', 'Reload, look again, and repeat if it still makes sense.')
  const wanted = body.rules as Rules
  const refused = fault(wanted)
  if (refused) return refused
  rules = wanted
  version += 1
  updatedAt = new Date().toISOString()
  return view()
}

function store({ body }: Call) {
  const { registry, username, tokenService } = body as { registry: string; username: string; tokenService?: string }
  if (!isPlace(registry)) return wrong('registry', noPlace(registry), 'Write it as it stands in references, without https://, as in ghcr.io or ghcr.io/acme.')
  if (tokenService && !isHost(tokenService)) return wrong('tokenService', noPlace(tokenService), 'Write the host alone, without https://, as in auth.docker.io.')
  const present = logins.find((one) => one.registry === registry)
  const login = { id: present?.id ?? world.newId(), registry, username, tokenService: tokenService ?? null, updatedAt: new Date().toISOString() }
  logins.splice(present ? logins.indexOf(present) : logins.length, present ? 1 : 0, login)
  return login
}

/** The refusal of a file that somebody uploads. */
export function refuses(kind: 'component' | 'signed' | 'unsigned', plugin: string) {
  const untrusted = (detail: string) => problem('plugin_untrusted', 422, 'The trust policy does not let this plugin in', detail, 'The detail names the rule; change the policy if the plugin is to be trusted.')
  const { packages, components } = rules.offline
  if (kind === 'component' && components === 'never') return untrusted('The trust policy takes no bare components from files. Allow such files in the trust policy, or pin the digest.')
  if (kind !== 'component' && packages === 'never') return untrusted('The trust policy takes no packages from files. Allow such files in the trust policy, or pin the digest.')
  if (plugin in rules.pins) return null
  if (kind === 'component') return components === 'any' ? null : untrusted(`The trust policy takes a bare component of ${plugin} only if it is pinned. Allow such files in the trust policy, or pin the digest.`)
  if (kind === 'unsigned') return packages === 'any' ? null : untrusted(`The plugin ${plugin} is not signed. Ask its publisher for a signature, or pin the digest.`)
  return packages === 'any' || rules.keys.length > 0 ? null : untrusted(`The plugin ${plugin} has a signature, which no key of the trust policy made, or it was altered. If the publisher is to be trusted, add its public key to the trust policy.`)
}

/** No registry is there in the mock. */
function pull({ body }: Call) {
  const place = String(body.reference).replace(/[@:][^/]*$/, '')
  if (rules.registries.some(({ prefix }) => covers(prefix, place))) return problem('registry_failed', 502, 'The registry did not give the plugin', `${place.split('/')[0] ?? ''} refuses access to ${String(body.reference)}: 401 (UNAUTHORIZED: authentication required). Check that it exists, and give credentials that may do this; many registries say the same of both.`, 'The detail says what it answered and what to do.')
  return problem('plugin_untrusted', 422, 'The trust policy does not let this plugin in', `The trust policy allows no plugins from ${place}. Add the repository to the trust policy's registries, if it is to be trusted.`, 'The detail names the rule; change the policy if the plugin is to be trusted.')
}

export const handlers: [string, string, Handler][] = [
  ['GET', '/api/trust', view],
  ['PUT', '/api/trust', save],
  ['POST', '/api/trust/key', ({ body }) => {
    const text = String(body.publicKey)
    if (isPrivateKey(text) || text.includes('nonsense')) return wrong('publicKey', 'The public key is not an Ed25519 key in PEM.', 'Paste all of it, from -----BEGIN PUBLIC KEY----- to the end; `gantry plugin key show` prints it.')
    return keyView(text)
  }],
  ['POST', '/api/plugins/install', pull],
  ['GET', '/api/trust/logins', () => ({ items: logins, nextCursor: null })],
  ['PUT', '/api/trust/logins', store],
  ['DELETE', '/api/trust/logins/:', ({ params }) => void logins.splice(logins.findIndex((one) => one.id === params[0]), 1)],
]

const LONG = 'registry.department-of-unusually-long-host-names.internal.example.org:5000'

export function scene(name: string): void {
  version = 7
  updatedAt = ago(2)
  rules = {
    'require-signature': true,
    registries: [{ prefix: 'ghcr.io/acme', network: 'public' }, { prefix: 'registry.lan:5000', network: 'private' }, { prefix: 'localhost:5000/drafts', network: 'loopback' }],
    keys: [
      { name: 'Acme 2026', 'public-key': ACME, repositories: ['ghcr.io/acme', 'registry.lan:5000/mirror/acme'], plugins: [], expires: '2027-01-01T00:00:00Z' },
      { name: 'Bob of the Tuesday league', 'public-key': pem('hubjYq7YmF4yO2sD0nq1nRk1x3d8q1d8m0w2Jr5rT4E'), repositories: [], plugins: ['league-quake'] },
      { name: 'Acme 2024', 'public-key': pem('q2d8m0w2Jr5rT4EhubjYq7YmF4yO2sD0nq1nRk1x3d8'), repositories: ['ghcr.io/acme'], plugins: [], expires: '2025-01-01T00:00:00Z' },
    ],
    pins: { luanti: [`sha256:${'41d7'.repeat(16)}`, `sha256:${'2c26b46b68ffc68f'.repeat(4)}`] },
    offline: { packages: 'signed', components: 'pinned' },
  }
  logins.push({ id: world.newId(), registry: 'ghcr.io', username: 'acme-panel', tokenService: null, updatedAt: ago(40) }, { id: world.newId(), registry: 'registry-1.docker.io/acme', username: 'acme', tokenService: 'auth.docker.io', updatedAt: ago(3) })
  rival = name === 'trust-rival'
  if (name === 'trust-keyless') rules = { ...rules, keys: [], pins: {} }
  if (name === 'trust-open') rules = { ...rules, 'require-signature': false, offline: { packages: 'any', components: 'any' } }
  if (name !== 'trust-long') return
  rules.registries = Array.from({ length: 6 }, (_, n) => ({ prefix: `${LONG}/a-team/with-a-rather-long-name/and-its-game-plugins-${String(n)}`, network: 'private' as const }))
  rules.keys = rules.keys.map((key, n) => ({ ...key, name: `${'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunternehmen '.repeat(2)}${String(n)}`.slice(0, 128), repositories: rules.registries.map(({ prefix }) => prefix), expires: '2031-01-01T00:00:00Z' }))
  rules.pins = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`a-plugin-whose-id-is-as-long-as-ids-of-plugins-may-be-${String(n)}`, [`sha256:${'0123456789abcdef'.repeat(4)}`]]))
  for (const login of logins) Object.assign(login, { registry: rules.registries.find(({ prefix }) => covers(LONG, prefix))?.prefix, username: 'service-account-of-the-panel@department.example.org', tokenService: `tokens.${LONG}` })
}
