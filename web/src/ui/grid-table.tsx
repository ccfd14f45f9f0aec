/**
 * The one table. Columns are data; rows are virtualised once there are many; on a narrow screen a row becomes a card
 * with its columns as labelled lines. Sorting never moves a row while the pointer rests on the table's cells, because
 * it follows the column that was chosen, not the value that just changed. Columns that there is no room for are left out.
 */
import { ArrowDown, ArrowUp } from 'lucide-react'
import { Suspense, lazy, useId, useLayoutEffect, useMemo, useRef, useState, type ChangeEvent, type ReactNode } from 'react'
import { fitting } from '~/lib/fitting'
import { s } from '~/strings'
import { IconButton } from './button'
import { cn } from './cn'

export type Column<T> = {
  id: string
  header: string
  cell: (row: T) => ReactNode
  /** A grid track: `minmax(0,2fr)`, `8rem`. */
  track: string
  /** Sortable by this, when given. */
  sort?: (row: T) => string | number
  align?: 'right'
  /** How it appears in the card of a narrow screen: in front, the title, a labelled line, at the top right, or not at all. */
  narrow?: 'lead' | 'title' | 'line' | 'corner' | 'hide'
  /** Its header is for screen readers alone. */
  quiet?: boolean
  /** Left out where there is too little room, and the highest first; without, never. */
  yields?: number
}

/** Rows that are picked for something done to many. */
export type Selection<T> = {
  picked: ReadonlySet<string>
  onChange: (picked: ReadonlySet<string>) => void
  labelOf: (row: T) => string
}

type GridTableProps<T> = {
  label: string
  rows: readonly T[]
  columns: Column<T>[]
  rowKey: (row: T) => string
  rowHeight?: number
  className?: string
  selection?: Selection<T>
}

type Sorting = { id: string; descending: boolean } | null

function useSorted<T>(rows: readonly T[], columns: Column<T>[], sorting: Sorting): readonly T[] {
  return useMemo(() => {
    const by = columns.find((column) => column.id === sorting?.id)?.sort
    if (!by || !sorting) return rows
    const sign = sorting.descending ? -1 : 1
    return [...rows].sort((a, b) => {
      const [x, y] = [by(a), by(b)]
      return sign * (typeof x === 'string' && typeof y === 'string' ? x.localeCompare(y, undefined, { numeric: true }) : Number(x) - Number(y))
    })
  }, [rows, columns, sorting])
}

