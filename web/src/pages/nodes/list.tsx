import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus, Waypoints } from 'lucide-react'
import { useState } from 'react'
import { locationsQuery, nodesQuery } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { NodeDialog } from '~/forms/node-edit'
import { NodeStateLabel } from './state'
import { Page } from '~/layout/page'
import { cores, mebibytes, percent } from '~/lib/format'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { machine } from '~/strings/machine'
import { Button, buttonStyle } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { Meter } from '~/ui/meter'
import { ProblemCard } from '~/ui/problem'

const share = (used: number, all: number, show: (value: number) => string) => (all > 0 ? { text: show(used), detail: `/ ${show(all)}` } : { text: show(used) })

/** What the machine does by itself, beside what was promised of it. On a narrow screen a line that says nothing is left out. */
function Use({ node: { usage } }: { node: NodeView }) {
  if (!usage || usage.memoryTotalBytes === 0) return <span data-nothing className="text-sm text-dim">–</span>
  return (
    <span className="tabular flex flex-wrap gap-x-3 text-xs leading-4 @3xl:flex-col">
      {typeof usage.cpuPercent === 'number' && <span>{machine.cpuUse(percent(usage.cpuPercent))}</span>}
      <span>{machine.memoryUse(percent((usage.memoryBytes / usage.memoryTotalBytes) * 100))}</span>
    </span>
  )
}

const columns: Column<NodeView>[] = [
  { id: 'name', header: s.nodes.columns.name, track: 'minmax(7.5rem,2fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => (
    <div className="min-w-0">
      <Link {...to.node(row.id)} className="row-link block truncate text-sm font-medium after:absolute after:inset-0">{row.name}</Link>
      <span className="block truncate text-xs text-dim">{row.report?.system.os ?? row.description}</span>
    </div>
  ) },
  { id: 'state', header: s.nodes.columns.state, track: 'minmax(9rem,1fr)', narrow: 'corner', sort: (row) => row.state, cell: (row) => <NodeStateLabel node={row} /> },
  { id: 'location', yields: 3, header: s.nodes.columns.location, track: 'minmax(6rem,1fr)', sort: (row) => row.locationName, cell: (row) => <span className="block truncate text-sm text-dim" title={row.locationName}>{row.locationName}</span> },
  { id: 'servers', yields: 2, header: s.nodes.columns.servers, track: '4rem', sort: (row) => row.promised.servers, cell: (row) => <span className="tabular text-sm">{row.promised.servers}</span> },
  { id: 'use', yields: 5, header: machine.use, track: 'minmax(7rem,1fr)', sort: (row) => row.usage?.cpuPercent ?? -1, cell: (row) => <Use node={row} /> },
  { id: 'memory', yields: 1, header: s.nodes.columns.memory, track: 'minmax(8rem,1fr)', sort: (row) => row.promised.memoryMib, cell: (row) => <Meter label={s.nodes.columns.memory} value={row.promised.memoryMib} max={row.capacity.memoryMib} {...share(row.promised.memoryMib, row.capacity.memoryMib, mebibytes)} /> },
  { id: 'cpu', yields: 1, header: s.nodes.columns.cpu, track: 'minmax(8.5rem,1fr)', sort: (row) => row.promised.cpuPercent, cell: (row) => <Meter label={s.nodes.columns.cpu} value={row.promised.cpuPercent} max={row.capacity.cpuPercent} {...share(row.promised.cpuPercent, row.capacity.cpuPercent, cores)} /> },
  { id: 'addresses', yields: 4, header: s.nodes.columns.addresses, track: '6.5rem', sort: (row) => row.freeAllocationCount, cell: (row) => <span className="tabular text-sm">{s.nodes.of(String(row.freeAllocationCount), String(row.allocationCount))}</span> },
]

export function NodesPage() {
  // A frame tells of a node that comes or goes; how busy it is comes by asking.
  const { data, error, refetch } = useQuery({ ...nodesQuery, refetchInterval: 10_000 })
  const locations = useQuery(locationsQuery)
  const placeless = locations.data?.items.length === 0
  const [adding, setAdding] = useState(false)
  const add = (
    <Button variant="primary" disabledReason={placeless ? s.nodes.needLocation : null} onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      {s.nodes.add}
    </Button>
  )
  return (
    <Page width="full" title={s.nodes.title} lead={s.nodes.lead} actions={data?.items.length !== 0 && add}>
      <Card flush>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows label={s.common.loading} /> : data.items.length === 0 ? <Empty icon={Waypoints} title={s.nodes.empty} action={placeless ? <Link {...to.locations()} className={buttonStyle({ variant: 'primary' })}>{s.nodes.toLocations}</Link> : add}>{placeless ? s.nodes.needLocation : s.nodes.emptyHelp}</Empty> : <GridTable label={s.nodes.title} rows={data.items} columns={columns} rowKey={(row) => row.id} />}
      </Card>
      {adding && <NodeDialog node={null} onClose={() => setAdding(false)} />}
    </Page>
  )
}
