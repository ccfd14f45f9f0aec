/** Which servers a plugin's time goes into, over all places. */
import { Link } from '@tanstack/react-router'
import type { PluginView, Schemas } from '~/api/types'
import { busiest, stoppedTimes, type Busy } from '~/lib/conduct'
import { percent } from '~/lib/format'
import { to } from '~/routes/to'
import { conduct as c } from '~/strings/conduct'
import { GridTable, type Column } from '~/ui/grid-table'
import { Figure, counted, time } from './figures'

const columns: Column<Busy>[] = [
  {
    id: 'server', header: c.server, track: 'minmax(8rem,2.2fr)', narrow: 'title',
    cell: (row) => (
      <span className="flex min-w-0 flex-col">
        <span className="truncate font-medium">{row.name ? <Link {...to.server(row.serverId)} className="hover:underline">{row.name}</Link> : c.gone(row.serverId)}</span>
        <span className="truncate text-xs text-dim">{row.place}</span>
      </span>
    ),
  },
  { id: 'cpu', header: c.cpu, track: 'minmax(4.5rem,1fr)', align: 'right', cell: ({ figures }) => <Figure nothing={figures.cpuMs === 0}>{time(figures.cpuMs)}</Figure> },
  { id: 'share', header: c.share, track: 'minmax(4.5rem,1fr)', align: 'right', cell: (row) => <Figure nothing={row.share === 0}>{percent(row.share * 100)}</Figure> },
  counted('calls', c.calls, (row) => row.figures.calls),
  counted('stopped', c.stopped, (row) => stoppedTimes(row.figures.stopped)),
  counted('refused', c.refused, (row) => row.figures.refused),
]

export function Busiest({ conduct, plugin }: { conduct: Schemas['ConductView']; plugin: PluginView }) {
  const rows = busiest(conduct, plugin.digest)
  const title = c.busiest(plugin.version)
  if (rows.length === 0) return null
  return (
    <section className="shrink-0">
      <h3 className="mb-2 text-sm font-medium">{title}</h3>
      <GridTable className="rounded-lg border border-line" label={title} rows={rows} rowKey={(row) => row.key} columns={columns} />
    </section>
  )
}
