/**
 * The API in the page: method and path to an answer. It is unlike the real one in that nothing is kept over a reload,
 * a preview validates little, and every account may do everything.
 */
import type { AllocationView, NodeView, ServerInput, ServerView, StatisticsView } from '../src/api/types'
import { aServer, actionsFor, allocations, audit, blueprints, failedInstall, id, locations, members, nodes, operations, permissions, plugins, servers, users, variablesOf } from './data'
import * as allowances from './allowances'
import * as conduct from './conduct'
import * as credentials from './credentials'
import * as files from './files'
import { machineParts, machinePoint, usageOf } from './machines'
import { Refused, problem } from './problem'
import * as trust from './trust'
import { crowd, lengthen, multiply, namesake, onlyReading, strain } from './scenes'
import { readPackage } from '../src/lib/plugin-package'
import { readManifest } from '../src/lib/plugin-manifest'
import * as hooks from './hooks'
import * as lifecycle from './lifecycle'
import * as described from './pages'
import * as lookups from './lookups'
import * as backups from './backups'
import * as drains from './drains'
import * as schedules from './schedules'
import { everyStep } from './plan'
import { doneBy, offerOf } from './actions'
import { install, numbersAt, power, world } from './world'
import { gamesOf, playedOn } from './players'

type Call = { params: string[]; query: URLSearchParams; body: Record<string, unknown>; bytes: Uint8Array }
type Handler = (call: Call) => unknown
const missing = () => problem('not_found', 404, 'There is nothing here, or you may not see it', 'No such thing.', 'Check the address.')
const page = <T>(items: T[]) => ({ items, nextCursor: null })
/** A page as the API cuts it: the cursor says how many were given already. */
const paged = <T>(items: T[], query: URLSearchParams) => {
  const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 50)]
  return { items: items.slice(from, from + limit), nextCursor: from + limit < items.length ? String(from + limit) : null }
}
const found = <T>(thing: T | undefined) => thing ?? missing()
const me = () => users[0]
const session = () => {
  const user = me()
  return user && { user: { id: user.id, name: user.name, email: user.email, role: user.role, administrator: user.role === 'admin' }, session: { id: id(9), createdAt: new Date().toISOString(), expiresAt: new Date(Date.now() + 7 * 86_400_000).toISOString() } }
}
const signIn = ({ body }: Call) => {
  if (body.password === 'wrong') return problem('wrong_credentials', 401, 'The e-mail address or the password is wrong', 'The e-mail address or the password is wrong.', 'Check both; ask an administrator to reset the password if it is lost.')
  world.signedIn = true
  world.setupNeeded = false
  return session()
}

/** Whether the game's plugin kept failing and is not asked. */
let onHold = false

/** Whether a preview shows every kind of step. */
let longPlan = false

function preview(input: ServerInput) {
  const problems = input.variables?.map === 'oa_dm99' ? [{ key: 'variables.map', message: 'There is no map of this name.', remedy: 'Choose one that the game brings, such as oa_dm1.' }] : []
  const free = allocations.find((one) => !one.inUse)
  return {
    problems,
    facts: input.blueprintId.startsWith('luanti') ? [{ key: 'version', value: '5.12.0' }, { key: 'url', value: 'https://content.luanti.org/releases/5.12.0/luanti-server.tar.gz' }, { key: 'digest', value: 'c0ffee'.repeat(10) }] : [],
    plan: problems.length > 0 ? null : {
      installedVersion: '0.8.8',
      steps: longPlan ? everyStep : [
        { id: 'image', title: 'Build the image with the game', weight: 8, action: { type: 'build_image', image: { type: 'recipe', dockerfile: 'FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y openarena-server\nUSER 20000', files: [] } } },
        { id: 'dirs', title: 'Make the game’s folder', weight: 1, action: { type: 'make_directory', path: 'baseoa' } },
        { id: 'cfg', title: 'Write server.cfg', weight: 1, action: { type: 'write', path: 'baseoa/server.cfg', content: `seta sv_hostname "${input.variables?.hostname ?? ''}"\nseta sv_maxclients ${input.variables?.max_players ?? '16'}`, mode: 0o644, onlyIfMissing: false } },
        { id: 'maps', title: 'Fetch the community maps', weight: 4, action: { type: 'download', url: 'https://files.example.org/oa-maps-2.zip', path: 'baseoa/maps.pk3', maxBytes: 64 * 1024 ** 2, expect: { algorithm: 'sha256', hex: 'ab'.repeat(32) } } },
      ],
    },
    endpoints: free ? [{ allocationId: free.id, name: 'game', protocol: 'udp', address: free.address, port: free.port, primary: true }] : [],
  }
}

