/**
 * The page's one beat: once a second, and only while somebody watches. The clock and the live numbers change on it
 * together, so that all that moves by the second costs one drawing of the page and not one each.
 */
import { Store } from './store'

const BEAT_MS = 1_000

const beat = new Store(Date.now())
let watchers = 0
let beating: ReturnType<typeof setInterval> | undefined

/** The moment of the latest beat, as milliseconds of the Unix epoch. */
export const lastBeat = beat.get

/** Calls with each beat until the returned function is called. The first of all watchers begins a new second. */
export function onBeat(listener: () => void): () => void {
  const stop = beat.watch(listener)
  watchers += 1
  if (beating === undefined) {
    beat.set(Date.now())
    beating = setInterval(() => beat.set(Date.now()), BEAT_MS)
  }
  return () => {
    stop()
    watchers -= 1
    if (watchers > 0) return
    clearInterval(beating)
    beating = undefined
  }
}
