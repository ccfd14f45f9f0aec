/** Drains: of the first node, some servers wait for players, one is backed up, one had trouble; or all of it is done. */
import type { DrainServerView, NodeDrainView } from '../src/api/types'
import { before, id, nodes, servers, users } from './data'
import { problem } from './problem'
import { world } from './world'

type Call = { params: string[]; body: Record<string, unknown> }
type State = NonNullable<DrainServerView['state']>

const USUAL = 'This machine is being serviced. The server stops in {time}.'
const AFTER = 1_800
const soon = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString()
const byServer = new Map<string, { state: State; trouble: string[] }>()

const on = (nodeId: string) => servers.filter((server) => server.node.id === nodeId)
const nothing = { running: 0, waiting: 0, backingUp: 0, open: 0, troubled: 0 }

function begin(nodeId: string, drain: Partial<NodeDrainView>): void {
  const node = nodes.find((one) => one.id === nodeId)
  if (!node) return
  node.drain = { id: id(9700), message: USUAL, deadline: soon(AFTER), backup: false, by: users[0]?.name ?? '', beganAt: before(240), heard: true, progress: nothing, done: false, ...drain }
  for (const server of on(nodeId)) {
    const known = byServer.get(server.id)
    const { deadline, backup } = node.drain
    world.change(server.id, { drain: { deadline, backup, state: known?.state ?? null, trouble: known?.trouble ?? [] } })
  }
}

/** What a drain comes to when nobody is left. */
function finish(nodeId: string): void {
  const node = nodes.find((one) => one.id === nodeId)
  if (node?.drain) node.drain = { ...node.drain, done: true, progress: { ...nothing, troubled: node.drain.progress.troubled } }
  for (const server of on(nodeId)) if (server.observed.state === 'running') world.change(server.id, { sample: null, observed: { ...server.observed, state: 'offline', since: before(60) } })
}

export function scene(name: string): void {
  const [one, two, three] = on(id(101))
  const told = (server: typeof one, state: State, trouble: string[] = []) => server && byServer.set(server.id, { state, trouble })
  const late = ['Players could not be told: The game’s plugin knows no way to.']
  if (name === 'drained') for (const server of [one, two]) told(server, 'drained')
  else {
    told(one, 'waiting')
    told(two, 'backing_up')
  }
  told(three, 'drained', [...late, 'No backup was made: The server has 5 backups, and may have 5.'])
  const progress = { running: 1, waiting: 1, backingUp: 1, open: 2, troubled: 1 }
  begin(id(101), { backup: true, progress })
  if (name === 'drained') finish(id(101))
  if (name === 'drain-unheard') begin(id(102), { heard: false })
}

const missing = () => problem('not_found', 404, 'There is nothing here, or you may not see it', 'No such node.', 'Check the address.')

export const handlers: ['GET' | 'PUT' | 'DELETE', string, (call: Call) => unknown][] = [
  ['GET', '/api/nodes/:/drain', ({ params }) => ({
    items: on(params[0] ?? '').flatMap((server) => {
      const known = byServer.get(server.id)
      return known ? [{ id: server.id, name: server.name, observed: server.observed.state, state: known.state, trouble: known.trouble, players: known.state === 'waiting' ? (server.sample?.game?.players ?? null) : null }] : []
    }),
  })],
  ['PUT', '/api/nodes/:/drain', ({ params, body }) => {
    const node = nodes.find((one) => one.id === params[0])
    if (!node) return missing()
    const { waitSeconds, message, backup } = body as { waitSeconds?: number; message?: string; backup?: boolean }
    if (message !== undefined && message.length > 300) return problem('validation_failed', 400, 'Some fields need another value', 'The message is too long.', 'Each field says what it needs.')
    if (!node.drain) for (const server of on(node.id)) if (server.observed.state === 'running') byServer.set(server.id, { state: 'waiting', trouble: [] })
    const waiting = [...byServer.values()].filter(({ state }) => state === 'waiting').length
    const deadline = waitSeconds === undefined ? (node.drain?.deadline ?? soon(AFTER)) : soon(waitSeconds)
    begin(node.id, { ...node.drain, message: message ?? node.drain?.message ?? USUAL, backup: backup ?? node.drain?.backup ?? false, deadline, progress: { ...nothing, running: waiting, waiting, open: waiting }, beganAt: node.drain?.beganAt ?? before(0) })
    return node
  }],
  ['DELETE', '/api/nodes/:/drain', ({ params }) => {
    const node = nodes.find((one) => one.id === params[0])
    if (!node) return missing()
    node.drain = null
    byServer.clear()
    for (const server of on(node.id)) world.change(server.id, { drain: null })
    return node
  }],
]
