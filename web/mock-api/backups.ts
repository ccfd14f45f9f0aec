/** Backups of the arena: one is being made, one failed, one is locked, one is a schedule's and was taken while the game wrote; or two that nobody named. */
import type { Backup } from '../src/api/types'
import { before, id, operations, servers, users } from './data'
import { problem } from './problem'
import { power, world } from './world'

type Call = { params: string[]; body: Record<string, unknown> }
type Stored = Backup & { serverId: string }

const HOUR = 3_600
const DAY = 24 * HOUR
const MIB = 1024 ** 2
const [ARENA, VOXEL] = [id(1001), id(1002)]
const nightly = { type: 'schedule', scheduleId: id(9101), name: 'Nightly backup' } as const
const person = (n: number) => ({ type: 'person', name: users[n]?.name ?? '' }) as const

const stored = (n: number, name: string, age: number, more: Partial<Stored> = {}): Stored => ({
  id: id(9500 + n), serverId: ARENA, revision: 4, name, cause: person(0), state: 'ready', locked: false, createdAt: before(age), endedAt: before(age - 12), progress: null, quiesce: 'quiesced',
  archiveBytes: 214 * MIB, contentBytes: 339 * MIB, entries: 2_104, leftOut: 0, changed: 0, reason: null, ...more,
})

let all: Stored[] = [
  stored(1, 'Before the map pack', 40, { state: 'running', endedAt: null, progress: { doneBytes: 136 * MIB, totalBytes: 339 * MIB }, archiveBytes: 0, contentBytes: 0, entries: 0 }),
  stored(2, 'Nightly backup', 7 * HOUR, { cause: nightly, quiesce: 'unsupported', changed: 3, leftOut: 1 }),
  stored(3, 'Nightly backup', 31 * HOUR, { cause: nightly, state: 'failed', archiveBytes: 0, contentBytes: 0, entries: 0, reason: 'The node’s disk has no room for it.' }),
  stored(4, 'League final 2025', 19 * DAY, { cause: person(1), locked: true, quiesce: 'offline', archiveBytes: 1_180 * MIB, contentBytes: 1_902 * MIB }),
  stored(5, 'The world as it was', 3 * DAY, { serverId: VOXEL }),
]

const scenes = { full: false, slow: false }
export function scene(name: string): void {
  if (name === 'backups-full') scenes.full = true
  if (name === 'backups-unnamed') scenes.slow = true
  if (name === 'backups-unnamed') all = [stored(6, 'Backup', HOUR, { quiesce: 'offline', archiveBytes: 5_210, contentBytes: 18_022, entries: 12 }), stored(7, 'Backup', HOUR + 40, { archiveBytes: 5_180, contentBytes: 18_022, entries: 12 })]
  if (name === 'backups-ready') all = all.filter(({ state }) => state !== 'running')
  if (name === 'backups-long') all = all.map((one) => ({ ...one, name: `${one.name}, before everything was changed at once because somebody could not wait`.slice(0, 100), ...(one.state === 'failed' && { reason: 'With world/regions/of/the/far/north/map.sqlite the server’s files claim to hold far more than its disk limit allows. The game may still hold back its writes after a backup: it did not answer in time. Restart it, or tell it to write again by its own command.' }) }))
}

const missing = () => problem('not_found', 404, 'There is nothing here, or you may not see it', 'No such backup.', 'Check the address.')
function shown(one: Stored): Backup {
  const { serverId, ...backup } = one
  return serverId ? backup : one
}
const of = (serverId: string) => all.filter((one) => one.serverId === serverId)
const tell = (serverId: string) => world.emit({ type: 'backups', serverId })

function change(one: Stored, by: Partial<Stored>): Backup {
  Object.assign(one, by, { revision: one.revision + 1 })
  tell(one.serverId)
  return shown(one)
}

function view({ params }: Call) {
  const server = world.server(params[0] ?? '')
  if (!server) return missing()
  const items = of(server.id)
  const count = items.filter(({ state }) => state !== 'failed').length
  const limit = scenes.full ? count : server.limits.backups
  const refusal = items.some(({ state }) => state === 'running') ? 'Another backup is being made.' : count >= limit ? `${String(count)} of ${String(limit)} backups are there; delete one to make room.` : server.node.connected ? null : 'The node is not connected, and backups are made there.'
  return { items: items.map(shown), limit, refusal }
}

const TICK_MS = 250
const TICKS = 8
function make({ params, body }: Call) {
  const serverId = params[0] ?? ''
  const made = stored(0, String(body.name ?? '').trim() || 'Backup', 0, { id: world.newId(), serverId, revision: 1, state: 'running', locked: body.locked === true, endedAt: null, quiesce: null, archiveBytes: 0, contentBytes: 0, entries: 0 })
  all = [made, ...all]
  tell(serverId)
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
    if (!all.includes(made)) clearInterval(timer)
    else if (ticks < TICKS) change(made, { quiesce: 'quiesced', progress: { doneBytes: (339 * MIB * ticks) / TICKS, totalBytes: 339 * MIB } })
    else {
      clearInterval(timer)
      change(made, { state: 'ready', endedAt: new Date().toISOString(), progress: null, archiveBytes: 214 * MIB, contentBytes: 339 * MIB, entries: 2_104 })
    }
  }, TICK_MS)
  return shown(made)
}

/** Whatever is asked of one that is there. */
const withOne = (then: (one: Stored, call: Call) => unknown) => (call: Call) => {
  const one = all.find((each) => each.serverId === call.params[0] && each.id === call.params[1])
  return one ? then(one, call) : missing()
}

function restore(one: Stored) {
  const runs = servers.find(({ id: serverId }) => serverId === one.serverId)?.desired === 'running'
  const operation = world.begin(one.serverId, 'restore')
  world.observe(one.serverId, 'stopping')
  const isOver = () => operations.find(({ id: one }) => one === operation.id)?.state === 'cancelled'
  const unpacking = () => {
    if (isOver()) return
    world.observe(one.serverId, 'offline')
    world.move(operation.id, { progress: { step: 'Unpacking the backup', stepIndex: 0, stepCount: 1, fraction: 0.4, detail: null, at: new Date().toISOString() } })
  }
  setTimeout(unpacking, 1_000)
  setTimeout(() => {
    if (isOver()) return
    world.move(operation.id, { state: 'succeeded', endedAt: new Date().toISOString() })
    if (runs) power(one.serverId, 'start')
  }, scenes.slow ? 20_000 : 2_000)
  return { operationId: operation.id }
}

export const handlers: [string, string, (call: Call) => unknown][] = [
  ['GET', '/api/servers/:/backups', view],
  ['POST', '/api/servers/:/backups', make],
  ['PATCH', '/api/servers/:/backups/:', withOne((one, { body }) => change(one, body as Partial<Stored>))],
  ['DELETE', '/api/servers/:/backups/:', withOne((one) => {
    all = all.filter((each) => each !== one)
    tell(one.serverId)
  })],
  ['POST', '/api/servers/:/backups/:/restore', withOne(restore)],
]
