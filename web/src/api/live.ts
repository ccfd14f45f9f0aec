/**
 * The page's one live link. Servers and operations go straight into the query cache; per-second samples go into a small
 * ring per server, since a cache entry per second would re-render whole pages. After a loss everything shown is read
 * again, because frames may have been missed. `ended` says the same of a link that the server closes on purpose: it
 * missed too much, or the session or its rights are not what they were.
 */
import type { InfiniteData, QueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { onBeat } from '~/lib/beat'
import { Store } from '~/lib/store'
import { backupsKey, operationQuery, keys, schedulesKey, variablesQuery } from './queries'
import { Socket, type LinkState } from './socket'
import type { LiveClientFrame, LiveFrame, LiveSample, NodeSample, OperationView, Page, ServerView } from './types'

/** Five minutes at one a second. */
export const SAMPLES_KEPT = 300
/** Topics that one socket may hold. */
const TOPICS = 256
const NONE: readonly never[] = []
const IDLE: LinkState = { status: 'ended', since: 0 }

type ServerPages = InfiniteData<Page<ServerView>>

/** The latest samples of one thing. What came since they were last shown waits, so that many are one change. */
class Samples<T> extends Store<readonly T[]> {
  #waiting: T[] = []

  constructor() {
    super(NONE)
  }

  get newest(): T | undefined {
    return this.#waiting.at(-1) ?? this.get().at(-1)
  }

  add(sample: T): void {
    this.#waiting.push(sample)
  }

  show(): void {
    this.set([...this.get(), ...this.#waiting].slice(-SAMPLES_KEPT))
    this.#waiting = []
  }
}

export class Live {
  /** Operations that this page has heard of and that have not been dismissed, newest first. */
  readonly operations = new Store<readonly OperationView[]>([])
  /** Servers that were deleted, or may not be seen any more, while this page showed them. */
  readonly gone = new Store<ReadonlySet<string>>(new Set())
  readonly #samples = new Map<string, Samples<LiveSample>>()
  readonly #nodeSamples = new Map<string, Samples<NodeSample>>()
  readonly #topics = new Map<string, number>()
  readonly #queries: QueryClient
  readonly #onSession: () => void
  readonly #link = new Store<Socket | null>(null)
  #subscribing = false
  /** What has samples that are not shown yet. */
  readonly #behind = new Set<{ show: () => void }>()
  #beating: (() => void) | undefined

  /** `onSession` is called when the session may have ended or changed. */
  constructor(queries: QueryClient, onSession: () => void) {
    this.#queries = queries
    this.#onSession = onSession
  }

  /** Opens the link; it stays until `stop`. */
  start(): void {
    if (this.#link.get()) return
    this.#link.set(
      new Socket({
        path: '/api/ws/live',
        onOpen: (again) => {
          this.#subscribeSoon()
          if (again) void this.#queries.invalidateQueries()
        },
        onFrame: (frame) => this.#take(frame as LiveFrame),
        onEnd: this.#onSession,
      }),
    )
  }

  stop(): void {
    this.#link.get()?.close()
    this.#link.set(null)
    this.#rest()
    this.#behind.clear()
    this.#samples.clear()
    this.#nodeSamples.clear()
    this.operations.set([])
    this.gone.set(new Set())
  }

  get link(): Store<Socket | null> {
    return this.#link
  }

  /** Follows a topic until the returned function is called. */
  readonly follow = (topic: string): (() => void) => {
    this.#topics.set(topic, (this.#topics.get(topic) ?? 0) + 1)
    this.#subscribeSoon()
    return () => {
      const count = (this.#topics.get(topic) ?? 1) - 1
      if (count > 0) this.#topics.set(topic, count)
      else this.#topics.delete(topic)
      this.#subscribeSoon()
    }
  }

  samples(serverId: string): Samples<LiveSample> {
    return samplesOf(this.#samples, serverId)
  }

  nodeSamples(nodeId: string): Samples<NodeSample> {
    return samplesOf(this.#nodeSamples, nodeId)
  }

  /** Takes in an operation that a call or a frame spoke of. */
  heard(operation: OperationView): void {
    const others = this.operations.get().filter((known) => known.id !== operation.id)
    this.operations.set([operation, ...others].slice(0, 50))
    this.#queries.setQueryData(operationQuery(operation.id).queryKey, operation as never)
  }

  /** A server is there no more: its page says so, and nothing that was read of it is kept. */
  lose(serverId: string): void {
    if (!this.gone.get().has(serverId)) this.gone.set(new Set([...this.gone.get(), serverId]))
    this.#queries.removeQueries({ queryKey: keys.server(serverId) })
  }

  /** It is asked for once more, since somebody comes to its page, or it was heard of. */
  find(serverId: string): void {
    if (this.gone.get().has(serverId)) this.gone.set(new Set([...this.gone.get()].filter((known) => known !== serverId)))
  }

  dismiss(operationId: string): void {
    this.operations.set(this.operations.get().filter((known) => known.id !== operationId))
  }

  /** One frame for many topics that change in the same moment, as when a list scrolls. */
  #subscribeSoon(): void {
    if (this.#subscribing) return
    this.#subscribing = true
    queueMicrotask(() => {
      this.#subscribing = false
      this.#link.get()?.send({ type: 'subscribe', topics: [...this.#topics.keys()].slice(0, TOPICS) } satisfies LiveClientFrame)
    })
  }

  #take(frame: LiveFrame): void {
    switch (frame.type) {
      case 'server':
        this.#server(frame.server)
        break
      case 'samples':
        for (const { serverId, sample } of frame.samples) this.#sample(this.samples(serverId), sample)
        break
      case 'node_sample':
        this.#came(this.nodeSamples(frame.nodeId), frame.sample)
        break
      case 'operation':
        this.heard(frame.operation)
        this.#queries.setQueriesData<Page<OperationView>>({ queryKey: [...keys.server(frame.operation.serverId), 'operations'] }, (page) =>
          page && { ...page, items: [frame.operation, ...page.items.filter((known) => known.id !== frame.operation.id)] },
        )
        break
      case 'removed':
        this.#queries.setQueriesData<ServerPages>({ queryKey: keys.servers }, (data) => data && eachPage(data, (items) => items.filter((server) => server.id !== frame.serverId)))
        this.lose(frame.serverId)
        break
      case 'node':
        // The frame tells whether it is linked; a page shows its report and when it was seen as well.
        void this.#queries.invalidateQueries({ queryKey: keys.nodes })
        break
      case 'backups':
        void this.#queries.invalidateQueries({ queryKey: backupsKey(frame.serverId) })
        break
      case 'schedules':
        void this.#queries.invalidateQueries({ queryKey: schedulesKey(frame.serverId) })
        break
      case 'plugin':
        for (const queryKey of [keys.plugins, keys.blueprints, ['release']]) void this.#queries.invalidateQueries({ queryKey })
        break
      case 'ended':
        // The socket closes now (4409) and opens again by itself, whereupon all that is shown is read again.
        this.#onSession()
        break
      case 'subscribed':
        break
    }
  }

  /** The first after a silence is shown at once, and what follows with the page's beat, whichever thing it is of. */
  #came<T>(samples: Samples<T>, sample: T): void {
    samples.add(sample)
    this.#behind.add(samples)
    if (this.#beating) return
    this.#show()
    this.#beating = onBeat(() => (this.#behind.size > 0 ? this.#show() : this.#rest()))
  }

  #show(): void {
    const behind = [...this.#behind]
    this.#behind.clear()
    for (const samples of behind) samples.show()
  }

  #rest(): void {
    this.#beating?.()
    this.#beating = undefined
  }

  #server(server: ServerView): void {
    if (server.operation) this.heard(server.operation)
    this.find(server.id)
    const before = this.#queries.getQueryData<ServerView>(keys.server(server.id))
    this.#queries.setQueryData(keys.server(server.id), server)
    // Somebody may have changed settings, or a restart taken them in: which of them wait is asked again.
    if (before && (before.generation !== server.generation || before.observed.generation !== server.observed.generation)) void this.#queries.invalidateQueries({ queryKey: variablesQuery(server.id).queryKey })
    let known = false
    this.#queries.setQueriesData<ServerPages>({ queryKey: keys.servers }, (data) =>
      data && eachPage(data, (items) => items.map((item) => {
        if (item.id !== server.id) return item
        known = true
        return server
      })),
    )
    if (!known) void this.#queries.invalidateQueries({ queryKey: keys.servers })
  }

  #sample(samples: Samples<LiveSample>, sample: LiveSample): void {
    // The collector speaks every few seconds, the container every second: what one leaves out stays as it was.
    this.#came(samples, { ...sample, game: sample.game ?? samples.newest?.game ?? null })
  }
}

