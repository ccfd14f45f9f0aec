/** A small, believable installation, typed by the API's own schemas: two games, three machines, seven servers. */
import type {
  ActionView, AllocationView, AuditView, BlueprintView, Limits, LiveSample, LocationView, MemberView, NodeView, OperationView, Permission, PermissionView,
  PluginView, ServerView, UserView, VariablesView,
} from '../src/api/types'

export const id = (n: number): string => `0193a0c0-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
export const before = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()
const HOUR = 3_600
const DAY = 24 * HOUR

const OPENARENA_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="9" fill="#7a1f1f"/><circle cx="24" cy="24" r="13" fill="none" stroke="#ffb347" stroke-width="3.5"/><path d="M24 6v9M24 33v9M6 24h9M33 24h9" stroke="#ffb347" stroke-width="3.5" stroke-linecap="round"/><circle cx="24" cy="24" r="3" fill="#ffe2b8"/></svg>`
const LUANTI_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><rect width="48" height="48" rx="9" fill="#1d4a2c"/><path d="m24 8 14 8v16l-14 8-14-8V16z" fill="#3f9b54"/><path d="m24 8 14 8-14 8-14-8z" fill="#7ed07f"/><path d="M24 24v16l14-8V16z" fill="#2c7a3f"/></svg>`

export const limits = (memoryMib: number, cpuPercent: number): Limits => ({ memoryMib, cpuPercent, swapMib: 0, diskMib: 4_096, pids: 256, backups: 5 })
const base = { viewable: 'members', editable: 'owners', needsReinstall: false, needsRestart: true, required: true } as const

export const blueprints: BlueprintView[] = [
  {
    id: 'openarena:openarena',
    plugin: { id: id(301), name: 'OpenArena', version: '0.1.0' },
    blueprint: {
      id: 'openarena', name: 'OpenArena', summary: 'A fast arena shooter: free for all, teams, capture the flag. Light enough for the smallest machine.', documentation: '', tags: ['shooter', 'classic'], icon: OPENARENA_ICON,
      variables: [
        { ...base, key: 'hostname', label: 'Name in game', help: 'What players see in their server browser.', group: 'Game', kind: { type: 'text', minLength: 1, maxLength: 32, pattern: '[ -~]+', patternHelp: 'Use plain letters, digits and punctuation.' }, defaultValue: 'A Gantry arena' },
        { ...base, key: 'gametype', label: 'Game type', help: '', group: 'Game', kind: { type: 'one_of', choices: [{ value: '0', label: 'Free for all' }, { value: '1', label: 'Tournament' }, { value: '3', label: 'Team deathmatch' }, { value: '4', label: 'Capture the flag' }] }, defaultValue: '0' },
        { ...base, key: 'map', label: 'First map', help: 'Without its ending, such as oa_dm1.', group: 'Game', kind: { type: 'text', minLength: 1, maxLength: 40, pattern: '[a-z0-9_]+', patternHelp: 'A map’s name has small letters, digits and underscores only.' }, defaultValue: 'oa_dm1' },
        { ...base, key: 'max_players', label: 'Players at most', help: '', group: 'Game', kind: { type: 'number', minimum: 2, maximum: 64, step: 1, unit: 'players' }, defaultValue: '16' },
        { ...base, key: 'bots', label: 'Bots fill up to', help: 'Leave at 0 for humans only.', group: 'Rules', required: false, kind: { type: 'number', minimum: 0, maximum: 16, step: 1, unit: 'players' }, defaultValue: '0' },
        { ...base, key: 'friendly_fire', label: 'Friendly fire', help: 'Team mates can hurt each other.', group: 'Rules', kind: { type: 'boolean' }, defaultValue: 'false' },
        { ...base, key: 'password', label: 'Password to join', help: 'Leave empty to let everybody in.', group: 'Access', required: false, kind: { type: 'secret', minLength: 4, maxLength: 24 } },
        { ...base, key: 'motd', label: 'Message of the day', help: 'Shown while the map loads.', group: 'Access', required: false, kind: { type: 'multiline', minLength: 0, maxLength: 300 }, defaultValue: 'Welcome. Play fair.' },
      ],
      endpoints: [{ name: 'game', protocol: 'udp', help: 'Where players connect.', defaultPort: 27960, required: true }],
      least: { memoryMib: 128, cpuPercent: 25, swapMib: 0, diskMib: 512, pids: 32, backups: 0 }, recommended: { memoryMib: 512, cpuPercent: 100, swapMib: 0, diskMib: 2_048, pids: 128, backups: 5 }, collectEveryMs: 5_000,
    },
  },
  {
    id: 'luanti:luanti',
    plugin: { id: id(302), name: 'Luanti', version: '0.1.0' },
    blueprint: {
      id: 'luanti', name: 'Luanti', summary: 'An open voxel world. Build, mine and script together, with thousands of mods.', documentation: '', tags: ['sandbox', 'voxel'], icon: LUANTI_ICON,
      variables: [
        { ...base, key: 'server_name', label: 'World name', help: '', group: 'World', kind: { type: 'text', minLength: 1, maxLength: 48 }, defaultValue: 'A Gantry world' },
        { ...base, key: 'game', label: 'Game', help: '', group: 'World', kind: { type: 'one_of', choices: [{ value: 'minetest_game', label: 'Minetest Game' }, { value: 'devtest', label: 'Development Test' }] }, defaultValue: 'minetest_game', needsReinstall: true },
        { ...base, key: 'version', label: 'Version', help: 'A world cannot go back to an older one.', group: 'World', kind: { type: 'from_catalog', name: 'versions', open: true }, defaultValue: 'latest', needsReinstall: true },
        { ...base, key: 'creative', label: 'Creative mode', help: '', group: 'World', kind: { type: 'boolean' }, defaultValue: 'false' },
      ],
      endpoints: [{ name: 'game', protocol: 'udp', help: 'Where players connect.', defaultPort: 30000, required: true }],
      least: { memoryMib: 256, cpuPercent: 50, swapMib: 0, diskMib: 512, pids: 32, backups: 0 }, recommended: { memoryMib: 1_024, cpuPercent: 150, swapMib: 0, diskMib: 4_096, pids: 128, backups: 5 }, collectEveryMs: 5_000,
    },
  },
]

const RIGHTS: [Permission, string][] = [
  ['server.read', 'See the server, its state and its address.'], ['server.update', 'Rename the server and change its description.'], ['server.delete', 'Delete the server and its files.'], ['server.reinstall', 'Install the game again.'],
  ['power.start', 'Start the server.'], ['power.stop', 'Stop the server.'], ['power.restart', 'Restart the server.'], ['power.kill', "Kill the server's process at once."],
  ['console.read', 'Read the console and its history.'], ['console.write', 'Type commands into the console.'], ['actions.use', "Use the game's own actions, such as saving or kicking, and send messages to players."], ['tabs.read', "See the pages that the game's plugin has for the server."], ['statistics.read', 'See CPU, memory, network and player charts.'], ['players.read', 'See who plays.'],
  ['files.list', 'See which files the server has.'], ['files.read', 'Read and download files. Configuration files show the passwords that are in them.'], ['files.write', 'Upload, edit, rename and copy files, and make directories.'], ['files.delete', 'Delete files and directories.'],
  ['variables.read', "See the server's variables."], ['variables.update', "Change the server's variables."], ['allocations.read', "See the server's allocations."], ['allocations.update', "Add, remove and reorder the server's allocations."],
  ['operations.read', 'See which operations ran and how they ended.'], ['operations.cancel', 'Cancel a running operation.'],
  ['backups.read', "See the server's backups."], ['backups.create', 'Make backups.'], ['backups.download', 'Download backups. All files are in them, with the passwords that are in those.'], ['backups.restore', 'Put back a backup in place of all files that the server has.'], ['backups.update', 'Rename, lock and unlock backups.'], ['backups.delete', 'Delete backups that are not locked, and call off those that are being made.'],
  ['schedules.read', "See the server's schedules and how their runs went."], ['schedules.create', 'Add schedules, of steps that one could do oneself.'], ['schedules.update', 'Change schedules, switch them on and off, and run them by hand.'], ['schedules.delete', 'Delete schedules.'],
  ['members.read', 'See who else may use the server.'], ['members.create', 'Invite people to the server.'], ['members.update', "Change other people's rights, within one's own."], ['members.delete', 'Remove people from the server.'], ['activity.read', 'See what was done to the server, and by whom.'],
]
export const permissions: PermissionView[] = RIGHTS.map(([permission, description]) => ({ permission, group: permission.split('.')[0] ?? '', description }))
const everyRight = RIGHTS.map(([permission]) => permission)

export const users: UserView[] = [
  { id: id(1), name: 'Ada Moreau', email: 'ada@example.org', role: 'admin', serverCount: 4, createdAt: before(90 * DAY) },
  { id: id(2), name: 'Jonas Berg', email: 'jonas@example.org', role: 'user', serverCount: 2, createdAt: before(40 * DAY) },
  { id: id(3), name: 'Mina Okafor', email: 'mina@example.org', role: 'limited', serverCount: 0, createdAt: before(9 * DAY) },
]
const person = (n: number) => ({ id: id(n), name: users.find((user) => user.id === id(n))?.name ?? '' })

export const locations: LocationView[] = [
  { id: id(51), name: 'Frankfurt', description: 'Hetzner FSN, rack 4', nodeCount: 2, createdAt: before(90 * DAY) },
  { id: id(52), name: 'Home', description: 'The cupboard under the stairs', nodeCount: 1, createdAt: before(30 * DAY) },
]

const system = (hostname: string, cpuCount: number, memoryMib: number) => ({ hostname, os: 'Debian GNU/Linux 12 (bookworm)', kernel: '6.1.0-28', architecture: 'x86_64', cpuModel: 'AMD EPYC 7313', cpuCount, memoryMib, diskMib: 953_869, hardware: 'Supermicro AS-1014S-WTRT', packageManager: 'apt' })
const report = (hostname: string, cpuCount: number, memoryMib: number) => ({ agentVersion: '0.1.0', system: system(hostname, cpuCount, memoryMib), runtime: 'Docker 27.3.1 (API 1.47)', plugins: ['a', 'b'], lastEvent: 1_204 })

export const nodes: NodeView[] = [
  { id: id(101), name: 'fra-1', description: 'Main machine', locationId: id(51), locationName: 'Frankfurt', state: 'connected', capacity: { memoryMib: 65_536, cpuPercent: 3_200, diskMib: 900_000 }, promised: { servers: 4, memoryMib: 41_984, cpuPercent: 1_400, diskMib: 96_000 }, allocationCount: 11, freeAllocationCount: 7, report: report('fra-1.example.net', 32, 65_536), lastSeenAt: before(1), createdAt: before(90 * DAY) },
  { id: id(102), name: 'fra-2', description: '', locationId: id(51), locationName: 'Frankfurt', state: 'disconnected', capacity: { memoryMib: 32_768, cpuPercent: 1_600, diskMib: 450_000 }, promised: { servers: 2, memoryMib: 31_744, cpuPercent: 600, diskMib: 40_000 }, allocationCount: 6, freeAllocationCount: 4, report: report('fra-2.example.net', 16, 32_768), lastSeenAt: before(260), createdAt: before(60 * DAY) },
  { id: id(103), name: 'attic', description: 'An old laptop', locationId: id(52), locationName: 'Home', state: 'awaiting_enrollment', capacity: { memoryMib: 0, cpuPercent: 0, diskMib: 0 }, promised: { servers: 0, memoryMib: 0, cpuPercent: 0, diskMib: 0 }, allocationCount: 0, freeAllocationCount: 0, report: null, lastSeenAt: null, createdAt: before(600) },
]

export const allocations: AllocationView[] = Array.from({ length: 11 }, (_, i) => ({ id: id(200 + i), nodeId: id(101), address: '203.0.113.10', port: 27_960 + i, inUse: false, serverId: null, serverName: null }))

export const plugins: PluginView[] = [
  { id: id(301), manifestId: 'openarena', name: 'OpenArena', version: '0.1.0', author: 'Gantry', description: 'Runs OpenArena dedicated servers and reads their players by the Quake 3 status query.', licence: 'Apache-2.0', contract: '0.1', digest: '9f2c'.repeat(16), sizeBytes: 61_440, capabilities: [{ name: 'query', reason: 'Asks the game for its map, its players and their pings.', granted: true, hosts: [], names: [] }, { name: 'image-build', reason: 'Builds the game\'s image from Debian\'s package on the node.', granted: true, hosts: [], names: [] }], blueprints: [{ id: 'openarena:openarena', name: 'OpenArena' }], hasGames: true, listens: null, bundled: true, serverCount: 4, installedAt: before(90 * DAY), waiting: null, givenUp: null, disabledAt: null, origin: null },
  { id: id(302), manifestId: 'luanti', name: 'Luanti', version: '0.1.0', author: 'Gantry', description: 'Runs Luanti worlds, tells whether they answer, and who joined or left.', licence: 'Apache-2.0', contract: '0.1', digest: '41d7'.repeat(16), sizeBytes: 58_112, capabilities: [{ name: 'query', reason: 'Measures how long the world takes to answer.', granted: true, hosts: [], names: [] }, { name: 'download', reason: 'Fetches games and mods that you choose.', granted: false, hosts: ['content.luanti.org', '*.githubusercontent.com'], names: [] }], blueprints: [{ id: 'luanti:luanti', name: 'Luanti' }], hasGames: true, listens: null, bundled: true, serverCount: 3, installedAt: before(90 * DAY), waiting: null, givenUp: null, disabledAt: null, origin: null },
]

/** What a state allows, as the control plane would say. */
export function actionsFor({ observed: { state }, holds, drain, operation, permissions: rights }: Pick<ServerView, 'observed' | 'holds' | 'drain' | 'operation' | 'permissions'>): ActionView[] {
  const running = ['starting', 'running', 'stopping'].includes(state)
  const no = (reason: string | null) => ({ allowed: reason === null, reason, code: null })
  const may = (right: Permission, act: string) => (rights.includes(right) ? null : `You may not ${act} this server.`)
  const drained = drain ? 'The node is being drained, so nothing starts on it at present.' : null
  const hold = holds.length > 0 ? 'The server is suspended.' : drained
  const working = operation?.state === 'pending' || operation?.state === 'running' ? operation.kind : null
  const busy = working === 'restore' ? 'A backup is being restored.' : working === 'install' || working === 'reinstall' ? 'The game is being installed.' : null
  const uninstalled = state === 'uninstalled' ? 'The game is not installed.' : null
  return [
    { action: 'start', ...no(may('power.start', 'start') ?? hold ?? busy ?? uninstalled ?? (running ? 'It is running already.' : null)) },
    { action: 'stop', ...no(may('power.stop', 'stop') ?? busy ?? (running ? (state === 'stopping' ? 'It is stopping already.' : null) : 'It is not running.')) },
    { action: 'restart', ...no(may('power.restart', 'restart') ?? hold ?? busy ?? uninstalled ?? (state === 'running' ? null : 'It is not running.')) },
    { action: 'kill', ...no(may('power.kill', 'kill') ?? busy ?? (running ? null : 'There is no process to kill.')) },
    { action: 'reinstall', ...no(hold ?? busy ?? (running ? 'Stop the server first.' : null)) },
    { action: 'restore', ...no(may('backups.restore', 'restore backups of') ?? hold ?? busy) },
    { action: 'delete', ...no(null) },
    { action: 'command', ...no(state === 'running' ? null : 'The server is not running.') },
  ]
}

const sample = (cpuPercent: number, memoryMib: number, limitMib: number, players: number | null, maxPlayers: number | null, names: string[] = []): LiveSample => ({
  at: before(0),
  statistics: { cpuPercent, memoryBytes: memoryMib * 1024 ** 2, memoryLimitBytes: limitMib * 1024 ** 2, diskBytes: 812 * 1024 ** 2, networkRxBytes: 9_200, networkTxBytes: 24_800, pids: 12 },
  game: { name: 'Friday fragfest', map: 'oa_dm1', version: 'ioq3+oa 1.36', players, maxPlayers, listsPlayers: names.length > 0, playerList: names.map((name, i) => ({ name, score: 21 - i * 3, pingMs: 18 + i * 9 })), latencyMs: 3.4, series: [] },
})

/** A server that runs well, with whatever a test wants otherwise. */
export function aServer(change: Partial<ServerView> = {}): ServerView {
  const server: ServerView = {
    id: id(1001), name: 'Friday fragfest', description: 'Every Friday at nine.',
    blueprint: { id: 'openarena:openarena', name: 'OpenArena', plugin: 'OpenArena', pluginVersion: '0.1.0', commands: 'console' },
    node: { id: id(101), name: 'fra-1', location: 'Frankfurt', connected: true }, owner: person(1), desired: 'running',
    observed: { state: 'running', since: before(5 * HOUR + 720), reason: null, crashes: 0, startedAt: before(5 * HOUR + 725), generation: 2 },
    holds: [], operation: null, limits: limits(512, 100),
    endpoints: [{ allocationId: id(200), name: 'game', protocol: 'udp', address: '203.0.113.10', port: 27_960, primary: true }],
    sample: sample(31, 214, 512, 7, 16, ['Sarge', 'Grism', 'Kyonshi', 'Major', 'Sorceress', 'Tanisha', 'Liz']),
    timeZone: 'Europe/Berlin', generation: 3, acknowledgedGeneration: 3, waiting: [], permissions: everyRight, actions: [], createdAt: before(60 * DAY), ...change,
  }
  return { ...server, actions: change.actions ?? actionsFor(server) }
}

const luanti = { id: 'luanti:luanti', name: 'Luanti', plugin: 'Luanti', pluginVersion: '0.1.0', commands: 'none' as const }
const endpoint = (n: number, port: number) => [{ allocationId: id(n), name: 'game', protocol: 'udp' as const, address: '203.0.113.10', port, primary: true }]
const off = (seconds: number, reason: string | null = null) => ({ state: 'offline' as const, since: before(seconds), reason, crashes: 0, startedAt: null })

export const failedInstall = (serverId: string): OperationView => ({
  id: id(5009), serverId, kind: 'install', state: 'failed', progress: null, requestedBy: person(1), requestedAt: before(900), deadline: before(-900), startedAt: before(899), endedAt: before(840),
  failure: { code: 'step_failed', message: 'The image could not be built: apt-get exited with code 100 because deb.debian.org did not answer.', remedy: 'Check the node’s network, then reinstall.', step: 'Build the image', logTail: ['Step 2/4 : RUN apt-get update && apt-get install -y minetest-server', 'Err:1 http://deb.debian.org/debian bookworm InRelease', '  Temporary failure resolving ‘deb.debian.org’', 'E: Unable to locate package minetest-server'] },
})

export const servers: ServerView[] = [
  aServer(),
  aServer({ id: id(1002), name: 'Hilltop village', description: 'Survival, no griefing.', blueprint: luanti, limits: limits(1_024, 150), endpoints: endpoint(201, 27_961), observed: { state: 'running', since: before(11 * DAY), reason: null, crashes: 0, startedAt: before(11 * DAY) }, sample: sample(12, 861, 1_024, 3, 15) }),
  aServer({ id: id(1003), name: 'Clan war practice', endpoints: endpoint(202, 27_962), desired: 'stopped', observed: off(2 * DAY), owner: person(2), sample: null }),
  aServer({ id: id(1004), name: 'Skyblock experiment with a rather long name', blueprint: luanti, limits: limits(2_048, 200), endpoints: endpoint(203, 27_963), observed: { state: 'crashed', since: before(48), reason: 'Exit code 139 (segmentation fault). Restarting in 20 s.', crashes: 3, startedAt: null }, sample: null }),
  aServer({ id: id(1005), name: 'Tournament box', node: { id: id(102), name: 'fra-2', location: 'Frankfurt', connected: false }, endpoints: [{ allocationId: id(240), name: 'game', protocol: 'udp', address: '203.0.113.20', port: 27_960, primary: true }], owner: person(2) }),
  aServer({ id: id(1006), name: 'Unpaid old world', blueprint: luanti, endpoints: endpoint(204, 27_964), desired: 'stopped', observed: off(20 * DAY), holds: [{ by: 'administrator', reason: 'The invoice of October is open.' }], sample: null, limits: limits(0, 0) }),
]
for (const server of servers) {
  const allocation = allocations.find((one) => one.id === server.endpoints[0]?.allocationId)
  if (allocation) Object.assign(allocation, { inUse: true, serverId: server.id, serverName: server.name })
}

export const operations: OperationView[] = [
  { id: id(5001), serverId: id(1001), kind: 'restart', state: 'succeeded', progress: null, failure: null, requestedBy: person(2), requestedAt: before(5 * HOUR + 740), deadline: before(5 * HOUR), startedAt: before(5 * HOUR + 739), endedAt: before(5 * HOUR + 720) },
  { id: id(5002), serverId: id(1001), kind: 'start', state: 'failed', progress: null, failure: { code: 'port_in_use', message: 'Port 27960 is in use by another process on the node.', remedy: 'Stop that process or choose another allocation.', step: null, logTail: [] }, requestedBy: person(1), requestedAt: before(9 * HOUR), deadline: before(8 * HOUR), startedAt: before(9 * HOUR), endedAt: before(9 * HOUR - 4) },
  { id: id(5003), serverId: id(1001), kind: 'install', state: 'succeeded', progress: null, failure: null, requestedBy: person(1), requestedAt: before(60 * DAY), deadline: before(59 * DAY), startedAt: before(60 * DAY), endedAt: before(60 * DAY - 94) },
]

export const members: MemberView[] = [
  { userId: id(2), name: 'Jonas Berg', email: 'jonas@example.org', permissions: everyRight.slice(0, 12), createdAt: before(20 * DAY) },
  { userId: id(3), name: 'Mina Okafor', email: 'mina@example.org', permissions: ['server.read', 'console.read', 'players.read'], createdAt: before(3 * DAY) },
]

const record = (n: number, seconds: number, who: number | null, action: string, kind: string, subject: string, after: object | null = null, was: object | null = null): AuditView => ({ id: id(n), seq: n, at: before(seconds), actor: who === null ? null : person(who), action, subjectKind: kind, subjectId: subject, ip: who === null ? null : '198.51.100.7', requestId: id(n + 1000), before: was as Record<string, never>, after: after as Record<string, never> })
export const audit: AuditView[] = [
  record(7001, 90, 1, 'console.command', 'server', id(1001)),
  record(7007, 300, 2, 'file.upload', 'server', id(1001), { via: 'sftp', paths: ['baseoa/oa_dm7.pk3', 'baseoa/oa_ctf2.pk3', 'baseoa/oa_shine.pk3'] }),
  record(7008, 302, 2, 'file.delete', 'server', id(1001), { via: 'sftp', paths: ['baseoa/old.pk3'] }),
  record(7009, 303, 2, 'file.rename', 'server', id(1001), { via: 'sftp', from: 'gantry.cfg', to: 'gantry.cfg.bak' }),
  record(7010, 303, 2, 'sftp.further', 'server', id(1001), { via: 'sftp', changes: 37 }),
  record(7020, 310, 2, 'file.refused', 'server', id(1001), { via: 'sftp', refused: 'file.delete', paths: ['worlds', 'baseoa/pak0.pk3'] }),
  record(7021, 312, 2, 'file.link', 'server', id(1001), { via: 'sftp', path: 'worlds/current' }),
  record(7022, 313, 2, 'file.attributes', 'server', id(1001), { via: 'sftp', paths: ['bin/server', 'bin/backup.sh'] }),
  record(7023, 314, null, 'file.upload', 'server', id(1001), { via: 'sftp', path: 'motd.txt', unconfirmed: true, person: id(2) }),
  record(7024, 330, 1, 'user.credentials', 'user', id(3), { sshKeys: 2, appPasswords: 1 }),
  record(7025, 332, 2, 'ssh_key.create', 'ssh_key', id(8100), { name: 'jonas@laptop', fingerprint: 'SHA256:5x4JHBnJp8z9QbHAra5ikfIcHqDY/HMEPLfPesdjQ0k' }),
  record(7026, 334, 2, 'app_password.create', 'app_password', id(8101), { name: 'Backup script', expiresAt: null }),
  record(7011, 340, 2, 'sftp.open', 'server', id(1001), { via: 'sftp', credential: 'Backup script' }),
  record(7012, 3 * HOUR, 1, 'file.save', 'server', id(1001), { path: 'motd.txt', bytes: 31 }),
  record(7013, 3 * HOUR + 60, 2, 'file.copy', 'server', id(1001), { from: 'maps', to: 'maps (copy)' }),
  record(7030, 3 * HOUR + 90, 2, 'schedule.run', 'schedule', id(9102), { name: 'Tuesday league' }),
  record(7031, 4 * HOUR, null, 'server.restart', 'server', id(1001), { schedule: 'Nightly restart', scheduleId: id(9101), at: before(4 * HOUR) }),
  record(7032, 4 * HOUR + 300, 1, 'schedule.update', 'schedule', id(9104), { name: 'Weekend guests', cron: '30 18 * * 5', timeZone: 'Europe/Berlin', enabled: false, when: 'always', steps: ['action: join-password'] }, { name: 'Weekend guests', cron: '0 18 * * 5', timeZone: 'Europe/Berlin', enabled: true, when: 'always', steps: ['action: join-password'] }),
  record(7033, 4 * HOUR + 600, 1, 'schedule.create', 'schedule', id(9101), { name: 'Nightly restart', cron: '0 4 * * *', timeZone: 'Europe/Berlin', enabled: true, when: 'running', steps: ['message: The server restarts in 5 minutes.', 'wait 300 s', 'restart'] }),
  record(7034, 4 * HOUR + 900, 1, 'schedule.delete', 'schedule', id(9109), null, { name: 'Old restart', cron: '0 3 * * *', timeZone: 'UTC', enabled: true, when: 'running', steps: ['restart'] }),
  record(7002, 5 * HOUR, 2, 'server.restart', 'server', id(1001), { desired: 'running', operationId: id(5001) }, { desired: 'running', observed: 'running' }),
  record(7003, 9 * HOUR, 1, 'server.variables', 'server', id(1001), { max_players: '16', motd: null, password: '(secret)' }, { max_players: '12', motd: 'Welcome.', password: '(secret)' }),
  record(7014, 10 * HOUR, 1, 'server.limits', 'server', id(1001), limits(512, 100), limits(256, 50)),
  record(7015, 20 * HOUR, 1, 'member.update', 'user', id(2), { permissions: ['server.read', 'files.read', 'files.write'] }, { permissions: ['server.read', 'power.kill'] }),
  record(7004, 2 * DAY, 1, 'member.create', 'user', id(3), { name: 'Mina Okafor', permissions: ['server.read', 'console.read', 'players.read'] }),
  record(7016, 2 * DAY + 60, 1, 'server.stop', 'server', id(1999), { desired: 'stopped', operationId: id(5001) }, { desired: 'running', observed: 'running' }),
  record(7005, 3 * DAY, null, 'node.enroll', 'node', id(102), { agentVersion: '0.1.0' }),
  record(7017, 8 * DAY, 1, 'session.create', 'session', id(8001)),
  record(7006, 9 * DAY, 1, 'user.create', 'user', id(3), { name: 'Mina Okafor', email: 'mina@example.org', role: 'limited' }),
  record(7018, 60 * DAY, 1, 'server.create', 'server', id(1001), { name: 'Friday fragfest', ownerId: id(1), nodeId: id(101), blueprint: 'openarena:openarena', digest: '9f2c'.repeat(16), limits: limits(512, 100), endpoints: [{ allocationId: id(200), name: 'game', protocol: 'udp', address: '203.0.113.10', port: 27_960 }] }),
  record(7019, 90 * DAY, 1, 'allocation.create', 'node', id(101), { address: '203.0.113.10', ports: '27960-27970' }),
]

/** As it was made; of a game that runs two settings were changed since. */
export function variablesOf(server: ServerView): VariablesView {
  const waits = (key: string) => server.observed.state === 'running' && (server.observed.generation ?? server.generation) < server.generation && ['hostname', 'max_players'].includes(key)
  const items = (blueprints.find((item) => item.id === server.blueprint.id)?.blueprint.variables ?? []).map((variable) => ({ variable, value: variable.kind.type === 'secret' ? null : (variable.defaultValue ?? null), isSet: variable.kind.type === 'secret', editable: variable.key !== 'bots', reason: variable.key === 'bots' ? 'Only an administrator may change this.' : null, needsRestart: waits(variable.key) }))
  return { needsRestart: items.some((item) => item.needsRestart), needsReinstall: false, items }
}
