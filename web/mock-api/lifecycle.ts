/** Releases of plugins as the mock knows them: one that waits, one that was given up, servers that are moved. */
import type { PluginView, Schemas, ServerView } from '../src/api/types'
import type { Manifest } from '../src/lib/plugin-manifest'
import { plugins, servers } from './data'
import { world } from './world'

type Release = Schemas['ReleaseView']
type Call = { params: string[]; query: URLSearchParams; body: Record<string, unknown>; bytes: Uint8Array }
type Handler = (call: Call) => unknown

const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()
const former = new Map<string, Release[]>()
const failures = new Map<string, Schemas['PluginFailureView'][]>()

const plugin = (params: string[]): PluginView => plugins.find((one) => one.id === params[0]) as PluginView
const told = (one: PluginView) => {
  world.emit({ type: 'plugin', pluginId: one.id })
  return one
}
const current = (one: PluginView): Release => ({
  digest: one.digest, version: one.version, sizeBytes: one.sizeBytes, standing: 'current', granted: one.capabilities.filter((asked) => asked.granted).map((asked) => asked.name),
  serverCount: servers.filter((server) => server.blueprint.plugin === one.name && server.blueprint.pluginVersion === one.version).length, installedAt: one.installedAt, provedAt: one.installedAt, failedAt: null, failure: null,
})
const releases = (one: PluginView): Release[] => [
  ...(one.waiting ? [{ ...current(one), ...one.waiting, standing: 'waiting' as const, granted: [], serverCount: 0, provedAt: null }] : []),
  current(one),
  ...(former.get(one.id) ?? []),
]

/** An update of a plugin that is no bundled one: whether it has to wait. */
export function takeIn(present: PluginView, manifest: Manifest, sizeBytes: number): boolean {
  const asks = manifest.capabilities.map((one): Schemas['AskView'] => {
    const had = present.capabilities.find((other) => other.name === one.name)
    const wider = had !== undefined && one.hosts.some((host) => !had.hosts.includes(host))
    return { ...one, granted: Boolean(had?.granted) && !wider, change: !had ? 'new' : wider ? 'wider' : 'same', had: had ? { hosts: had.hosts, names: had.names, quotaKib: had.quotaKib ?? null } : null }
  })
  if (asks.every((ask) => ask.change === 'same')) return false
  present.waiting = { digest: 'a11c'.repeat(16), version: manifest.version, sizeBytes, installedAt: new Date().toISOString(), asks, noLonger: [] }
  told(present)
  return true
}

const choices = (server: ServerView) => {
  const one = plugins.find((each) => each.name === server.blueprint.plugin)
  const all = one ? releases(one).filter((release) => release.standing !== 'waiting' && !release.failedAt && release.version !== server.blueprint.pluginVersion) : []
  return all.map((release) => ({ digest: release.digest, version: release.version, isCurrent: release.standing === 'current', installedAt: release.installedAt }))
}

