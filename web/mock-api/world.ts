/** The installation as it lives: what calls change, and what time does. Frames go to whoever listens. */
import type { ConsoleFrame, ConsoleLine, LiveFrame, OperationKind, OperationView, ServerView } from '../src/api/types'
import { aServer, actionsFor, id, nodes, operations, servers, users } from './data'
import { machineAt } from './machines'

type Listener = (frame: LiveFrame) => void

class World {
  signedIn = true
  setupNeeded = false
  readonly #listeners = new Set<Listener>()
  readonly #consoles = new Map<string, { lines: ConsoleLine[]; listeners: Set<(frame: ConsoleFrame) => void> }>()
  #next = 9_000

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  emit(frame: LiveFrame): void {
    for (const listener of this.#listeners) listener(frame)
  }
  newId(): string {
    this.#next += 1
    return id(this.#next)
  }
  server(serverId: string): ServerView | undefined {
    return servers.find((server) => server.id === serverId)
  }
  change(serverId: string, change: Partial<ServerView>): ServerView | undefined {
    const index = servers.findIndex((server) => server.id === serverId)
    const server = servers[index]
    if (!server) return undefined
    const next = { ...server, ...change }
    servers[index] = { ...next, actions: actionsFor(next) }
    this.emit({ type: 'server', server: servers[index] })
    return servers[index]
  }
  /** The right to read the console ends while it is read. */
  revoke(serverId: string): void {
    for (const listener of this.console(serverId).listeners) listener({ type: 'revoked' })
  }
  observe(serverId: string, state: ServerView['observed']['state']): void {
    const at = new Date().toISOString()
    const runs = state === 'running' || state === 'starting'
    this.change(serverId, { waiting: [], observed: { state, since: at, reason: null, crashes: 0, startedAt: runs ? at : null, generation: runs ? (this.server(serverId)?.generation ?? null) : null } })
  }

  begin(serverId: string, kind: OperationKind): OperationView {
    const at = new Date().toISOString()
    const operation: OperationView = { id: this.newId(), serverId, kind, state: 'running', progress: null, failure: null, requestedBy: { id: id(1), name: users[0]?.name ?? '' }, requestedAt: at, deadline: at, startedAt: at, endedAt: null }
    operations.unshift(operation)
    this.change(serverId, { operation })
    return operation
  }
  move(operationId: string, change: Partial<OperationView>): void {
    const index = operations.findIndex((operation) => operation.id === operationId)
    const operation = operations[index]
    if (!operation) return
    operations[index] = { ...operation, ...change }
    this.emit({ type: 'operation', operation: operations[index] })
    this.change(operation.serverId, { operation: operations[index] })
  }

  console(serverId: string) {
    let known = this.#consoles.get(serverId)
    if (!known) {
      known = { lines: story(), listeners: new Set() }
      this.#consoles.set(serverId, known)
    }
    return known
  }
  say(serverId: string, source: ConsoleLine['source'], ...texts: string[]): void {
    const { lines, listeners } = this.console(serverId)
    const fresh = texts.map((text, i): ConsoleLine => ({ seq: (lines.at(-1)?.seq ?? 0) + 1 + i, at: new Date().toISOString(), source, text }))
    lines.push(...fresh)
    for (const listener of listeners) listener({ type: 'lines', lines: fresh })
  }
}

const STORY = [
  ['gantry', 'Starting: openarena-server in debian:bookworm-slim'],
  ['game', 'ioq3+oa 1.36_SVN2287M linux-x86_64 Mar 12 2023'],
  ['game', '----- FS_Startup -----'],
  ['game', '\x1b[1mCurrent search path:\x1b[0m'],
  ['game', '/home/gantry/baseoa/pak0.pk3 (1048 files)'],
  ['game', '\x1b[33mWARNING: sv_pure is off, clients may use their own files\x1b[0m'],
  ['game', '------ Server Initialization ------'],
  ['game', 'Server: oa_dm1'],
  ['game', 'Opening IP socket: 0.0.0.0:27960'],
  ['gantry', 'Running: the collector answers in 3 ms'],
  ['game', 'ClientConnect: 0'],
  ['game', '\x1b[32mSarge^7 entered the game\x1b[0m'],
  ['game', 'ClientConnect: 1'],
  ['game', '\x1b[32mGrism^7 entered the game\x1b[0m'],
  ['game', 'Kill: 0 1 10: Sarge killed Grism by MOD_RAILGUN'],
  ['game', 'say: Grism: nice shot'],
  ['command', '[Ada Moreau] say next map in 2 minutes'],
  ['game', 'broadcast: print "server: next map in 2 minutes\\n"'],
  ['game', '\x1b[31mERROR: could not open demos/oa_dm1.dm_71\x1b[0m'],
] as const

const story = (): ConsoleLine[] =>
  Array.from({ length: 240 }, (_, i) => {
    const [source, text] = i < STORY.length * 1 ? (STORY[i] ?? STORY[0]) : (STORY[10 + (i % 9)] ?? STORY[0])
    return { seq: i + 1, at: new Date(Date.now() - (240 - i) * 4_000).toISOString(), source, text }
  })

export const world = new World()

const INSTALL = [
  ['Build the image', 'Step 2/4 : RUN apt-get install -y openarena-server'],
  ['Download maps', '38.2 MiB of 61 MiB, 11.4 MiB/s'],
  ['Write server.cfg', null],
] as const

/** An installation that takes a dozen seconds, told step by step. */
export function install(serverId: string, operationId: string, start: boolean): void {
  let tick = 0
  const timer = setInterval(() => {
    if (operations.find((one) => one.id === operationId)?.state === 'cancelled') {
      clearInterval(timer)
      return
    }
    tick += 1
    const fraction = Math.min(1, tick / 24)
    const stepIndex = Math.min(INSTALL.length - 1, Math.floor(fraction * INSTALL.length))
    const [step, detail] = INSTALL[stepIndex] ?? INSTALL[0]
    world.say(serverId, 'install', `${detail ?? step} (${String(tick)})`)
    if (fraction < 1) {
      world.move(operationId, { progress: { step, stepIndex, stepCount: INSTALL.length, fraction, detail, at: new Date().toISOString() } })
      return
    }
    clearInterval(timer)
    world.move(operationId, { state: 'succeeded', endedAt: new Date().toISOString() })
    world.observe(serverId, start ? 'starting' : 'offline')
    if (start) setTimeout(() => world.observe(serverId, 'running'), 1_500)
  }, 500)
}

export function power(serverId: string, action: 'start' | 'stop' | 'restart' | 'kill'): OperationView {
  const operation = world.begin(serverId, action)
  const end = () => world.move(operation.id, { state: 'succeeded', endedAt: new Date().toISOString() })
  const up = () => {
    world.observe(serverId, 'starting')
    world.say(serverId, 'gantry', 'Starting')
    setTimeout(() => {
      world.observe(serverId, 'running')
      end()
    }, 1_500)
  }
  const down = (then: () => void) => {
    world.observe(serverId, 'stopping')
    world.say(serverId, 'gantry', 'Stopping')
    setTimeout(() => {
      world.observe(serverId, 'offline')
      then()
    }, action === 'kill' ? 100 : 1_200)
  }
  if (action === 'start') up()
  else if (action === 'restart') down(up)
  else down(end)
  return operation
}

const wave = (at: number, period: number, shift = 0) => Math.sin((at / period) * 2 * Math.PI + shift)

/** The numbers of a moment, the same whenever they are asked for. */
export function numbersAt(at: number, server: ServerView) {
  const day = wave(at, 86_400, 2.2)
  const players = Math.max(0, Math.round(5 + 4 * day + 2 * wave(at, 5_400)))
  return {
    cpuPercent: Math.max(2, 9 + players * 3.2 + 3 * wave(at, 37) + 2 * wave(at, 7)),
    memoryBytes: Math.round((server.limits.memoryMib || 900) * (0.36 + 0.05 * day + 0.015 * wave(at, 600)) * 1024 ** 2),
    networkRxBytes: Math.round(2_000 + players * 1_400 + 500 * wave(at, 11)),
    networkTxBytes: Math.round(5_000 + players * 3_600 + 900 * wave(at, 9)),
    diskBytes: Math.round((780 + at / 86_400 % 60) * 1024 ** 2),
    // Some games answer and tell nothing of who plays.
    players: server.sample?.game?.players === null ? null : players,
    latencyMs: Math.max(0.6, 3.2 + wave(at, 90) + 0.5 * wave(at, 5)),
  }
}

/** One second of every running server, and of every machine. */
export function beat(): void {
  const at = Date.now() / 1000
  for (const node of nodes) if (node.state === 'connected') world.emit({ type: 'node_sample', nodeId: node.id, sample: machineAt(at, node) })
  const samples = servers.filter((server) => server.observed.state === 'running' && server.node.connected).map((server) => {
    const now = numbersAt(at, server)
    const game = server.sample?.game ?? (server.blueprint.id.startsWith('openarena') ? aServer().sample?.game : null)
    return {
      serverId: server.id,
      sample: {
        at: new Date(at * 1000).toISOString(),
        statistics: { ...now, memoryLimitBytes: server.limits.memoryMib * 1024 ** 2, diskBytes: 812 * 1024 ** 2, pids: 12 },
        game: game ? { ...game, latencyMs: now.latencyMs } : null,
      },
    }
  })
  world.emit({ type: 'samples', samples })
}
