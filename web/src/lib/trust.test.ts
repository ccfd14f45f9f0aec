import { expect, it } from 'vitest'
import { ApiError } from '~/api/problem'
import { covers, faultAt, isExpired, isPrivateKey, lines, mayBePlace, mayBePublicKey, networkOf, placed, signersAt, type Rules, type TrustedKey } from './trust'
import { trustChanges } from './trust-changes'
import { ofFile, taken, verdicts } from './trust-words'

const key = (name: string, more: Partial<TrustedKey> = {}): TrustedKey => ({ name, 'public-key': 'x', repositories: [], plugins: [], ...more })
const rules = (more: Partial<Rules> = {}): Rules => ({ 'require-signature': true, registries: [], keys: [], pins: {}, offline: { packages: 'signed', components: 'pinned' }, ...more })

it('lets a prefix end where a segment ends', () => {
  expect(covers('ghcr.io/acme', 'ghcr.io/acme/luanti')).toBe(true)
  expect(covers('ghcr.io/acme', 'ghcr.io/acme')).toBe(true)
  expect(covers('ghcr.io/acme', 'ghcr.io/acme-evil')).toBe(false)
})
it('tells who signs at a registry, below it and for which plugins, and forgets keys that expired', () => {
  const keys = [
    key('Everywhere', { repositories: ['ghcr.io'] }),
    key('Below', { repositories: ['ghcr.io/acme/quake'] }),
    key('Elsewhere', { repositories: ['quay.io'] }),
    key('Plugin', { plugins: ['acme-quake'] }),
    key('Late', { repositories: ['ghcr.io'], expires: '2020-01-01T00:00:00Z' }),
  ]
  expect(signersAt('ghcr.io/acme', keys)).toEqual({ all: ['Everywhere'], below: [{ place: 'ghcr.io/acme/quake', key: 'Below' }], plugins: [{ plugin: 'acme-quake', key: 'Plugin' }] })
  expect(isExpired({ expires: '2030-01-01T00:00:00Z' }, Date.parse('2030-01-01T00:00:00Z'))).toBe(true)
})
it('says what is taken from a registry', () => {
  expect(taken('ghcr.io/acme', rules({ keys: [key('Acme', { repositories: ['ghcr.io/acme'] }), key('Other', { repositories: ['ghcr.io'] })] })).join(' ')).toBe('Taken if signed by “Acme” or “Other”. All else is refused.')
  expect(taken('ghcr.io/acme', rules({ keys: [key('Acme', { repositories: ['ghcr.io/acme'] })], pins: { luanti: ['sha256:x'] } })).join(' ')).toBe('Taken if signed by “Acme”. Of luanti only what is pinned is taken, signed or not. All else is refused.')
  expect(taken('ghcr.io/acme', rules()).join(' ')).toContain('no key counts for it')
  expect(taken('ghcr.io/acme', rules({ pins: { luanti: ['sha256:x'] } })).join(' ')).toContain('Only what is pinned')
  expect(taken('ghcr.io/acme', rules({ 'require-signature': false }))).toEqual(['Everything is taken, signed or not.'])
  expect(taken('ghcr.io/acme', rules({ 'require-signature': false, pins: { luanti: ['sha256:x'] } })).join(' ')).toBe('Of luanti only what is pinned is taken, signed or not. All else is taken, signed or not.')
})
it('warns of what is taken without a word for it, and of signatures that nobody can make', () => {
  const tones = (given: Rules) => verdicts(given).map(({ tone }) => tone)
  expect(tones(rules())).toEqual(['no', 'warn', 'no'])
  expect(tones(rules({ keys: [key('Acme', { plugins: ['quake'] })] }))).toEqual(['no', 'ok', 'no'])
  expect(tones(rules({ 'require-signature': false, registries: [{ prefix: 'ghcr.io', network: 'public' }], offline: { packages: 'any', components: 'any' } }))).toEqual(['warn', 'warn', 'warn'])
})
it('says of the whole policy what it says of each registry', () => {
  const registries = ['ghcr.io/acme', 'quay.io'].map((prefix) => ({ prefix, network: 'public' as const }))
  const first = (given: Partial<Rules>) => verdicts(rules({ registries, ...given })).slice(0, 2).map(({ tone, text }) => `${tone} ${text}`)
  expect(first({ keys: [key('Acme', { repositories: ['ghcr.io/acme'] })] })).toEqual(['ok Plugins from ghcr.io/acme are taken if a key that counts for them signed them. From any other registry they are refused.', 'warn Nothing is taken from quay.io yet: no trusted key counts there.'])
  expect(first({})[0]).toBe('warn Nothing is taken from ghcr.io/acme and quay.io yet: no trusted key counts there.')
  expect(first({ pins: { luanti: ['sha256:x'] } })[0]).toBe('warn Only what is pinned is taken from ghcr.io/acme and quay.io: no trusted key counts there.')
  const many = ['a.io', 'b.io', 'c.io', 'd.io', 'e.io'].map((prefix) => ({ prefix, network: 'public' as const }))
  expect(first({ registries: many })[0]).toContain('the 5 registries below')
  expect(first({ registries: many, keys: [key('Acme', { repositories: ['a.io'] })] })[1]).toContain('4 of the 5 registries below')
})
it('says of files in each state of the policy what becomes of them', () => {
  const says = (given: Partial<Rules>) => verdicts(rules(given)).slice(given.registries ? -2 : 1).map(({ text }) => text.replace(/ \(\S+\)/, ''))
  const open = { packages: 'any', components: 'any' } as const
  const registry = [{ prefix: 'ghcr.io/acme', network: 'public' as const }]
  const taken = ['Uploaded packages are taken, signed or not.', 'Uploaded components are taken as they are: nobody vouches for them but who uploads.']
  expect(says({ offline: open })).toEqual(taken)
  expect(says({ offline: open, registries: registry })).toEqual(taken)
  expect(says({ keys: [key('Acme', { plugins: ['quake'] })] })[0]).toBe('Uploaded packages are taken if a key that counts for them signed them.')
  expect(says({ registries: registry })).toEqual(['Uploaded packages are refused until there is a key: they must be signed, and no key is trusted at present.', 'Uploaded components are refused until they are pinned, since they cannot be signed: no plugin is pinned.'])
  expect(says({ keys: [key('Late', { plugins: ['quake'], expires: '2020-01-01T00:00:00Z' })] })[0]).toContain('no key is trusted at present')
  expect(says({ pins: { luanti: ['sha256:x'] } })).toEqual([
    'Uploaded packages are taken only if they are pinned: no key is trusted at present, so no signature counts.',
    'Uploaded components are taken only if they are pinned, since they cannot be signed.',
    'Of luanti only what is pinned is taken, signed or not, and only from where plugins may come in at all.',
  ])
  expect(says({ pins: { luanti: ['sha256:x'] }, offline: { packages: 'never', components: 'never' } }).slice(0, 2)).toEqual(['Uploaded packages are refused, signed and pinned ones too.', 'Uploaded components are refused, pinned ones too.'])
})
it('knows of a chosen file whether it is sure to be refused', () => {
  const refused = (given: Partial<Rules>) => (['component', 'signed', 'unsigned'] as const).map((kind) => ofFile(kind, 'luanti', rules(given)).isRefused)
  expect(refused({ offline: { packages: 'any', components: 'any' } })).toEqual([false, false, false])
  expect(refused({})).toEqual([true, true, true])
  expect(refused({ keys: [key('Acme', { plugins: ['luanti'] })] })).toEqual([true, false, true])
  expect(refused({ pins: { luanti: ['sha256:x'] } })).toEqual([false, false, false])
  expect(refused({ pins: { luanti: ['sha256:x'] }, offline: { packages: 'never', components: 'never' } })).toEqual([true, true, true])
})
it('knows what may be a place before it shows what comes from there', () => {
  for (const place of ['ghcr.io', 'ghcr.io/acme/quake', 'localhost', 'localhost:5000/a', 'registry:5000', '[::1]:5000', '10.0.0.7/a__b/c-d.e']) expect([place, mayBePlace(place)]).toEqual([place, true])
  for (const place of ['', 'Acme', 'acme', 'not a registry!!', 'ghcr.io/', 'ghcr.io/Bob', 'ghcr.io//a', 'https://ghcr.io', 'ghcr.io/a..b']) expect([place, mayBePlace(place)]).toEqual([place, false])
})
it('proposes how a registry is reached by its name', () => {
  const all = { loopback: ['localhost:5000/drafts', '127.0.0.1:5000', '[::1]:5000'], private: ['registry.lan:5000/acme', '10.0.0.7:5000', '192.168.1.4', '172.20.0.2', 'registry:5000'], public: ['ghcr.io/acme', 'registry.gitlab.com', '172.40.0.1', 'localhost.example.org', ''] }
  for (const [network, prefixes] of Object.entries(all)) for (const prefix of prefixes) expect([prefix, networkOf(prefix)]).toEqual([prefix, network])
})
it('puts an item where it stood, or last', () => {
  expect(placed(['a', 'b'], 'c', (one) => one === 'a')).toEqual({ list: ['c', 'b'], index: 0 })
  expect(placed(['a', 'b'], 'c', (one) => one === 'x')).toEqual({ list: ['a', 'b', 'c'], index: 2 })
  expect(lines(' a\n\nb, a\n')).toEqual(['a', 'b'])
})
it('finds the fault of a rule at it or inside it, and of no other', () => {
  const problem = new ApiError({ code: 'validation_failed', status: 400, title: '', detail: '', remedy: '', fields: [{ key: 'rules.keys[1].repositories[0]', message: 'No.', remedy: 'Yes.' }] })
  expect(faultAt(problem, 'rules.keys[1].repositories')).toBe('No. Yes.')
  expect(faultAt(problem, 'rules.keys[1]')).toBe('No. Yes.')
  expect(faultAt(problem, 'rules.keys[1].name')).toBeNull()
  expect(faultAt(problem, 'rules.keys')).toBe('No. Yes.')
  expect(faultAt(null, 'rules')).toBeNull()
})
it('knows a private key before it is sent', () => {
  expect(isPrivateKey('-----BEGIN PRIVATE KEY-----\nMC4=')).toBe(true)
  expect(isPrivateKey('-----BEGIN ENCRYPTED PRIVATE KEY-----')).toBe(true)
  expect(isPrivateKey('-----BEGIN PUBLIC KEY-----')).toBe(false)
  expect(mayBePublicKey('-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----')).toBe(true)
})
it('tells of a record what changed, and nothing that stayed', () => {
  const before = { rules: rules({ registries: [{ prefix: 'ghcr.io/acme', network: 'public' }], keys: [key('Acme')], pins: { luanti: ['sha256:a'] } }) }
  const after = { rules: rules({ registries: [{ prefix: 'quay.io', network: 'public' }], keys: [key('Acme', { plugins: ['x'] })], pins: { luanti: ['sha256:a'] }, offline: { packages: 'any', components: 'pinned' } }) }
  expect(trustChanges(before, after)).toEqual([
    { label: 'Registry allowed', value: 'quay.io', code: true },
    { label: 'Registry refused', value: 'ghcr.io/acme', code: true },
    { label: 'Key changed', value: 'Acme' },
    { label: 'Packages (.gantry.tar)', was: 'Only with a signature', value: 'With or without a signature' },
  ])
  expect(trustChanges({ rules: null }, { rules: rules() })).toEqual([
    { label: 'Packages (.gantry.tar)', was: 'With or without a signature', value: 'Only with a signature' },
    { label: 'Components (.wasm)', was: 'As they are uploaded', value: 'Only if pinned' },
  ])
})
