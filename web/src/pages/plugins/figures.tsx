/** How figures of plugins are written in tables. */
import type { ReactNode } from 'react'
import { decimal, duration, milliseconds } from '~/lib/format'
import type { Column } from '~/ui/grid-table'

const count = (value: number) => value.toLocaleString('en')

/** Nothing is dim, so that what is there is seen. */
export const Figure = ({ children, nothing }: { children: ReactNode; nothing: boolean }) => <span className={nothing ? 'tabular text-dim' : 'tabular'}>{children}</span>

export const counted = <Row,>(id: string, header: string, of: (row: Row) => number, track = 'minmax(3.5rem,1fr)'): Column<Row> => ({ id, header, track, align: 'right', cell: (row) => <Figure nothing={of(row) === 0}>{count(of(row))}</Figure> })

/** As precise as it says something. */
export const time = (ms: number) => (ms < 1_000 ? milliseconds(ms) : ms < 60_000 ? `${decimal(ms / 1_000)} s` : duration(ms / 1_000))