function samplesOf<T>(all: Map<string, Samples<T>>, id: string): Samples<T> {
  let samples = all.get(id)
  if (!samples) {
    samples = new Samples<T>()
    all.set(id, samples)
  }
  return samples
}

const eachPage = (data: ServerPages, change: (items: ServerView[]) => ServerView[]): ServerPages => ({
  ...data,
  pages: data.pages.map((page) => ({ ...page, items: change(page.items) })),
})

/** Whether a server went away under the page that shows it. */
export function useGone(live: Live, serverId: string): boolean {
  return useSyncExternalStore(live.gone.watch, live.gone.get).has(serverId)
}

/** The samples of the last minutes, growing while the page watches. */
export function useSamples(live: Live, serverId: string): readonly LiveSample[] {
  const store = live.samples(serverId)
  useEffect(() => live.follow(`server:${serverId}`), [live, serverId])
  return useSyncExternalStore(store.watch, store.get)
}

/** The latest numbers: what came live, or what the server's view carried. */
export function useSample(live: Live, server: ServerView): LiveSample | null {
  const latest = useSamples(live, server.id).at(-1)
  return latest ?? server.sample ?? null
}

/** The same of a node's machine, which is measured each second for as long as somebody watches. */
export function useNodeSamples(live: Live, nodeId: string): readonly NodeSample[] {
  const store = live.nodeSamples(nodeId)
  useEffect(() => live.follow(`node:${nodeId}`), [live, nodeId])
  return useSyncExternalStore(store.watch, store.get)
}

const unwatched = () => () => undefined

export function useLink(live: Live): LinkState {
  const socket = useSyncExternalStore(live.link.watch, live.link.get)
  return useSyncExternalStore(socket?.state.watch ?? unwatched, socket?.state.get ?? (() => IDLE))
}