/** Versions of a game, unless those who publish it are away. */
async function listed() {
  await new Promise((done) => setTimeout(done, 400))
  if (lookups.world.answers) return page(lookups.choices())
  return problem('look_up_failed', 502, 'What the game’s plugin must look up was not found', 'versions.luanti.org cannot answer at the moment (status 503).', 'Try again in a minute.')
}

/** A kick takes its time; nobody is called Nobody. */
async function act(server: ServerView, action: string, form: Record<string, string>) {
  await new Promise((done) => setTimeout(done, 1_500))
  if (onHold) return problem('plugin_on_hold', 503, 'The plugin is on hold', 'The plugin openarena is on hold for this server since it kept failing in collector.collect, the last time so: the plugin openarena was stopped in collector.collect: it crashed; an administrator sees it under Plugins and can end the hold.', 'It kept failing; it is tried again by itself. An administrator sees why under Plugins, and can end the hold.')
  if (action === 'kick' && !server.sample?.game?.playerList.some(({ name }) => name === form.player)) return problem('action_refused', 422, 'The game’s plugin did not do this', `Nobody called ${form.player ?? ''} plays. These do: Sarge, Grism.`, 'The detail says why; change what you ask for, or what is in the way.')
  return { messages: doneBy(action, form) }
}

function create(input: ServerInput) {
  const blueprint = blueprints.find((item) => item.id === input.blueprintId)
  const free = allocations.find((one) => !one.inUse)
  const node = nodes.find((one) => one.id === input.nodeId)
  if (!blueprint || !free || !node) return missing()
  const server = aServer({
    id: world.newId(), name: input.name, description: input.description ?? '', limits: input.limits ?? blueprint.blueprint.recommended, sample: null,
    blueprint: { id: blueprint.id, name: blueprint.blueprint.name, plugin: blueprint.plugin.name, pluginVersion: blueprint.plugin.version, commands: blueprint.blueprint.commands ?? 'console' },
    observed: { state: 'uninstalled', since: new Date().toISOString(), reason: null, crashes: 0, startedAt: null },
    endpoints: [{ allocationId: free.id, name: 'game', protocol: 'udp', address: free.address, port: free.port, primary: true }], createdAt: new Date().toISOString(),
  })
  Object.assign(free, { inUse: true, serverId: server.id, serverName: server.name })
  servers.unshift(server)
  const operation = world.begin(server.id, 'install')
  world.console(server.id).lines.length = 0
  install(server.id, operation.id, input.start ?? false)
  return { server: world.server(server.id), operation }
}

/** Measuring has only just begun. */
let young = false

function overTime<T>(query: URLSearchParams, point: (at: number) => T): Omit<StatisticsView, 'points' | 'games'> & { points: T[] } {
  const [from, to] = [query.get('from'), query.get('to')].map((text) => Date.parse(text ?? '') / 1000) as [number, number]
  const step = Math.max(10, Math.ceil((to - from) / 360))
  const points = Array.from({ length: Math.floor((to - from) / step) }, (_, i) => from + i * step)
    // Ten hours ago somebody pulled a plug for a while.
    .filter((at) => Math.abs(to - 10 * 3_600 - at) > 2_400)
    .slice(young ? -1 : 0)
    .map(point)
  return { from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString(), stepSeconds: step, points }
}
const statistics = (server: ServerView, query: URLSearchParams): StatisticsView => ({ ...overTime(query, (at) => ({ at: new Date(at * 1000).toISOString(), ...numbersAt(at, server), maxPlayers: 16 })), games: gamesOf(server, query.get('from') ?? '', query.get('to') ?? '') })

/** A node that is away has nothing of the time since. */
function machine(node: NodeView, query: URLSearchParams) {
  const view = overTime(query, (at) => machinePoint(at, node))
  return { ...view, points: view.points.filter((point) => node.report !== null && (node.state === 'connected' || point.at < (node.lastSeenAt ?? ''))) }
}
function machineHistory(node: NodeView, query: URLSearchParams) {
  const { points, ...range } = overTime(query, (at) => at)
  const known = points.filter((at, i) => i % 3 === 0 && node.report !== null && (node.state === 'connected' || at * 1000 < Date.parse(node.lastSeenAt ?? '')))
  return { ...range, stepSeconds: range.stepSeconds * 3, ...machineParts(known, query.get('kind') ?? '', node) }
}
const withUsage = (node: NodeView): NodeView => ({ ...node, usage: usageOf(node) })