export const handlers: [string, string, Handler][] = [
  ['POST', '/api/plugins/:/check', ({ params }) => ({ reference: plugin(params).origin?.reference ?? '', version: '1.1.0', isInstalled: false, isLater: true })],
  ['POST', '/api/plugins/:/grants', ({ params, body }) => {
    const one = plugin(params)
    const granted = body.capabilities as string[]
    const { waiting } = one
    if (waiting) Object.assign(one, { version: waiting.version, digest: waiting.digest, waiting: null, capabilities: waiting.asks })
    one.capabilities = one.capabilities.map((asked) => ({ ...asked, granted: granted.includes(asked.name) }))
    return told(one)
  }],
  ['POST', '/api/plugins/:/disable', ({ params }) => told(Object.assign(plugin(params), { disabledAt: new Date().toISOString() }))],
  ['POST', '/api/plugins/:/enable', ({ params }) => told(Object.assign(plugin(params), { disabledAt: null }))],
  ['POST', '/api/plugins/:/rollback', ({ params, body }) => {
    const one = plugin(params)
    const list = former.get(one.id) ?? []
    const back = list.find((release) => release.digest === body.digest)
    if (back) {
      former.set(one.id, [{ ...current(one), standing: 'former' }, ...list.filter((release) => release !== back)])
      Object.assign(one, { version: back.version, digest: back.digest })
    }
    return told(one)
  }],
  ['POST', '/api/plugins/:/move', ({ params, body }) => {
    const one = plugin(params)
    const to = releases(one).find((release) => release.digest === body.to)
    const all = servers.filter((server) => server.blueprint.plugin === one.name && server.blueprint.pluginVersion !== to?.version)
    const [busy, free] = [all.filter((server) => server.operation), all.filter((server) => !server.operation)]
    for (const server of free) world.change(server.id, { blueprint: { ...server.blueprint, pluginVersion: to?.version ?? '' } })
    return { moved: free.length, refused: busy.map((server) => ({ serverId: server.id, serverName: server.name, code: 'operation_in_progress', detail: 'Something is being done to the server. Wait until that has ended.' })) }
  }],
  ['GET', '/api/plugins/:/releases', ({ params }) => ({ items: releases(plugin(params)), nextCursor: null })],
  ['DELETE', '/api/plugins/:/releases/:', ({ params }) => {
    const one = plugin(params)
    if (one.waiting?.digest === params[1]) one.waiting = null
    if (one.givenUp?.digest === params[1]) one.givenUp = null
    former.set(one.id, (former.get(one.id) ?? []).filter((release) => release.digest !== params[1]))
    told(one)
  }],
  ['GET', '/api/plugins/:/failures', ({ params }) => ({ items: failures.get(params[0] ?? '') ?? [], nextCursor: null })],
  ['GET', '/api/servers/:/release', ({ params }) => {
    const server = servers.find((one) => one.id === params[0]) as ServerView
    const all = choices(server)
    const later = all.find((one) => one.isCurrent) ?? null
    return { digest: '', version: server.blueprint.pluginVersion, currentVersion: later?.version ?? server.blueprint.pluginVersion, later, choices: all }
  }],
  ['POST', '/api/servers/:/release', ({ params, body }) => {
    const server = servers.find((one) => one.id === params[0]) as ServerView
    const to = choices(server).find((one) => one.digest === body.digest)
    world.change(server.id, { blueprint: { ...server.blueprint, pluginVersion: to?.version ?? '' }, waiting: server.observed.state === 'running' ? ['release'] : [] })
    return servers.find((one) => one.id === params[0])
  }],
]

/** Of two plugins, one has an update that asks for more and the other gave one up; or one is disabled. */
export function scene(name: 'updates' | 'disabled'): void {
  const [arena, worlds] = plugins
  if (!arena || !worlds) return
  if (name === 'disabled') {
    arena.disabledAt = ago(1)
    return
  }
  const failure = { call: 'plans.run', code: 'plugin_failed', message: 'the plugin luanti was stopped in plans.run: it computed for more than 1s; its author must make it do less in one call', serverId: servers[1]?.id ?? null, serverName: servers[1]?.name ?? 'Hilltop village', nodeName: 'fra-1' }
  const [downloads, asked] = [worlds.capabilities[1], arena.capabilities]
  arena.bundled = false
  arena.origin = { reference: 'ghcr.io/acme/openarena:stable', artifact: `sha256:${'c0de'.repeat(16)}`, trust: { by: 'key', name: 'acme-2026' } }
  arena.version = '0.2.0'
  arena.waiting = {
    digest: 'a11c'.repeat(16), version: '1.0.0', sizeBytes: 71_680, installedAt: ago(0.1), noLonger: [],
    asks: [
      ...asked.slice(0, 1).map((one) => ({ ...one, change: 'same' as const, had: { hosts: [], names: [], quotaKib: null } })),
      { ...(downloads ?? asked[0] as Schemas['CapabilityView']), name: 'download', reason: 'Fetches the maps of your clan.', hosts: ['maps.example.org', '*.githubusercontent.com'], granted: false, change: 'wider', had: { hosts: ['maps.example.org'], names: [], quotaKib: null } },
      { name: 'kv', reason: 'Remembers who won.', hosts: [], names: [], quotaKib: 256, granted: false, change: 'new', had: null },
    ],
  }
  former.set(arena.id, [{ ...current(arena), digest: '0a1d'.repeat(16), version: '0.1.0', standing: 'former', serverCount: servers.filter((one) => one.blueprint.plugin === arena.name).length, installedAt: ago(90) }])
  worlds.givenUp = { digest: 'bad0'.repeat(16), version: '0.2.0', at: ago(0.02), failure }
  former.set(worlds.id, [{ ...current(worlds), digest: 'bad0'.repeat(16), version: '0.2.0', standing: 'former', serverCount: 0, installedAt: ago(0.1), provedAt: null, failedAt: ago(0.02), failure }])
  failures.set(worlds.id, [
    { ...failure, digest: 'bad0'.repeat(16), version: '0.2.0', times: 1, firstAt: ago(0.02), lastAt: ago(0.02) },
    { ...failure, digest: worlds.digest, version: '0.1.0', call: 'collector.collect', message: 'the plugin luanti was stopped in collector.collect: it crashed (unreachable at luanti::status::parse); its log may say why; tell its author', times: 214, firstAt: ago(20), lastAt: ago(3) },
  ])
}
