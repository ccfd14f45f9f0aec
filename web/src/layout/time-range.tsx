/** Which span the charts of a page show: the last minutes as they come, or the past. */
import { SAMPLES_KEPT } from '~/api/live'
import { s } from '~/strings'
import { Choices } from '~/ui/choices'
import { Glyph } from '~/ui/glyph'

const HOUR = 3_600_000
const RANGES = [
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

export function RangePicker({ value, onChange }: { value: Range; onChange: (range: Range) => void }) {
  const choices = RANGES.map(({ id }) => ({ id, text: s.overview.ranges[id], before: id === 'live' && <Glyph shape="disc" tone="ok" className="size-2 max-sm:hidden" /> }))
  return <Choices label={s.overview.range} name="range" choices={choices} value={value} onChange={onChange} />
}
