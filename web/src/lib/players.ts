/** What a game tells of its players. Every page that speaks of them asks here, so that no two of them disagree. */
import type { LiveSample } from '~/api/types'

/** `counted`: there is a number. `untold`: the game answers and says nothing of players. `unasked`: it has not answered. */
export type Telling = 'counted' | 'untold' | 'unasked'

export function tellingOf(game: LiveSample['game'] | undefined): Telling {
  if (!game) return 'unasked'
  return typeof game.players === 'number' ? 'counted' : 'untold'
}
