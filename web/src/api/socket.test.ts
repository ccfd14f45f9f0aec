import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from './problem'
import { Socket } from './socket'

const ticket = vi.fn(() => Promise.resolve({ token: 'once' }))
vi.mock('./client', () => ({ client: { GET: () => undefined }, take: () => ticket() }))

class Refused {
  static readonly OPEN = 1
  static count = 0
  onclose: (event: { code: number }) => void = () => undefined
  constructor() {
    Refused.count += 1
    queueMicrotask(() => this.onclose({ code: 1006 }))
  }
  close() {
    // Nothing is open.
  }
}

let chance = 0
let socket: Socket

/** How long it takes until the next opening, in milliseconds. */
async function pause(): Promise<number> {
  const before = Refused.count
  const began = Date.now()
  while (Refused.count === before) await vi.advanceTimersToNextTimerAsync()
  return Date.now() - began
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Refused)
  vi.stubGlobal('addEventListener', vi.fn())
  vi.stubGlobal('removeEventListener', vi.fn())
  vi.stubGlobal('document', { addEventListener: vi.fn(), removeEventListener: vi.fn(), hidden: false })
  vi.stubGlobal('location', { protocol: 'http:', host: 'panel' })
  vi.spyOn(Math, 'random').mockImplementation(() => chance)
  Refused.count = 0
})
afterEach(() => {
  socket.close()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function open() {
  socket = new Socket({ path: '/api/ws/live', onFrame: () => undefined })
  await vi.advanceTimersByTimeAsync(0)
}

describe('a socket that is refused', () => {
  it('comes again after pauses from the whole of a range that doubles to half a minute', async () => {
    chance = 0.5
    await open()
    const pauses: number[] = []
    for (let count = 0; count < 7; count += 1) pauses.push(await pause())
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000])
  })
  it('never hammers, whatever the draw', async () => {
    chance = 0
    await open()
    expect(await pause()).toBe(100)
  })
  it('waits as long as the panel asks, and then its own pause', async () => {
    chance = 0.5
    const limited = new ApiError({ code: 'overloaded', status: 503, title: '', detail: '', remedy: '' }, 7)
    ticket.mockRejectedValueOnce(limited)
    await open()
    expect(await pause()).toBe(7_500)
  })
})
