import { describe, expect, it } from 'vitest'
import type { LiveSample } from '~/api/types'
import { changes, followed, playedAt } from './games'
import { seconds } from './series'

const at = (second: number) => new Date(second * 1000).toISOString()
const played = (second: number, map: string | null, version: string | null = null) => ({ at: at(second), map, version })
const sample = (second: number, map: string | null): LiveSample => ({ at: at(second), statistics: null, game: { name: null, map, version: null, players: 1, bots: null, maxPlayers: null, listsPlayers: false, playerList: [], latencyMs: null, series: [] } })

describe('what was played', () => {
  const games = [played(10, 'dm1', '1.36'), played(20, null), played(30, 'dm1', '1.36'), played(40, '^1dm\u001b[31m2', '1.36')]

  it('is what the latest change before a moment says', () => {
    expect([5, 10, 19, 25, 35, null].map((moment) => playedAt(games, moment))).toEqual([null, 'dm1 · 1.36', 'dm1 · 1.36', null, 'dm1 · 1.36', playedAt(games, 40)])
    expect(playedAt(games, 40)).not.toContain('\u001b')
  })

  it('is marked where it begins, and not where the game ends', () => {
    expect(changes(games)).toEqual([10, 30, 40])
  })

  it('goes on with what is seen', () => {
    const all = followed([played(10, 'dm1', '1.36')], [sample(9, 'dm0'), sample(11, 'dm1'), sample(12, null), { ...sample(13, 'dm3'), game: null }, sample(14, 'dm2')])
    expect(all.map((game) => [seconds(game.at), game.map, game.version])).toEqual([[10, 'dm1', '1.36'], [14, 'dm2', '1.36']])
  })
})
