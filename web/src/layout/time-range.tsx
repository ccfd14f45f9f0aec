/** Which span the charts of a page show: the last minutes as they come, or the past. */
import { SAMPLES_KEPT } from '~/api/live'
import { s } from '~/strings'
import { cn } from '~/ui/cn'
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
  return (
    <div role="radiogroup" aria-label={s.overview.range} className="flex rounded-md border border-line bg-surface p-0.5">
      {RANGES.map(({ id }) => (
        <label key={id} className={cn('flex h-7 cursor-pointer items-center gap-1.5 rounded-sm px-2.5 text-sm whitespace-nowrap text-dim has-focus-visible:outline-2 has-focus-visible:outline-accent', value === id && 'bg-hover font-medium text-text')}>
          <input type="radio" name="range" className="sr-only" checked={value === id} onChange={() => onChange(id)} />
          {id === 'live' && <Glyph shape="disc" tone="ok" className="size-2 max-sm:hidden" />}
          {s.overview.ranges[id]}
        </label>
      ))}
    </div>
  )
}
