/** How plugins fare, as the mock knows it: figures by place, holds that can be lifted, and a log for each place. */
import type { Schemas } from '../src/api/types'
import { plugins, servers } from './data'

type Call = { params: string[]; query: URLSearchParams; body: Record<string, unknown> }
type Handler = (call: Call) => unknown
type Figures = Schemas['PluginFigures']
type Hold = Schemas['PluginHold']
type Place = Schemas['PlaceConduct']

const at = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString()
const [N1, N3] = ['0193a0c0-0000-7000-8000-000000000065', '0193a0c0-0000-7000-8000-000000000067']
const OLD = '0b5e'.repeat(16)
const MIB = 1024 ** 2

const figures = (calls: number, more: Partial<Figures> = {}): Figures => ({ calls, declined: 0, stopped: {}, refused: 0, broken: 0, cpuMs: Math.round(calls * 0.09), memoryPeakBytes: 2.6 * MIB, hostCalls: calls * 2, logBytes: 0, ...more })
const TRAP = 'the plugin openarena was stopped in collector.collect: it crashed: wasm `unreachable` instruction executed; tell the plugin’s author'

/** By the manifest id of a plugin. Nobody has asked the others. */
const places: Record<string, Place[]> = {}
let silent: string[] = []
let records: Schemas['RecordView'][] = []
/** Its node went away after it was listed. */
const GONE = 'e'.repeat(32)

const arena = () => plugins.find((one) => one.manifestId === 'openarena')
/** Each next server half as busy as the one before. */
const split = (all: Figures, of: typeof servers) => of.map((server, i) => ({ serverId: server.id, figures: figures(Math.round(all.calls / 2 ** (i + 1)), i === 0 ? { stopped: all.stopped, refused: all.refused } : {}) }))
const release = (some: Figures, holds: Hold[] = [], old = false, of: typeof servers = []) => ({ plugin: 'openarena', version: old ? '0.0.9' : '0.1.0', digest: old ? OLD : (arena()?.digest ?? ''), figures: some, holds, servers: split(some, of) })
const calm = (): Place[] => [
  { nodeId: null, nodeName: null, releases: [release(figures(412, { declined: 3, cpuMs: 38, hostCalls: 0 }))] },
  { nodeId: N1, nodeName: 'fra-1', releases: [release(figures(1_204_518, { stopped: { cpu_time: 2 }, logBytes: 18_204 }), [], false, servers.slice(0, 3))] },
  { nodeId: N3, nodeName: 'nyc-1', releases: [release(figures(84_220), [], false, servers.slice(3, 5)), release(figures(20_117, { broken: 1 }), [], true)] },
]
places.openarena = calm()

const named = (): Record<string, string> => Object.fromEntries(servers.map((server) => [server.id, server.name]))
const of = (id: string | undefined) => places[plugins.find((one) => one.id === id)?.manifestId ?? ''] ?? []

function lines(): Schemas['PluginLine'][] {
  const [one, two] = servers
  const line = (seconds: number, kind: Schemas['PluginLineKind'], text: string, call = 'collector.collect', serverId = one?.id ?? null) => ({ at: at(seconds), kind, call, serverId, text })
  return [
    line(5_400, 'info', 'getstatus answered in 41 ms, 3 players', 'collector.collect', two?.id ?? null),
    line(2_210, 'debug', 'sv_hostname has colours; they are kept'),
    line(640, 'warn', 'the answer has 412 bytes more than a packet of the protocol; the rest is left out'),
    line(310, 'error', 'player 17 has no name: "0 999 \\"\\""', 'collector.collect', two?.id ?? null),
    line(95, 'stopped', TRAP),
    line(80, 'stopped', TRAP),
    line(66, 'info', 'no word of this line is known: ------ Server Initialization ------', 'console-events.parse'),
    line(64, 'stopped', TRAP),
  ]
}

const gone = () => {
  const problem: Schemas['Problem'] = { type: '/problems/node_unreachable', title: 'The node is not connected', status: 503, code: 'node_unreachable', detail: 'The node nyc-1 is away.', remedy: 'Try again once it is back.', requestId: N3, fields: [] }
  return Response.json(problem, { status: 503, headers: { 'content-type': 'application/problem+json' } })
}

