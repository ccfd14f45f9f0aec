/** What each part of a node's machine did, as the columns of its charts. */
import type { NodePartsView } from '~/api/types'
import { seconds } from './series'

type Values = (number | null)[]
/** One part with all that is measured of it. */
export type Part = { name: string; values: Partial<Record<string, Values>> }
export type Parts = { times: number[]; parts: Part[] }

/** By part, numbers in their order. A step that nobody measured is a gap. */
export function partsOf({ at, series, stepSeconds }: Pick<NodePartsView, 'at' | 'series' | 'stepSeconds'>): Parts {
  const times: number[] = []
  const places: (number | null)[] = []
  for (const [place, text] of at.entries()) {
    const time = seconds(text)
    const before = times.at(-1)
    if (before !== undefined && time - before > stepSeconds * 2.5) {
      times.push(before + stepSeconds)
      places.push(null)
    }
    times.push(time)
    places.push(place)
  }
  const parts = new Map<string, Part>()
  for (const { name, measure, values } of series) {
    const part = parts.get(name) ?? { name, values: {} }
    part.values[measure] = places.map((place) => (place === null ? null : (values[place] ?? null)))
    parts.set(name, part)
  }
  return { times, parts: [...parts.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })) }
}

export function mean(values: Values): number | null {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : null
}
