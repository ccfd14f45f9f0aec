/**
 * The console lines that this page holds: in order, each once, bounded. A reconnect may repeat lines and a gap may be
 * filled later; the sequence numbers decide, never the order of arrival.
 */
import type { ConsoleLine } from '~/api/types'

/** A hole that the server said it will not fill: too slow a reader, or lines that the node no longer keeps. */
export type Gap = { gap: true; from: number; to: number }
/** Where the numbering began again, the node having lost the console's history; what stands before it cannot be asked for. */
export type Restart = { restart: true }
export type Entry = ConsoleLine | Gap | Restart

export const isGap = (entry: Entry): entry is Gap => 'gap' in entry
export const isRestart = (entry: Entry): entry is Restart => 'restart' in entry

export class LineBuffer {
  #entries: Entry[] = []
  #last = -1
  #restarted = false

  constructor(readonly capacity: number) {}

  get entries(): readonly Entry[] {
    return this.#entries
  }
  /** The highest number seen, to ask for what follows; -1 before the first line. */
  get last(): number {
    return this.#last
  }
  /** The lowest number held, to ask for what came before; null when nothing can be. */
  get first(): number | null {
    const entry = this.#entries[0]
    return entry === undefined || this.#restarted || isRestart(entry) ? null : isGap(entry) ? entry.from : entry.seq
  }

  /** Takes lines at the end; returns those that were not known. */
  append(lines: readonly ConsoleLine[]): ConsoleLine[] {
    const fresh = lines.filter((line) => {
      if (line.seq <= this.#last) return false
      this.#last = line.seq
      return true
    })
    this.#entries.push(...fresh)
    this.#trim()
    return fresh
  }

  /** Records a hole; returns it if it was not known. */
  gap(from: number, to: number): Gap | null {
    if (to <= this.#last) return null
    const gap: Gap = { gap: true, from: Math.max(from, this.#last + 1), to }
    this.#last = to
    this.#entries.push(gap)
    this.#trim()
    return gap
  }

  /** Begins to count again; returns the mark of it if lines stand before it. */
  restart(): Restart | null {
    this.#last = -1
    if (this.#entries.length === 0) return null
    const mark: Restart = { restart: true }
    this.#restarted = true
    this.#entries.push(mark)
    return mark
  }

  /** Puts history in front, as far as there is room; returns whether anything was added. */
  prepend(lines: readonly ConsoleLine[]): boolean {
    if (this.#restarted) return false
    const first = this.first
    const older = first === null ? [...lines] : lines.filter((line) => line.seq < first)
    const room = Math.max(0, this.capacity - this.#entries.length)
    const kept = room === 0 ? [] : older.slice(-room)
    if (kept.length === 0) return false
    this.#entries = [...kept, ...this.#entries]
    this.#last = Math.max(this.#last, kept.at(-1)?.seq ?? -1)
    return true
  }

  clear(): void {
    this.#restarted = false
    this.#entries = []
  }

  #trim(): void {
    // In slices of a tenth, so that a pouring console does not move the array for each line.
    if (this.#entries.length > this.capacity * 1.1) this.#entries = this.#entries.slice(-this.capacity)
  }
}