/** Gives an endpoint an address in place of the one that it has. */
function readdress(server: ServerView, name: string, free: AllocationView): ServerView['endpoints'] {
  const old = server.endpoints.find((endpoint) => endpoint.name === name)
  const left = allocations.find((one) => one.id === old?.allocationId)
  if (left) Object.assign(left, { inUse: false, serverId: null, serverName: null })
  Object.assign(free, { inUse: true, serverId: server.id, serverName: server.name })
  const endpoints = [...server.endpoints.filter((endpoint) => endpoint !== old), { allocationId: free.id, name, protocol: old?.protocol ?? ('udp' as const), address: free.address, port: free.port, primary: old?.primary ?? false }]
  world.change(server.id, { endpoints, waiting: server.observed.state === 'running' ? [...new Set([...server.waiting, 'addresses' as const])] : [] })
  return endpoints
}

/** As the control plane does, but that it compares versions as text. */
function upload({ query, bytes }: Call) {
  const packed = readPackage(bytes)
  const manifest = readManifest(packed?.component ?? bytes)
  const refused = trust.refuses(packed ? (packed.isSigned ? 'signed' : 'unsigned') : 'component', manifest?.id ?? '')
  if (refused) return refused
  if (!manifest) return problem('plugin_rejected', 422, 'The plugin was refused', 'It has no manifest.', 'Build it with the SDK.')
  const present = plugins.find((one) => one.manifestId === manifest.id)
  const refuse = (detail: string) => problem('conflict', 409, 'This does not fit the present state', detail, 'Read the detail, look at the thing again and decide.')
  if (present && query.get('replace') !== 'true') {
    if (present.bundled) return refuse(`A plugin with the id ${manifest.id} comes with Gantry. Upload this one with replace=true if it is meant to stand in for that one; Gantry then no longer updates it.`)
    if (manifest.version < present.version) return refuse(`Version ${present.version} of ${manifest.id} is installed, and this is ${manifest.version}. What a later version wrote, an earlier one may not understand. Upload it with replace=true if going back is meant.`)
  }
  const granted = (query.get('grant') ?? '').split(',')
  if (present && !query.has('grant')) {
    const waits = lifecycle.takeIn(present, manifest, bytes.length)
    if (waits) return present
  }
  const capabilities = manifest.capabilities.map((one) => ({ ...one, granted: granted.includes(one.name) }))
  const plugin = { ...manifest, id: present?.id ?? world.newId(), manifestId: manifest.id, contract: '0.1', digest: 'c0de'.repeat(16), sizeBytes: bytes.length, capabilities, blueprints: present?.blueprints ?? [], hasGames: true, listens: null, bundled: false, serverCount: present?.serverCount ?? 0, installedAt: new Date().toISOString(), waiting: null, givenUp: null, disabledAt: null, origin: null }
  plugins.splice(present ? plugins.indexOf(present) : plugins.length, present ? 1 : 0, plugin)
  return plugin
}

const asks = (granted: boolean) => [
  { name: 'image-build', reason: 'The node builds the image that the game runs in.', granted, hosts: [], names: [] },
  { name: 'container-run', reason: 'A step of the installation runs a command in a container.', granted, hosts: [], names: [] },
  { name: 'container-root', reason: 'The egg’s install script runs as root in its container.', granted, hosts: [], names: [] },
]

/** Every egg is the same to it, but one that is none, and one that it reads for ever. */
function convert({ query, bytes }: Call) {
  const name = query.get('fileName') ?? ''
  if (name.startsWith('slow-')) return new Promise(() => undefined)
  if (bytes.length < 3) return problem('validation_failed', 422, 'Some fields need another value', `Eggs: ${name} is no egg: it has no fields`, 'Choose an egg of Pterodactyl or Pelican as it was exported, in JSON or YAML.')
  const found = blueprints.slice(1).map(({ blueprint }) => ({ ...blueprint, id: 'egg', name: 'Terraria Vanilla' }))
  const losses = name.includes('plain') ? [] : [
    { severity: 'lost', at: 'features/5', what: 'The feature “gsl_token”', meaning: 'The panel does not ask for a Steam game server login token when the game says that it lacks one; set the variable by hand.' },
    { severity: 'different', at: 'scripts/installation/script', what: 'The install script’s exit status', meaning: 'It may fail and the installation goes on, as it does there; what it printed stands in the operation.' },
    { severity: 'different', at: 'config/logs', what: 'Where the logs are', meaning: 'Gantry reads the console itself and needs no place of logs.' },
  ]
  return { importer: 'Eggs 0.1.0', manifestId: 'egg-terraria-vanilla', name: 'Terraria Vanilla', version: '1.0.20250311', author: 'support@example.org', description: 'Terraria is a land of adventure, made by you; this runs its dedicated server.', document: JSON.stringify({ plugin: { id: 'egg-terraria-vanilla' }, blueprint: { name: 'Terraria Vanilla' } }, null, 2), losses, capabilities: asks(false), blueprints: found, present: null }
}

