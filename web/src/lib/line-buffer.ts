/**
 * The console lines that this page holds: in order, each once, bounded. A reconnect may repeat lines and a gap may be
 * filled later; the sequence numbers decide, never the order of arrival.
 */
import type { ConsoleLine } from '~/api/types'

/** A hole that the server said it will not fill: too slow a reader, or lines that the node no longer keeps. */
export type Gap = { gap: true; from: number; to: number }
export type Entry = ConsoleLine | Gap

export const isGap = (entry: Entry): entry is Gap => 'gap' in entry

export class LineBuffer {
  #entries: Entry[] = []
  #last = -1

  constructor(readonly capacity: number) {}

  get entries(): readonly Entry[] {
    return this.#entries
  }
  /** The highest number seen, to ask for what follows; -1 before the first line. */
  get last(): number {
    return this.#last
  }
  /** The lowest number held, to ask for what came before. */
  get first(): number | null {
    const entry = this.#entries[0]
    return entry === undefined ? null : isGap(entry) ? entry.from : entry.seq
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

  /** Puts history in front, as far as there is room; returns whether anything was added. */
  prepend(lines: readonly ConsoleLine[]): boolean {
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
    this.#entries = []
  }

  #trim(): void {
    // In slices of a tenth, so that a pouring console does not move the array for each line.
    if (this.#entries.length > this.capacity * 1.1) this.#entries = this.#entries.slice(-this.capacity)
  }
}
