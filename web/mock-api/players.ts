/** Who played on a server before: some who are there still, some who came more than once. */
import type { Schemas, ServerView } from '../src/api/types'

const GUESTS = ['Sergei', '^1Ranger^7', 'Kyonshi', 'A name that is so long that no column has the room for all of it', 'Grism', 'sarge', 'Merman', '<b>bold</b>', 'Ayumi', 'Tony']

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

export function playedOn(server: ServerView): Schemas['PlayerSessionView'][] {
  const there = (server.sample?.game?.playerList ?? []).map(({ name }, i) => ({ player: name, since: minutesAgo(7 * i + 2), until: null }))
  const before = Array.from({ length: 30 }, (_, i) => {
    const came = 60 + 47 * i
    return { player: GUESTS[i % GUESTS.length] ?? 'guest', since: minutesAgo(came), until: minutesAgo(i === 3 ? came : came - ((i * 13) % 41) - 1) }
  })
  return [...there, ...before].map((session, i) => ({ id: `0193a0d0-0000-7000-8000-${String(9_999 - i).padStart(12, '0')}`, ...session }))
}