function installDocument({ query }: Call) {
  const granted = (query.get('grant') ?? '').split(',')
  const plugin = { id: world.newId(), manifestId: 'egg-terraria-vanilla', name: 'Terraria Vanilla', version: '1.0.20250311', author: 'support@example.org', description: 'Runs the dedicated server.', licence: '', contract: '0.2', digest: 'e66e'.repeat(16), sizeBytes: 3_900_000, capabilities: asks(false).map((one) => ({ ...one, granted: granted.includes(one.name) })), blueprints: [{ id: 'egg-terraria-vanilla:egg', name: 'Terraria Vanilla' }], hasGames: true, listens: null, bundled: false, serverCount: 0, installedAt: new Date().toISOString() }
  plugins.push(plugin)
  return plugin
}

const filed = (result: unknown) => (result instanceof files.Fails ? problem(...result.fault, 'The detail says what is in the way.') : result)
/** Whether no server has any files. */
let noFiles = false

const withServer = (handle: (server: ServerView, call: Call) => unknown): Handler => (call) => {
  const server = world.server(call.params[0] ?? '')
  return server ? handle(server, call) : missing()
}

const routes: [method: string, path: string, handle: Handler][] = [
  ['GET', '/api/setup', () => ({ needed: world.setupNeeded, tokenRequired: world.setupNeeded })],
  ['POST', '/api/setup', signIn],
  ['GET', '/api/auth/get-session', () => (world.signedIn && !world.setupNeeded ? session() : problem('not_signed_in', 401, 'You are not signed in', '', 'Sign in and try again.'))],
  ['POST', '/api/auth/sign-in/email', signIn],
  ['POST', '/api/auth/sign-out', () => void (world.signedIn = false)],
  ['GET', '/api/ws/token', () => ({ token: 'mock', expiresAt: new Date().toISOString() })],
  ['GET', '/api/account', me],
  ['PATCH', '/api/account', ({ body }) => Object.assign(me() ?? {}, body.name ? { name: body.name } : {})],
  ['GET', '/api/account/allowance', () => allowances.of(me()?.id ?? '')],
  ['GET', '/api/account/ssh-keys', () => page(credentials.sshKeys)],
  ['POST', '/api/account/ssh-keys', ({ body }) => {
    const made = credentials.addKey(world.newId(), String(body.name), String(body.publicKey))
    return 'message' in made ? problem('validation_failed', 400, 'Some fields need another value', made.message, 'Each field says what it needs.', [made]) : made
  }],
  ['DELETE', '/api/account/ssh-keys/:', ({ params }) => void credentials.sshKeys.splice(credentials.sshKeys.findIndex((one) => one.id === params[0]), 1)],
  ['GET', '/api/account/app-passwords', () => page(credentials.appPasswords)],
  ['POST', '/api/account/app-passwords', ({ body }) => credentials.addPassword(world.newId(), String(body.name), typeof body.expiresAt === 'string' ? body.expiresAt : null)],
  ['DELETE', '/api/account/app-passwords/:', ({ params }) => void credentials.appPasswords.splice(credentials.appPasswords.findIndex((one) => one.id === params[0]), 1)],
  ['GET', '/api/servers', ({ query }) => paged(servers.filter((server) => server.name.toLowerCase().includes((query.get('search') ?? '').toLowerCase()) && (!query.get('status') || server.observed.state === query.get('status'))), query)],
  ['POST', '/api/servers/preview', ({ body }) => preview(body as unknown as ServerInput)],
  ['POST', '/api/servers', ({ body }) => create(body as unknown as ServerInput)],
  ['GET', '/api/servers/:', withServer((server) => server)],
  ['PATCH', '/api/servers/:', withServer((server, { body }) => world.change(server.id, body))],
  ['DELETE', '/api/servers/:', withServer((server) => {
    const operation = world.begin(server.id, 'delete')
    world.change(server.id, { desired: 'deleted' })
    setTimeout(() => {
      world.move(operation.id, { state: 'succeeded', endedAt: new Date().toISOString() })
      servers.splice(servers.findIndex((one) => one.id === server.id), 1)
      world.emit({ type: 'removed', serverId: server.id })
    }, 2_000)
    return { operationId: operation.id }
  })],
  ['GET', '/api/servers/:/actions', withServer((server) => offerOf(server))],
  ['POST', '/api/servers/:/actions/:', withServer((server, { params, body }) => act(server, params[1] ?? '', (body.form ?? {}) as Record<string, string>))],
  ['POST', '/api/servers/:/broadcast', withServer(() => ({ messages: [] }))],
  ['POST', '/api/servers/:/power', withServer((server, { body }) => ({ operationId: power(server.id, body.action as 'start').id }))],
  ['POST', '/api/servers/:/reinstall', withServer((server) => {
    const operation = world.begin(server.id, 'reinstall')
    install(server.id, operation.id, false)
    return { operationId: operation.id }
  })],
  ['PUT', '/api/servers/:/hold', withServer((server, { body }) => world.change(server.id, { holds: [{ by: 'administrator', reason: String(body.reason) }] }))],
  ['DELETE', '/api/servers/:/hold', withServer((server) => world.change(server.id, { holds: [] }))],
  ['PATCH', '/api/servers/:/limits', withServer((server, { body }) => world.change(server.id, { limits: body as unknown as ServerView['limits'], waiting: server.observed.state === 'running' ? ['limits'] : [] }))],
  ['GET', '/api/servers/:/variables', withServer((server) => variablesOf(server))],
  ['PATCH', '/api/servers/:/variables', withServer((server, { body }) => {
    const values = body.values as Record<string, string | null>
    const view = variablesOf(server)
    return { ...view, items: view.items.map((item) => (item.variable.key in values ? { ...item, needsRestart: server.observed.state === 'running', value: item.variable.kind.type === 'secret' ? null : (values[item.variable.key] ?? null) } : item)) }
  })],
  ['GET', '/api/servers/:/config-files', withServer((server) => described.filesOf(server))],
  ['GET', '/api/servers/:/config-files/:', withServer((_, { params }) => described.fileOf(params[1] ?? ''))],
  ['PATCH', '/api/servers/:/config-files/:', withServer((server, { body }) => described.save(server, body) ?? problem('file_changed', 412, 'The file was changed meanwhile', 'The file minetest.conf was changed since it was read.', 'Read it again, then decide what of yours goes in.'))],
  ['GET', '/api/servers/:/tabs', withServer((server) => described.tabsOf(server))],
  ['GET', '/api/servers/:/tabs/:', withServer((server) => described.tabOf(server))],
  ['GET', '/api/servers/:/players', withServer((server) => ({ players: server.sample?.game?.playerList ?? [], count: server.sample?.game?.players ?? null, maxPlayers: 16, complete: server.sample?.game?.listsPlayers ?? false, at: new Date(Date.now() - 3_000).toISOString() }))],
  ['GET', '/api/servers/:/player-sessions', withServer((server, { query }) => paged(server.sample?.game?.listsPlayers ? playedOn(server) : [], query))],
  ['GET', '/api/servers/:/statistics', withServer((server, { query }) => statistics(server, query))],
  ['GET', '/api/servers/:/console', withServer((server, { query }) => {
    const { lines } = world.console(server.id)
    const older = lines.filter((line) => line.seq < Number(query.get('before') ?? Infinity)).slice(-Number(query.get('limit') ?? 200))
    return { lines: older, firstSeq: lines[0]?.seq ?? 1, nextSeq: (lines.at(-1)?.seq ?? 0) + 1 }
  })],
  ['GET', '/api/servers/:/sftp', withServer((server) => credentials.reach(server))],
  ['GET', '/api/servers/:/files', ({ query }) => filed(files.list(query.get('path') ?? '', noFiles))],
  ['GET', '/api/servers/:/files/content', ({ query }) => filed(files.content(query.get('path') ?? ''))],
  ['PUT', '/api/servers/:/files/content', ({ query, bytes }) => filed(files.save(query.get('path') ?? '', new TextDecoder().decode(bytes), query.get('version')))],
  ['PUT', '/api/servers/:/files/upload', ({ query, bytes }) => filed(files.upload(query.get('path') ?? '', bytes.length, query.get('replace') === 'true'))],
  ['POST', '/api/servers/:/files/directory', ({ body }) => filed(files.makeDirectory(String(body.path)))],
  ['POST', '/api/servers/:/files/rename', ({ body }) => filed(files.move(String(body.from), String(body.to), false))],
  ['POST', '/api/servers/:/files/copy', ({ body }) => filed(files.move(String(body.from), String(body.to), true))],
  ['POST', '/api/servers/:/files/delete', ({ body }) => filed(files.remove(body.paths as string[]))],
  ['GET', '/api/servers/:/allocations', withServer((server) => page(server.endpoints))],
  ['POST', '/api/servers/:/allocations', withServer((server, { body }) => {
    const free = allocations.find((one) => one.nodeId === server.node.id && !one.inUse)
    return free ? page(readdress(server, String(body.endpoint), free)) : problem('no_free_allocation', 409, 'The node has no free address for this game', 'Every allocation of fra-1 is in use.', 'Ask an administrator to add allocations to the node, or choose another node.')
  })],
  ['DELETE', '/api/servers/:/allocations/:', withServer((server) => problem('conflict', 409, 'That is not possible now', `${server.blueprint.name} needs an address for game; give it another first.`, 'Give it another first.'))],
  ['GET', '/api/servers/:/operations', withServer((server) => page(operations.filter((operation) => operation.serverId === server.id)))],
  ['GET', '/api/servers/:/members', () => page(members)],
  ['POST', '/api/servers/:/members', ({ body }) => {
    const user = users.find((one) => one.email === body.email)
    if (!user) return problem('validation_failed', 400, 'Some fields need another value', 'Nobody has an account with this address.', 'Each field says what it needs.', [{ key: 'email', message: 'Nobody has an account with this address.', remedy: 'Ask an administrator to add them.' }])
    const member = { userId: user.id, name: user.name, email: user.email, permissions: body.permissions as [], createdAt: new Date().toISOString() }
    members.push(member)
    return member
  }],
  ['PATCH', '/api/servers/:/members/:', ({ params, body }) => Object.assign(members.find((one) => one.userId === params[1]) ?? {}, body)],
  ['DELETE', '/api/servers/:/members/:', ({ params }) => void members.splice(members.findIndex((one) => one.userId === params[1]), 1)],
  ['GET', '/api/servers/:/activity', withServer((server) => page(audit.filter((one) => one.subjectId === server.id || (/^(member|schedule)\./.test(one.action) && server.id === id(1001)))))],
  ['POST', '/api/operations/:/cancel', ({ params }) => {
    const operation = operations.find((one) => one.id === params[0])
    if (!operation) return missing()
    if (operation.state !== 'running') return problem('conflict', 409, 'This does not fit the present state', 'The operation has ended.', 'Read the detail, look at the thing again and decide.')
    world.move(operation.id, { state: 'cancelled', endedAt: new Date().toISOString() })
    return operations.find((one) => one.id === params[0])
  }],
  ['GET', '/api/operations/:', ({ params }) => found(operations.find((operation) => operation.id === params[0]))],
  ['GET', '/api/blueprints', () => page(blueprints)],
  ['GET', '/api/blueprints/:', ({ params }) => found(blueprints.find((item) => item.id === params[0]))],
  ['GET', '/api/nodes', () => page(nodes.map(withUsage))],
  ['POST', '/api/nodes', ({ body }) => {
    const { memoryMib, cpuPercent, diskMib, ...rest } = body as Record<'memoryMib' | 'cpuPercent' | 'diskMib', number>
    const node = { ...(rest as (typeof nodes)[number]), id: world.newId(), locationName: locations.find((one) => one.id === body.locationId)?.name ?? '', state: 'awaiting_enrollment' as const, capacity: { memoryMib, cpuPercent, diskMib }, promised: { servers: 0, memoryMib: 0, cpuPercent: 0, diskMib: 0 }, allocationCount: 0, freeAllocationCount: 0, report: null, lastSeenAt: null, createdAt: new Date().toISOString() }
    nodes.push(node)
    return node
  }],
  ['GET', '/api/nodes/:', ({ params }) => {
    const node = nodes.find((one) => one.id === params[0])
    return node ? withUsage(node) : missing()
  }],
  ['GET', '/api/nodes/:/statistics', ({ params, query }) => {
    const node = nodes.find((one) => one.id === params[0])
    return node ? machine(node, query) : missing()
  }],
  ['GET', '/api/nodes/:/statistics/parts', ({ params, query }) => {
    const node = nodes.find((one) => one.id === params[0])
    return node ? machineHistory(node, query) : missing()
  }],
  ['PATCH', '/api/nodes/:', ({ params, body }) => found(Object.assign(nodes.find((node) => node.id === params[0]) ?? {}, { name: body.name, description: body.description }))],
  ...drains.handlers,
  ['DELETE', '/api/nodes/:', ({ params }) => void nodes.splice(nodes.findIndex((node) => node.id === params[0]), 1)],
  ['POST', '/api/nodes/:/enrollment', () => ({ token: 'gne_8Jd2vQm4ZrT0xY6bLw1pKc9sHf3uNa7e', command: `gantryd enroll --data-dir /var/lib/gantryd --url ${location.origin} --token-stdin`, expiresAt: new Date(Date.now() + 900_000).toISOString() })],
  ['GET', '/api/nodes/:/allocations', ({ params }) => page(allocations.filter((one) => one.nodeId === params[0]))],
  ['POST', '/api/nodes/:/allocations', ({ params, body }) => {
    allocations.push({ id: world.newId(), nodeId: params[0] ?? '', address: String(body.address), port: Number.parseInt(String(body.ports), 10), inUse: false, serverId: null, serverName: null })
    return { created: 1, existing: 0 }
  }],
  ['DELETE', '/api/allocations/:', ({ params }) => void allocations.splice(allocations.findIndex((one) => one.id === params[0]), 1)],
  ['GET', '/api/locations', () => page(locations)],
  ['POST', '/api/locations', ({ body }) => {
    const location = { id: world.newId(), name: String(body.name), description: String(body.description ?? ''), nodeCount: 0, createdAt: new Date().toISOString() }
    locations.push(location)
    return location
  }],
  ['PATCH', '/api/locations/:', ({ params, body }) => Object.assign(locations.find((one) => one.id === params[0]) ?? {}, body)],
  ['DELETE', '/api/locations/:', ({ params }) => void locations.splice(locations.findIndex((one) => one.id === params[0]), 1)],
  ['GET', '/api/plugins', () => page(plugins)],
  ['POST', '/api/plugins', upload],
  ['POST', '/api/plugins/convert', convert],
  ['POST', '/api/plugins/documents', installDocument],
  ...backups.handlers,
  ...schedules.handlers,
  ...conduct.handlers,
  ...lifecycle.handlers,
  ...lookups.routes,
  ...trust.handlers,
  ['POST', '/api/blueprints/:/choices/:', listed],
  ['POST', '/api/servers/:/choices/:', listed],
  ...hooks.handlers,
  ['GET', '/api/users', () => page(users)],
  ['POST', '/api/users', ({ body }) => {
    const user = { ...(body as unknown as (typeof users)[number]), id: world.newId(), serverCount: 0, createdAt: new Date().toISOString() }
    users.push(user)
    return user
  }],
  ['PATCH', '/api/users/:', ({ params, body }) => Object.assign(users.find((one) => one.id === params[0]) ?? {}, body)],
  ['GET', '/api/users/:/allowance', ({ params }) => allowances.of(params[0] ?? '')],
  ['PUT', '/api/users/:/allowance', ({ params, body }) => allowances.set(params[0] ?? '', body)],
  ['DELETE', '/api/users/:', ({ params }) => void users.splice(users.findIndex((one) => one.id === params[0]), 1)],
  ['GET', '/api/audit', () => page(audit)],
  ['GET', '/api/permissions', () => page(permissions)],
]

