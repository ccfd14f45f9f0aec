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
  onRefused: (problem: Problem) => void
  onRevoked: () => void
}

export class ConsoleLink {
  readonly socket: Socket

  constructor(serverId: string, events: ConsoleEvents) {
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
            events.onRefused(frame.problem)
            break
          case 'revoked':
            events.onRevoked()
            break
          case 'accepted':
            break
        }
      },
      onEnd: (why) => why === 'forbidden' && events.onRevoked(),
    })
  }

  /** Types a command; false when there is no link to type into. */
  command(command: string): boolean {
    return this.socket.send({ type: 'command', id: randomId(), command } satisfies ConsoleClientFrame)
  }

  close(): void {
    this.socket.close()
  }
}
