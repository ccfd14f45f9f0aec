/** The rows of a long table: only those in view are drawn. Short tables never fetch this. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, type ReactNode } from 'react'

type VirtualRowsProps<T> = { rows: readonly T[]; rowKey: (row: T) => string; rowHeight: number; draw: (row: T, index: number) => ReactNode }

/** Finds the scrolling ancestor, since the page's main region scrolls, not the table. */
const scroller = (element: HTMLElement | null) => element?.closest<HTMLElement>('[data-scroller]') ?? null

export function VirtualRows<T>({ rows, rowKey, rowHeight, draw }: VirtualRowsProps<T>) {
  const body = useRef<HTMLDivElement>(null)
  // The React Compiler is not in use, and this component hands none of the virtualizer's functions on.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    getScrollElement: () => scroller(body.current),
    scrollMargin: body.current?.offsetTop ?? 0,
    overscan: 8,
  })
  return (
    <div role="rowgroup" ref={body} className="relative" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map((item) => {
        const row = rows[item.index]
        if (row === undefined) return null
        return (
          <div
            key={rowKey(row)}
            role="presentation"
            data-index={item.index}
            ref={virtual.measureElement}
            className="absolute inset-x-0 top-0 border-b border-line"
            style={{ transform: `translateY(${String(item.start - virtual.options.scrollMargin)}px)` }}
          >
            {draw(row, item.index)}
          </div>
        )
      })}
    </div>
  )
}
