/** One server's console as a stream. It remembers the last line it has and asks for what follows after every loss. */
import { randomId } from '~/lib/id'
import { Socket } from './socket'
import type { ConsoleClientFrame, ConsoleFrame, ConsoleLine, Problem } from './types'

export type ConsoleEvents = {
  /** The last line's number that the page has; -1 for none. */
  last: () => number
  onLines: (lines: ConsoleLine[]) => void
  onGap: (from: number, to: number) => void
  /** The numbering began again. */
  onRestarted: () => void
  onNode: (connected: boolean) => void
  onRefused: (command: string, problem: Problem) => void
  /** The link was lost before it was said whether this was taken. */
  onUnanswered: (command: string) => void
  onRevoked: () => void
}

export class ConsoleLink {
  readonly socket: Socket
  /** Commands on their way, by the id that their answer will name. */
  readonly #pending = new Map<string, string>()
  readonly #events: ConsoleEvents

  constructor(serverId: string, events: ConsoleEvents) {
    this.#events = events
    this.socket = new Socket({
      path: `/api/ws/console/${encodeURIComponent(serverId)}`,
      greeting: () => (events.last() >= 0 ? { after: events.last() } : {}),
      onFrame: (raw) => {
        const frame = raw as ConsoleFrame
        switch (frame.type) {
          case 'lines':
            events.onLines(frame.lines)
            break
          case 'gap':
            events.onGap(frame.from, frame.to)
            break
          case 'restarted':
            events.onRestarted()
            break
          case 'node':
            events.onNode(frame.connected)
            break
          case 'refused':
            events.onRefused(this.#answered(frame.id), frame.problem)
            break
          case 'revoked':
            events.onRevoked()
            break
          case 'accepted':
            this.#answered(frame.id)
            break
        }
      },
      onEnd: (why) => why === 'forbidden' && events.onRevoked(),
    })
    this.socket.state.watch(() => this.socket.state.get().status !== 'connected' && this.#lost())
  }

  /** Types a command; false when there is no link to type into. */
  command(command: string): boolean {
    const id = randomId()
    if (!this.socket.send({ type: 'command', id, command } satisfies ConsoleClientFrame)) return false
    this.#pending.set(id, command)
    return true
  }

  close(): void {
    this.#pending.clear()
    this.socket.close()
  }

  #answered(id: string): string {
    const command = this.#pending.get(id) ?? ''
    this.#pending.delete(id)
    return command
  }

  #lost(): void {
    const command = [...this.#pending.values()].at(-1)
    this.#pending.clear()
    if (command !== undefined) this.#events.onUnanswered(command)
  }
}
