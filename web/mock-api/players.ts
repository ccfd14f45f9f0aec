/** Who played on a server before, and what: some who are there still, some who came more than once. */
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

const MAPS = ['oa_dm1', 'oa_rpg3dm2', 'aggressor', 'a_map_with_a_name_that_no_header_of_a_chart_has_the_room_for', 'dm4ish']

/** A game that has a map plays each for a while. It was off for a moment. */
export function gamesOf({ sample }: ServerView, from: string, to: string): Schemas['GameView'][] {
  const version = sample?.game?.version ?? null
  const playing = sample?.game?.map
  if (!playing) return version ? [{ at: from, map: null, version }] : []
  const [begin, end] = [Date.parse(from), Date.parse(to)]
  const each = Math.max((end - begin) / 7, 60_000)
  const count = Math.floor((end - begin) / each)
  const before = Array.from({ length: count }, (_, i) => ({ at: new Date(begin + (i - 0.3) * each).toISOString(), map: i === 2 ? null : (MAPS[i % MAPS.length] ?? null), version: i === 2 ? null : version }))
  return [...before, { at: new Date(end - each / 2).toISOString(), map: playing, version }]
}
