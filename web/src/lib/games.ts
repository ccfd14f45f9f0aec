/** What was played when, as the game told: each change holds until the next. */
import type { LiveSample, Schemas } from '~/api/types'
import { plain } from './ansi'
import { seconds } from './series'

type Game = Schemas['GameView']

/** The map first: it is what changes. Nothing of a game that did not run. */
export const titleOf = (game: Game | undefined): string | null => [game?.map, game?.version].map((text) => plain(text ?? '').trim()).filter(Boolean).join(' · ') || null

/** What was played at a moment in seconds, or last. */
export const playedAt = (games: readonly Game[], at: number | null): string | null => titleOf(games.findLast((game) => at === null || seconds(game.at) <= at))

/** Where it became something else. */
export function changes(games: readonly Game[]): number[] {
  return games.filter((game, i) => titleOf(game) !== null && titleOf(game) !== (i === 0 ? null : titleOf(games[i - 1]))).map((game) => seconds(game.at))
}

/** What was kept, and what was seen since. An answer that leaves something out leaves it as it was. */
export function followed(games: readonly Game[], samples: readonly LiveSample[]): Game[] {
  const all = [...games]
  for (const { at, game } of samples) {
    const before = all.at(-1)
    const map = game?.map ?? before?.map ?? null
    const version = game?.version ?? before?.version ?? null
    if (game && (map !== (before?.map ?? null) || version !== (before?.version ?? null)) && (!before || at > before.at)) all.push({ at, map, version })
  }
  return all
}
