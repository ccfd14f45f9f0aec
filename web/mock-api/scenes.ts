/** Installations that strain a page: names as long as the API takes, and more servers than one would draw. */
import { appPasswords, sshKeys } from './credentials'
import { aServer, allocations, audit, blueprints, id, locations, members, nodes, plugins, servers, users } from './data'

const WORDS = 'The Extraordinarily Long Running Cooperative Building and Survival World'
const UNBROKEN = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunternehmen'

/** Every name as long as its limit, with and without spaces. */
export function lengthen(): void {
  servers.forEach((server, i) => {
    server.name = (i % 2 === 0 ? WORDS : UNBROKEN).slice(0, 64)
    server.endpoints = server.endpoints.map((endpoint) => ({ ...endpoint, address: '2001:db8:85a3:1234:5678:8a2e:370:7334' }))
    server.node = { ...server.node, name: 'frankfurt-rack-12-unit-07-bare-metal', location: 'Frankfurt am Main, the second hall' }
    server.owner = { ...server.owner, name: 'Maximiliane-Theodora von und zu Hohenlohe' }
    server.description = `${WORDS}. ${UNBROKEN}.`
  })
  for (const node of nodes) Object.assign(node, { name: 'frankfurt-rack-12-unit-07-bare-metal', locationName: 'Frankfurt am Main, the second hall', description: `${UNBROKEN} ${WORDS}` })
  for (const location of locations) Object.assign(location, { name: 'Frankfurt am Main, the second hall', description: `${UNBROKEN} ${WORDS}` })
  for (const person of [...users, ...members]) Object.assign(person, { name: 'Maximiliane-Theodora von und zu Hohenlohe', email: 'maximiliane-theodora.von-und-zu-hohenlohe@department.example.org' })
  for (const one of [...sshKeys, ...appPasswords]) one.name = UNBROKEN.slice(0, 60)
  for (const plugin of plugins) plugin.name = UNBROKEN.slice(0, 48)
  for (const { blueprint } of blueprints) blueprint.name = WORDS.slice(0, 48)
}

/** A game of Gantry's own, and an egg of the same game. */
export function namesake(): void {
  const [own] = blueprints
  if (own) blueprints.push({ ...own, id: 'egg-openarena:egg', plugin: { id: id(30_001), name: own.plugin.name, version: '1.0.20250311' }, blueprint: { ...own.blueprint, icon: '', summary: 'OpenArena as its egg runs it.', tags: ['egg'] } })
}

/** A machine with more cores than fit on a line. */
export function strain(): void {
  for (const node of nodes) if (node.report) node.report = { ...node.report, system: { ...node.report.system, cpuCount: 256 } }
}

/** A thousand servers, of every state. */
export function multiply(): void {
  const patterns = [...servers]
  servers.length = 0
  for (let n = 0; n < 1_000; n += 1) servers.push(aServer({ ...patterns[n % patterns.length], id: id(10_001 + n), name: `${patterns[n % patterns.length]?.name ?? 'Server'} ${String(n + 1)}` }))
}

/** More machines, people, records and addresses than fit on a screen. */
export function crowd(): void {
  const copies = <T extends { id: string }>(list: T[], count: number, change: (one: T, n: number) => Partial<T>) => {
    const patterns = [...list]
    for (let n = patterns.length; n < count; n += 1) list.push({ ...(patterns[n % patterns.length] as T), id: id(20_000 + n), ...change(patterns[n % patterns.length] as T, n) })
  }
  copies(nodes, 200, (one, n) => ({ name: `${one.name}-${String(n)}` }))
  copies(users, 300, (_, n) => ({ name: `Person ${String(n)}`, email: `person-${String(n)}@example.org` }))
  copies(audit, 400, (_, n) => ({ seq: 20_000 + n }))
  copies(allocations, 500, (_, n) => ({ port: 28_000 + n, inUse: false, serverId: null, serverName: null }))
  copies(plugins, 12, (one, n) => ({ name: `${one.name} ${String(n)}`, manifestId: `egg-${one.manifestId}-${String(n)}`, licence: '' }))
  const known = servers[0]?.sample?.game
  if (known) known.playerList = Array.from({ length: 128 }, (_, n) => ({ name: n % 7 === 0 ? `The long-named [CLAN] player of number ${String(n)}` : `Player ${String(n)}`, score: 200 - n, pingMs: 12 + (n % 90) }))
}

const TO_READ = ['server.read', 'console.read', 'tabs.read', 'statistics.read', 'players.read', 'files.list', 'files.read', 'variables.read', 'allocations.read', 'operations.read', 'backups.read', 'schedules.read', 'members.read', 'activity.read'] as const

/** One may look at everything of every server, and change nothing. */
export function onlyReading(): void {
  for (const server of servers) server.permissions = [...TO_READ]
}
