/** The spans that charts can show. One stands in the address of its page, so that a reload and a link keep it. */
import { SAMPLES_KEPT } from '~/api/live'

const HOUR = 3_600_000
export const RANGES = [
  { id: 'live', span: SAMPLES_KEPT * 1_000 },
  { id: 'hour', span: HOUR },
  { id: 'sixHours', span: 6 * HOUR },
  { id: 'day', span: 24 * HOUR },
  { id: 'week', span: 7 * 24 * HOUR },
  { id: 'month', span: 30 * 24 * HOUR },
] as const
export type Range = (typeof RANGES)[number]['id']

/** In milliseconds. */
export const spanOf = (range: Range): number => RANGES.find((one) => one.id === range)?.span ?? HOUR

/** What an address says of the range; nothing, if that is none. */
export function rangeIn(search: Record<string, unknown>): { range?: Range } {
  const known = RANGES.find((one) => one.id === search.range)
  return known ? { range: known.id } : {}
}
