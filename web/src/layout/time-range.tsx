/** Which span the charts of a page show: the last minutes as they come, or the past. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { RANGES, rangeIn, type Range } from '~/lib/ranges'
import { s } from '~/strings'
import { Choices } from '~/ui/choices'
import { Glyph } from '~/ui/glyph'

/** The range in this page's address. Choosing another is no step to go back over. */
export function useRange(usual: Range): [Range, (range: Range) => void] {
  const { range = usual } = rangeIn(useSearch({ strict: false }))
  const navigate = useNavigate()
  return [range, (next) => void navigate({ to: '.', search: { range: next }, replace: true })]
}

export function RangePicker({ value, onChange }: { value: Range; onChange: (range: Range) => void }) {
  const choices = RANGES.map(({ id }) => ({ id, text: s.overview.ranges[id], before: id === 'live' && <Glyph shape="disc" tone="ok" className="size-2 max-sm:hidden" /> }))
  return <Choices label={s.overview.range} name="range" choices={choices} value={value} onChange={onChange} />
}
