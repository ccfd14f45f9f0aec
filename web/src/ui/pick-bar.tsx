/** What can be done with the rows that are selected: a bar that stays in sight at the bottom of their table. */
import { X } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { s } from '~/strings'
import { Button, IconButton } from './button'

type PickBarProps = { label: string; count: number; onAll?: (() => void) | undefined; onClear: () => void; children: ReactNode }

/** `onAll` while there are more to select: the box that does it in the head of a table is not seen on a phone. */
export function PickBar({ label, count, onAll, onClear, children }: PickBarProps) {
  // The row that was just picked may lie where the bar appears: the page's scroller keeps that room free of what is scrolled to.
  useEffect(() => {
    document.activeElement?.closest('[role=row]')?.scrollIntoView({ block: 'nearest' })
  }, [count])
  return (
    <div role="toolbar" data-pick-bar aria-label={label} className="sticky bottom-3 z-30 mx-auto mt-4 flex w-fit max-w-full animate-in items-center gap-1.5 rounded-lg border border-line-strong bg-raised p-1.5 shadow-raised max-sm:gap-0.5">
      <span role="status" className="tabular px-2 text-sm font-medium whitespace-nowrap">{s.common.selected(count)}</span>
      {onAll && <Button variant="ghost" onClick={onAll} className="max-sm:px-2">{s.common.all}</Button>}
      {children}
      <IconButton label={s.common.clearSelection} onClick={onClear}>
        <X aria-hidden />
      </IconButton>
    </div>
  )
}
