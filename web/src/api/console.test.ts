import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConsoleLink, type ConsoleEvents } from './console'

vi.mock('./client', () => ({ client: { GET: () => undefined }, take: () => Promise.resolve({ token: 'once' }) }))

class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []
  readyState = 0
  sent: Record<string, unknown>[] = []
  onopen: () => void = () => undefined
  onmessage: (event: { data: string }) => void = () => undefined
  onclose: (event: { code: number }) => void = () => undefined
  constructor() {
    FakeSocket.all.push(this)
  }
  open() {
    this.readyState = 1
    this.onopen()
  }
  lose() {
    this.readyState = 3
    this.onclose({ code: 1006 })
  }
  say(frame: object) {
    this.onmessage({ data: JSON.stringify(frame) })
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close() {
    this.readyState = 3
  }
}

let last = -1
const events = { last: () => last, onLines: vi.fn(), onGap: vi.fn(), onRestarted: vi.fn(), onNode: vi.fn(), onRefused: vi.fn(), onUnanswered: vi.fn(), onRevoked: vi.fn() } satisfies ConsoleEvents

async function link() {
  const made = new ConsoleLink('s1', events)
  await vi.advanceTimersByTimeAsync(0)
  return { made, socket: newest() }
}
function newest(): FakeSocket {
  const socket = FakeSocket.all.at(-1)
  if (!socket) throw new Error('no socket was opened')
  return socket
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('addEventListener', vi.fn())
  vi.stubGlobal('removeEventListener', vi.fn())
  vi.stubGlobal('document', { addEventListener: vi.fn(), removeEventListener: vi.fn(), hidden: false })
  vi.stubGlobal('location', { protocol: 'http:', host: 'panel' })
  last = -1
})
afterEach(() => {
  vi.clearAllMocks()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('a console link', () => {
  it('sends nothing before it is open, and says so', async () => {
    const { made, socket } = await link()
    expect(made.command('status')).toBe(false)
    socket.open()
    expect(made.command('status')).toBe(true)
    expect(socket.sent.map((frame) => frame.type)).toEqual(['authenticate', 'command'])
  })
  it('asks after a loss for what follows the last line that it has', async () => {
    const { socket } = await link()
    socket.open()
    last = 41
    socket.lose()
    await vi.advanceTimersByTimeAsync(1_000)
    newest().open()
    expect(newest()).not.toBe(socket)
    expect(newest().sent[0]).toMatchObject({ type: 'authenticate', after: 41 })
  })
  it('tells of a command that was on its way when the link was lost', async () => {
    const { made, socket } = await link()
    socket.open()
    made.command('map oa_dm2')
    socket.lose()
    expect(events.onUnanswered).toHaveBeenCalledExactlyOnceWith('map oa_dm2')
  })
  it('has nothing to tell of a command that was accepted', async () => {
    const { made, socket } = await link()
    socket.open()
    made.command('status')
    socket.say({ type: 'accepted', id: socket.sent[1]?.id })
    socket.lose()
    expect(events.onUnanswered).not.toHaveBeenCalled()
  })
  it('names the command that was refused', async () => {
    const { made, socket } = await link()
    socket.open()
    made.command('quit')
    socket.say({ type: 'refused', id: socket.sent[1]?.id, problem: { title: 'Too fast' } })
    expect(events.onRefused).toHaveBeenCalledExactlyOnceWith('quit', { title: 'Too fast' })
  })
})