const match = (pattern: string, path: string): string[] | null => new RegExp(`^${pattern.replaceAll(':', '([^/]+)')}$`).exec(path)?.slice(1).map(decodeURIComponent) ?? null

/** Scenes for looking at states that are rare: `?mock=setup`, `signed-out`, `empty`, `first`, `limited`, `long`, `many`, `crowd`, `reader`, `spent`, `alike`, `revoked`, `expelled`, `waiting`, `plan`, `loading`, `failing`, `loading-parts`, `failing-parts`, `audit-empty`, `failed-install`, `refusing`, `updates`, `disabled`, `listens`, `told`, `held`, `secrets`, `unlisted`, `untold`, `young`, `many-cores`, `draining`, `drained`; of files, `no-files`, `no-writing`, `no-deleting`; of SFTP, `no-credentials`, `no-sftp`; of schedules, `schedules-stale`, `schedules-long`, `no-power`; of the link, `console-connecting`, `console-lost`. */
export function scene(name: string | null): void {
  if (name === 'setup') world.setupNeeded = true
  if (name === 'signed-out') world.signedIn = false
  if (name === 'empty') for (const list of [servers, nodes, locations, plugins, blueprints]) list.length = 0
  if (name === 'first') servers.length = 0
  if (name === 'plan') longPlan = true
  if (name === 'config-strange') described.scenes.strange = true
  if (name === 'config-stale') described.scenes.stale = true
  if (name === 'config-absent') described.scenes.absent = true
  if (name === 'config-none') described.scenes.none = true
  if (name === 'page-blank') described.scenes.blank = true
  if (name === 'reader') described.scenes.mayWrite = false
  if (name === 'updates' || name === 'disabled') lifecycle.scene(name)
  if (name === 'secrets') lookups.ask()
  if (name === 'held') {
    conduct.scene()
    onHold = true
  }
  if (name === 'unlisted') lookups.world.answers = false
  if (name === 'listens' || name === 'told') hooks.scene(name)
  if (name?.startsWith('trust')) trust.scene(name)
  if (name?.startsWith('drain')) drains.scene(name)
  if (name?.startsWith('backups')) backups.scene(name)
  if (name?.startsWith('schedules') || name === 'no-power') schedules.scene(name)
  if (name === 'no-files') noFiles = true
  if (name === 'many') files.pile()
  if (name === 'no-deleting') for (const server of servers) server.permissions = server.permissions.filter((right) => right !== 'files.delete')
  if (name === 'no-credentials') for (const list of [credentials.sshKeys, credentials.appPasswords]) list.length = 0
  if (name === 'no-sftp') credentials.doors.none = true
  if (name === 'no-writing') for (const server of servers) server.permissions = server.permissions.filter((right) => !['files.read', 'files.write', 'files.delete'].includes(right))
  if (name === 'tight') allowances.tighten()
  if (name === 'spent') allowances.exhaust()
  if (name === 'alike') namesake()
  if (name === 'limited' && users[0]) users[0].role = 'limited'
  if (name === 'long') lengthen()
  if (name === 'many') multiply()
  if (name === 'many' || name === 'crowd') crowd()
  if (name === 'many-cores') strain()
  if (name === 'reader') onlyReading()
  if (name === 'waiting') for (const server of servers) server.waiting = ['limits', 'addresses']
  if (name === 'audit-empty') audit.length = 0
  if (name === 'young') young = true
  if (name === 'untold') for (const { sample } of servers) if (sample?.game) Object.assign(sample.game, { players: null, playerList: [], listsPlayers: false })
  if (name === 'revoked') {
    setTimeout(() => {
      const [server] = servers
      if (!server) return
      world.change(server.id, { permissions: ['server.read'] })
      world.revoke(server.id)
    }, 2_000)
  }
  if (name === 'expelled') {
    setTimeout(() => {
      const [server] = servers.splice(0, 1)
      if (server) world.emit({ type: 'removed', serverId: server.id })
    }, 2_000)
  }
  if (name === 'failed-install') world.change(servers[0]?.id ?? '', { observed: { state: 'uninstalled', since: new Date().toISOString(), reason: null, crashes: 0, startedAt: null }, operation: failedInstall(servers[0]?.id ?? '') })
  for (const server of servers) server.actions = actionsFor(server)
}

