/** Puts the mock API in the place of `fetch` and `WebSocket`, for this origin's `/api` alone. */
import type { ConsoleFrame, LiveFrame } from '../src/api/types'
import { users } from './data'
import { answer, moodOf, scene } from './handlers'
import { beat, world } from './world'

/** The part of WebSocket that the panel uses. */
class MockSocket {
  static readonly OPEN = 1
  readyState = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  readonly #path: string
  #stop: () => void = () => undefined
  #topics = new Set<string>()

  constructor(url: string) {
    this.#path = new URL(url).pathname
    setTimeout(() => {
      if (this.#path.includes('/console/') && !outage.opens(this)) return
      this.readyState = 1
      this.onopen?.()
    }, 40)
  }

  send(text: string): void {
    const frame = JSON.parse(text) as { type: string; topics?: string[]; after?: number; id?: string; command?: string }
    const serverId = /console\/(.+)$/.exec(this.#path)?.[1]
    if (frame.type === 'authenticate') this.#stop = serverId === undefined ? this.#live() : this.#console(serverId, frame.after)
    if (frame.type === 'subscribe') {
      this.#topics = new Set(frame.topics)
      this.#give({ type: 'subscribed', topics: [...this.#topics] })
    }
    if (frame.type === 'command' && serverId !== undefined) {
      world.say(serverId, 'command', `[${users[0]?.name ?? ''}] ${frame.command ?? ''}`)
      this.#give({ type: 'accepted', id: frame.id ?? '' })
      setTimeout(() => world.say(serverId, 'game', `broadcast: print "${frame.command ?? ''}"`), 30)
      if (frame.command === 'flood') flood(serverId)
    }
  }
  close(): void {
    this.readyState = 3
    this.#stop()
    this.onclose?.({ code: 1005 })
  }

  #give(frame: LiveFrame | ConsoleFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  #live(): () => void {
    return world.listen((frame) => {
      if (frame.type === 'node_sample' && !this.#topics.has(`node:${frame.nodeId}`)) return
      if (frame.type !== 'samples') return this.#give(frame)
      const samples = frame.samples.filter((one) => this.#topics.has(`server:${one.serverId}`))
      if (samples.length > 0) this.#give({ type: 'samples', samples })
    })
  }
  #console(serverId: string, after?: number): () => void {
    const { lines, listeners } = world.console(serverId)
    const listener = (frame: ConsoleFrame) => this.#give(frame)
    listeners.add(listener)
    this.#give({ type: 'lines', lines: after === undefined ? lines.slice(-160) : lines.filter((line) => line.seq > after) })
    return () => listeners.delete(listener)
  }
}

/** The console's link in the scenes `console-connecting`, which never opens, and `console-lost`, which is away for a while. */
const outage = {
  scene: '',
  until: 0,
  opens(socket: MockSocket): boolean {
    if (this.scene === 'console-connecting') return false
    if (this.scene !== 'console-lost') return true
    if (this.until === 0) {
      this.until = Date.now() + 10_000
      setTimeout(() => socket.onclose?.({ code: 1006 }), 4_000)
    } else if (Date.now() < this.until) {
      socket.onclose?.({ code: 1006 })
      return false
    }
    return true
  },
}

/** Five thousand lines a second for ten seconds, to see whether the page keeps up. */
function flood(serverId: string): void {
  let left = 100
  const timer = setInterval(() => {
    world.say(serverId, 'game', ...Array.from({ length: 500 }, (_, i) => `flood ${String(left)}.${String(i)} \x1b[3${String(1 + (i % 6))}mthe quick brown fox jumps over the lazy dog\x1b[0m`))
    left -= 1
    if (left === 0) clearInterval(timer)
  }, 100)
}

/** The part of XMLHttpRequest that uploads use, over the mocked `fetch`, with a progress that can be seen. */
class MockRequest {
  status = 0
  responseText = ''
  readonly upload: { onprogress: ((event: { loaded: number }) => void) | null } = { onprogress: null }
  onload: (() => void) | null = null
  onabort: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly #headers = new Headers()
  #method = 'GET'
  #url = ''
  #ended = false

  open(method: string, url: string): void {
    this.#method = method
    this.#url = url
  }
  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value)
  }
  getResponseHeader(): null {
    return null
  }
  abort(): void {
    this.#ended = true
    this.onabort?.()
  }
  send(file: File): void {
    let step = 0
    const timer = setInterval(() => {
      step += 1
      if (!this.#ended) this.upload.onprogress?.({ loaded: (file.size * step) / 10 })
      if (step < 10 && !this.#ended) return
      clearInterval(timer)
      if (!this.#ended) void this.#finish(file)
    }, 250)
  }
  async #finish(file: File): Promise<void> {
    const response = await fetch(this.#url, { method: this.#method, headers: this.#headers, body: file })
    this.status = response.status
    this.responseText = await response.text()
    this.onload?.()
  }
}

export function install(): void {
  const name = new URLSearchParams(location.search).get('mock') ?? sessionStorage.getItem('gantry.mock')
  if (name) sessionStorage.setItem('gantry.mock', name)
  scene(name)
  outage.scene = name ?? ''
  const realFetch = globalThis.fetch
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    const url = new URL(request.url)
    return url.origin === location.origin && url.pathname.startsWith('/api/') ? answer(request, moodOf(name)) : realFetch(request)
  }
  globalThis.XMLHttpRequest = MockRequest as unknown as typeof XMLHttpRequest
  globalThis.WebSocket = new Proxy(globalThis.WebSocket, {
    construct: (Real, [url, protocols]: [string, string[]?]) => (new URL(url).pathname.startsWith('/api/') ? new MockSocket(url) : new Real(url, protocols)),
  })
  setInterval(beat, 1_000)
}