export const handlers: [string, string, Handler][] = [
  ['GET', '/api/plugins/holds', () => ({
    items: plugins.flatMap((plugin) => of(plugin.id).flatMap((place) => place.releases.flatMap(({ version, holds }) => holds.map((hold) => ({ pluginId: plugin.id, version, nodeId: place.nodeId, nodeName: place.nodeName, ...hold }))))),
    silent,
  })],
  ['GET', '/api/servers/:/plugin-holds', ({ params }) => {
    const plugin = arena()
    const server = servers.find((one) => one.id === params[0])
    if (!plugin || server?.blueprint.plugin !== plugin.name) return { pluginId: plugin?.id ?? '', name: server?.blueprint.plugin ?? '', version: server?.blueprint.pluginVersion ?? '', items: [], nodeAnswered: true }
    const there = of(plugin.id).filter((place) => place.nodeId === null || place.nodeId === server.node.id)
    const holds = there.flatMap((place) => place.releases.filter((one) => one.version === plugin.version).flatMap((one) => one.holds.filter((hold) => !hold.serverId || hold.serverId === server.id).map(({ call, since, until, reason, serverId }) => ({ onNode: place.nodeId !== null, onlyHere: Boolean(serverId), call, since, until, reason }))))
    return { pluginId: plugin.id, name: plugin.name, version: plugin.version, items: holds, nodeAnswered: true }
  }],
  ['GET', '/api/plugins/:/conduct', ({ params }) => ({ places: of(params[0]), silent, servers: named() })],
  ['GET', '/api/plugins/:/log', ({ query }) => {
    const server = query.get('server')
    const items = query.get('node') === N1 ? lines().filter((line) => !server || line.serverId === server) : []
    return { items, servers: named() }
  }],
  ['GET', '/api/plugins/:/records', ({ params }) => ({ items: plugins.find((one) => one.id === params[0])?.manifestId === 'openarena' ? records : [], silent, servers: named() })],
  ['GET', '/api/plugins/:/records/:', ({ params }) => (params[1] === GONE ? gone() : new Response('{"format":"gantry-record-1"}\n', { headers: { 'content-type': 'application/jsonl' } }))],
  ['POST', '/api/plugins/:/lift', ({ params, body }) => {
    for (const place of of(params[0])) {
      if ((place.nodeId ?? null) !== (body.nodeId ?? null)) continue
      for (const one of place.releases) if (one.digest === body.digest) one.holds = one.holds.filter((hold) => body.serverId && hold.serverId !== body.serverId)
    }
  }],
]

/** A plugin that fails: for two servers of one node, one of which is gone, and everywhere on another. */
export function scene(): void {
  const hold = (serverId: string | null, since: number, until: number, times: number): Hold => ({ serverId, call: 'collector.collect', reason: TRAP, since: at(since), until: at(-until), times })
  const [, one, two] = calm()
  if (!one || !two) return
  one.releases = [release(figures(1_204_518, { stopped: { trap: 41, cpu_time: 2 }, refused: 3_180, logBytes: 402_118 }), [hold(servers[0]?.id ?? null, 64, 56, 3), hold('0193a0c0-0000-7000-8000-00000000dead', 20, 10, 1)], false, servers.slice(0, 3))]
  two.releases = [release(figures(84_220, { stopped: { trap: 15, answer: 2 }, refused: 96 }), [hold(null, 240, 960, 6)]), ...two.releases.slice(1).map((one) => ({ ...one, holds: [hold(servers[3]?.id ?? null, 120, 40, 2)] }))]
  places.openarena = [...calm().slice(0, 1), one, two]
  silent = ['fra-2', 'nyc-2']
  const record = (id: string, call: string, reason: string, message: string, more: Partial<Schemas['RecordView']> = {}): Schemas['RecordView'] => ({ id: id.repeat(32), plugin: 'openarena', version: '0.1.0', digest: arena()?.digest ?? '', call, reason, message, symbol: null, serverId: servers[0]?.id ?? null, nodeId: N1, nodeName: 'fra-1', firstAt: at(9_000), at: at(64), times: 1, bytes: 4_318, isWhole: true, ...more })
  records = [
    record('a', 'collector.collect', 'trap', TRAP, { symbol: 'openarena::status::Player::parse', times: 41 }),
    record('b', 'tabs.render', 'answer', 'the plugin openarena was stopped in tabs.render: its answer breaks the contract: a table has 12 columns; the limit is 8; its author must correct it', { at: at(2_400), bytes: 61_022, serverId: '0193a0c0-0000-7000-8000-00000000dead' }),
    record('e', 'actions.perform', 'host_calls', 'the plugin openarena was stopped in actions.perform: it called the host more than 256 times; its author must make fewer calls, the log included', { at: at(86_400), bytes: 2_204_118, isWhole: false, nodeId: N3, nodeName: 'nyc-1', serverId: servers[1]?.id ?? null }),
    record('c', 'hooks.handle', 'cpu_time', 'the plugin openarena was stopped in hooks.handle: it computed for more than 1s; its author must make it do less in one call', { at: at(100_000), nodeId: null, nodeName: null, serverId: null, version: '0.0.9', digest: OLD }),
  ]
}
