/** Which questions are asked again by themselves, and when. Only what reads is; what changes something is a person's to repeat. */
import { ApiError } from '~/api/problem'

const TOO_MANY = 429
/** A person who waits longer than this is told why. */
const PATIENCE_S = 10
const WAITS = 4
const TRIES = 2
/** Several questions that were refused together are not asked in one moment. */
const SPREAD_MS = 500

/** Whether a question that failed so, after so many attempts that did, is asked once more. */
export function asksAgain(failed: number, error: unknown): boolean {
  if (!(error instanceof ApiError)) return false
  if (error.status === TOO_MANY) return failed < WAITS && (error.retryAfter ?? 0) <= PATIENCE_S
  return failed < TRIES && (error.status === 0 || error.status >= 502)
}

/** After how many milliseconds: as the answer says, or longer each time. */
export function againAfter(failed: number, error: unknown, chance: () => number = Math.random): number {
  if (error instanceof ApiError && error.status === TOO_MANY) return (error.retryAfter ?? 1) * 1_000 + chance() * SPREAD_MS
  return Math.min(1_000 * 2 ** failed, 30_000)
}
