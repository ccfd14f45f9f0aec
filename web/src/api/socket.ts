/**
 * A WebSocket that comes back by itself. Each opening spends a fresh one-time ticket and says `authenticate` first;
 * losses are answered with growing pauses, drawn by chance from the whole of their range so that the pages of a panel
 * that was restarted do not come back together, and at once when the machine is online or the page visible again.
 * Only two refusals are final: no session to get a ticket for, and no right to what the socket tells.
 */
import { Store } from '~/lib/store'
import { client, take } from './client'
import { ApiError } from './problem'

export type LinkState = { status: 'connecting' | 'connected' | 'lost' | 'ended'; since: number }

type Options = {
  path: string
  /** Sent along with the ticket. */
  greeting?: () => Record<string, unknown>
  onOpen?: (again: boolean) => void
  onFrame: (frame: unknown) => void
  /** It is over for good. */
  onEnd?: (why: 'signed-out' | 'forbidden') => void
}

/** Of the range that a pause is drawn from: it doubles with each failure. */
const FIRST_MS = 1_000
const LONGEST_MS = 30_000
/** Never hammer, whatever the draw. */
const SHORTEST_MS = 100
/** A link that lasted this long was a good one: its loss is answered without the patience of earlier failures. */
const GOOD_MS = 5_000
/** The close code of what may not be seen, or no longer. All others (among them 4409, "connect again") are worth another try. */
const FORBIDDEN = 4403

export class Socket {
  readonly state = new Store<LinkState>({ status: 'connecting', since: Date.now() })
  readonly #options: Options
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #attempt = 0
  #opened = false
  #closed = false

  constructor(options: Options) {
    this.#options = options
    addEventListener('online', this.#hurry)
    document.addEventListener('visibilitychange', this.#hurry)
    void this.#open()
  }

  /** Sends a frame if the link is up; says whether it was. */
  send(frame: unknown): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN || this.state.get().status !== 'connected') return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  /** Ends it for good. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    removeEventListener('online', this.#hurry)
    document.removeEventListener('visibilitychange', this.#hurry)
    this.#socket?.close()
    this.#move('ended')
  }

  #move(status: LinkState['status']): void {
    if (this.state.get().status !== status) this.state.set({ status, since: Date.now() })
  }

  readonly #hurry = (): void => {
    if (this.#timer === undefined || document.hidden) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    void this.#open()
  }

  async #open(): Promise<void> {
    let token: string
    try {
      ;({ token } = await take(client.GET('/api/ws/token')))
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.#end('signed-out')
      else this.#retry(error instanceof ApiError ? error.retryAfter : null)
      return
    }
    if (this.#closed) return
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(`${scheme}//${location.host}${this.#options.path}`)
    this.#socket = socket
    let openedAt = Infinity
    socket.onopen = () => {
      openedAt = Date.now()
      socket.send(JSON.stringify({ type: 'authenticate', token, ...this.#options.greeting?.() }))
      this.#move('connected')
      this.#options.onOpen?.(this.#opened)
      this.#opened = true
    }
    socket.onmessage = (event) => {
      if (typeof event.data === 'string') this.#options.onFrame(JSON.parse(event.data))
    }
    socket.onclose = (event) => {
      if (this.#socket !== socket) return
      if (Date.now() - openedAt > GOOD_MS) this.#attempt = 0
      if (event.code === FORBIDDEN) this.#end('forbidden')
      else this.#retry()
    }
  }

  #end(why: 'signed-out' | 'forbidden'): void {
    if (this.#closed) return
    this.close()
    this.#options.onEnd?.(why)
  }

  /** `asked` is for how many seconds the panel asked to be left alone; the drawn pause comes after them. */
  #retry(asked: number | null = null): void {
    if (this.#closed) return
    this.#socket = null
    this.#move('lost')
    const range = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt)
    this.#attempt += 1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#open()
    }, (asked ?? 0) * 1_000 + Math.max(SHORTEST_MS, Math.random() * range))
  }
}