/** How wide the table may be, in the unit of its tracks; endless while nothing is known. */
function useRoom() {
  const place = useRef<HTMLDivElement>(null)
  const [rem, setRem] = useState(Infinity)
  useLayoutEffect(() => {
    const element = place.current
    if (!element) return
    const measure = () => setRem(element.clientWidth / parseFloat(getComputedStyle(document.documentElement).fontSize) || Infinity)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { place, rem }
}

/** Below this, rows are cards and lack room for nothing: `@3xl` in what follows. */
const CARDS_REM = 48
const VIRTUAL_FROM = 80
const VirtualRows = lazy(() => import('./virtual-rows').then((module) => ({ default: module.VirtualRows })))

export function GridTable<T>({ label, rows, columns: given, rowKey, rowHeight = 52, className, selection }: GridTableProps<T>) {
  const [sorting, setSorting] = useState<Sorting>(null)
  const { place, rem } = useRoom()
  const sorted = useSorted(rows, given, sorting)
  const picking = usePicking(given, selection, rowKey, sorted)
  const columns = rem < CARDS_REM ? picking : fitting(picking, rem)
  const template = columns.map((column) => column.track).join(' ')
  const draw = (row: T, index: number) => <Row key={rowKey(row)} row={row} columns={columns} index={index} />
  const all = (some: readonly T[]) => (
    <div role="rowgroup" className="divide-y divide-line">
      {some.map(draw)}
    </div>
  )
  return (
    <div ref={place} className={cn('@container', className)}>
      <NarrowSort columns={given} sorting={sorting} onSort={setSorting} />
      <div role="table" aria-label={label} aria-rowcount={rows.length + 1} style={{ '--columns': template } as React.CSSProperties}>
        <div role="rowgroup">
          <div role="row" aria-rowindex={1} className="grid h-9 grid-cols-(--columns) items-center gap-x-3 border-b border-line px-4 text-xs text-dim @max-3xl:sr-only @7xl:gap-x-4">
            {columns.map((column) =>
              column.id === PICK && selection ? (
                <PickAll key={PICK} rows={rows} rowKey={rowKey} selection={selection} />
              ) : (
                <HeaderCell key={column.id} column={column} sorting={sorting} onSort={setSorting} />
              ),
            )}
          </div>
        </div>
        {sorted.length < VIRTUAL_FROM ? (
          all(sorted)
        ) : (
          // The first rows stand where the virtual ones will, so that nothing moves when those are there.
          <Suspense fallback={all(sorted.slice(0, VIRTUAL_FROM))}>
            <VirtualRows rows={sorted} rowKey={(row) => rowKey(row as T)} rowHeight={rowHeight} draw={(row, index) => draw(row as T, index)} />
          </Suspense>
        )}
      </div>
    </div>
  )
}

const PICK = 'pick'
const boxStyle = 'block size-4 cursor-pointer accent-accent-fill'

/** The columns with a box in front of each row. With Shift, all rows from the last one that was clicked on follow it. */
function usePicking<T>(columns: Column<T>[], selection: Selection<T> | undefined, rowKey: (row: T) => string, sorted: readonly T[]): Column<T>[] {
  const anchor = useRef<string>(null)
  if (!selection) return columns
  const toggle = (key: string, event: ChangeEvent<HTMLInputElement>) => {
    const { nativeEvent, target: { checked } } = event
    const keys = sorted.map(rowKey)
    const from = 'shiftKey' in nativeEvent && nativeEvent.shiftKey === true && anchor.current !== null ? keys.indexOf(anchor.current) : -1
    const at = keys.indexOf(key)
    const picked = new Set(selection.picked)
    for (const one of from < 0 ? [key] : keys.slice(Math.min(from, at), Math.max(from, at) + 1)) if (checked) picked.add(one); else picked.delete(one)
    anchor.current = key
    selection.onChange(picked)
  }
  const pick = (row: T) => {
    const key = rowKey(row)
    return (
      // The label is larger than the box, for fingers, and lies above the link that covers the row.
      <label className="relative z-10 -m-3 block cursor-pointer p-3 select-none">
        <input type="checkbox" className={boxStyle} aria-label={s.common.selectRow(selection.labelOf(row))} checked={selection.picked.has(key)} onChange={(event) => toggle(key, event)} />
      </label>
    )
  }
  return [{ id: PICK, header: s.common.select, track: '1rem', quiet: true, narrow: 'lead', cell: pick }, ...columns]
}

function PickAll<T>({ rows, rowKey, selection }: { rows: readonly T[]; rowKey: (row: T) => string; selection: Selection<T> }) {
  const count = rows.filter((row) => selection.picked.has(rowKey(row))).length
  const all = rows.length > 0 && count === rows.length
  return (
    <div role="columnheader">
      <label className="-m-3 block cursor-pointer p-3">
        <input
          type="checkbox"
          className={boxStyle}
          aria-label={s.common.selectAll}
          checked={all}
          ref={(box) => {
            if (box) box.indeterminate = count > 0 && !all
          }}
          onChange={() => selection.onChange(new Set(all ? [] : rows.map(rowKey)))}
        />
      </label>
    </div>
  )
}

function HeaderCell<T>({ column, sorting, onSort }: { column: Column<T>; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const active = sorting?.id === column.id ? sorting : null
  const content = column.quiet ? <span className="sr-only">{column.header}</span> : column.header
  const Arrow = active?.descending ? ArrowDown : ArrowUp
  return (
    <div
      role="columnheader"
      aria-sort={active ? (active.descending ? 'descending' : 'ascending') : undefined}
      className={cn('min-w-0 truncate', column.align === 'right' && 'text-right')}
    >
      {column.sort ? (
        <button
          type="button"
          className="inline-flex items-center gap-1 rounded-sm hover:text-text"
          aria-label={s.common.sortBy(column.header)}
          onClick={() => onSort(active ? (active.descending ? null : { id: column.id, descending: true }) : { id: column.id, descending: false })}
        >
          {content}
          {active && <Arrow aria-hidden className="size-3" />}
        </button>
      ) : (
        content
      )}
    </div>
  )
}

/** The order, where no header is seen to choose it by. */
function NarrowSort<T>({ columns, sorting, onSort }: { columns: Column<T>[]; sorting: Sorting; onSort: (sorting: Sorting) => void }) {
  const sortable = columns.filter((column) => column.sort)
  const id = useId()
  if (sortable.length < 2) return null
  const Arrow = sorting?.descending ? ArrowDown : ArrowUp
  return (
    <div className="flex h-11 items-center border-b border-line pr-1 pl-4 @3xl:hidden">
      <label htmlFor={id} className="shrink-0 pr-2 text-xs text-dim">{s.common.order}</label>
      <div className="min-w-0 flex-1">
        {/* The platform's own list, without the frame of a form's. */}
        <select id={id} className='h-9 max-w-full min-w-0 appearance-none truncate rounded-md bg-[url("/chevron.svg")] bg-[length:16px] bg-[position:right_6px_center] bg-no-repeat pr-7 pl-1.5 text-base' value={sorting?.id ?? ''} onChange={({ target: { value } }) => onSort(value === '' ? null : { id: value, descending: false })}>
          <option value="">{s.common.unsorted}</option>
          {sortable.map((column) => <option key={column.id} value={column.id}>{column.header}</option>)}
        </select>
      </div>
      {sorting && <IconButton label={s.common.turnOrder} onClick={() => onSort({ ...sorting, descending: !sorting.descending })}><Arrow aria-hidden /></IconButton>}
    </div>
  )
}

const NARROW = {
  lead: 'order-0 shrink-0',
  title: 'order-1 min-w-0 flex-1 basis-28',
  corner: 'order-2 shrink-0',
  line: 'order-3 basis-full has-data-nothing:hidden @3xl:basis-auto @3xl:has-data-nothing:block',
  hide: 'hidden @3xl:block',
}

function Row<T>({ row, columns, index }: { row: T; columns: Column<T>[]; index: number }) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="relative isolate flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3 has-[a.row-link:hover]:bg-hover @3xl:grid @3xl:min-h-13 @3xl:grid-cols-(--columns) @3xl:gap-y-0 @3xl:py-1.5 @7xl:gap-x-4"
    >
      {columns.map((column) => (
        <div
          key={column.id}
          role="cell"
          className={cn('min-w-0 @3xl:order-none', NARROW[column.narrow ?? 'line'], column.align === 'right' && '@3xl:text-right')}
        >
          {(column.narrow ?? 'line') === 'line' ? (
            <div className="grid grid-cols-[6.5rem_minmax(0,1fr)] items-center gap-2 has-[details[open]]:items-start @3xl:block">
              <span aria-hidden className="text-xs text-dim @3xl:hidden">
                {column.header}
              </span>
              <div className="min-w-0">{column.cell(row)}</div>
            </div>
          ) : (
            column.cell(row)
          )}
        </div>
      ))}
    </div>
  )
}