/** How an answer goes wrong, if at all: every read fails, none ever comes, both only of what belongs to a thing, or power is refused by some. */
const MOODS = ['failing', 'loading', 'failing-parts', 'loading-parts', 'refusing'] as const
export type Mood = 'well' | (typeof MOODS)[number]
export const moodOf = (name: string | null): Mood => MOODS.find((mood) => mood === name) ?? 'well'
const PART = /^\/api\/(servers|nodes|plugins)\/[^/]+\/./

export async function answer(request: Request, mood: Mood): Promise<Response> {
  const url = new URL(request.url)
  await new Promise((resolve) => setTimeout(resolve, 60))
  const body = request.headers.get('content-type')?.includes('json') ? ((await request.json()) as Record<string, unknown>) : {}
  const bytes = /wasm|x-tar|octet-stream/.test(request.headers.get('content-type') ?? '') ? new Uint8Array(await request.arrayBuffer()) : new Uint8Array()
  for (const [method, pattern, handle] of routes) {
    const params = method === request.method ? match(pattern, url.pathname) : null
    if (!params) continue
    const reads = request.method === 'GET' && !/auth|setup|token/.test(url.pathname)
    const about = (all: Mood, parts: Mood) => reads && (mood === all || (mood === parts && PART.test(url.pathname)))
    if (about('loading', 'loading-parts')) await new Promise(() => undefined)
    if (mood === 'refusing' && url.pathname.endsWith('/power') && world.server(params[0] ?? '')?.blueprint.id.startsWith('luanti')) {
      const refused = problem('conflict', 409, 'That is not possible now', 'A backup of this server is under way.', 'Wait for it, or cancel it.').problem
      return Response.json(refused, { status: 409 })
    }
    const broken = about('failing', 'failing-parts')
    const result = broken ? problem('internal', 500, 'Something went wrong inside Gantry', 'The database did not answer within 2 s.', 'Try again; if it stays, give the request id to an administrator.') : await handle({ params, query: url.searchParams, body, bytes })
    if (result instanceof Refused) return Response.json(result.problem, { status: result.problem.status, headers: { 'content-type': 'application/problem+json', ...(result.problem.code === 'plugin_on_hold' && { 'retry-after': '27' }) } })
    if (result instanceof Response) return result
    return result === undefined ? new Response(null, { status: 204 }) : Response.json(result)
  }
  const unknown = missing().problem
  return Response.json(unknown, { status: 404 })
}
