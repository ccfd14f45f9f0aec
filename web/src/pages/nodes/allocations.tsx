import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Network, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, nodeAllocationsQuery } from '~/api/queries'
import type { AllocationView } from '~/api/types'
import { AllocationsDialog } from '~/forms/allocations-add'
import { address } from '~/lib/format'
import { MoreSentinel } from '~/ui/more'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { Button, IconButton } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { useNode } from './layout'

export function NodeAllocationsPage() {
  const { id: nodeId } = useNode()

  const [adding, setAdding] = useState(false)
  const queries = useQueryClient()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(nodeAllocationsQuery(nodeId))
  const rows = data?.pages.flatMap((page) => page.items)
  const remove = useMutation({
    mutationFn: (id: string) => take(client.DELETE('/api/allocations/{id}', { params: { path: { id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.nodes })
      toast({ title: s.nodes.allocationRemoved })
    },
    onError: (cause) => toast({ tone: 'bad', title: toApiError(cause).title, detail: toApiError(cause).detail }),
  })
  const columns: Column<AllocationView>[] = [
    { id: 'address', header: s.servers.columns.address, track: 'minmax(10rem,1fr)', narrow: 'title', sort: (row) => row.port, cell: (row) => <code className="font-mono text-sm">{address(row)}</code> },
    { id: 'server', header: s.nodes.usedBy, track: 'minmax(10rem,2fr)', sort: (row) => row.serverName ?? '', cell: (row) => (row.serverId ? <Link {...to.server(row.serverId)} className="block truncate rounded-sm text-sm hover:underline">{row.serverName}</Link> : <span className="text-sm text-dim">{row.inUse ? s.nodes.inUse : s.nodes.free}</span>) },
    { id: 'remove', header: s.common.remove, track: '2rem', quiet: true, narrow: 'corner', cell: (row) => <IconButton size="iconSm" label={s.allocations.remove(address(row))} disabledReason={row.inUse ? s.nodes.inUse : null} busy={remove.isPending && remove.variables === row.id} onClick={() => remove.mutate(row.id)}><Trash2 aria-hidden /></IconButton> },
  ]
  const add = <Button size="sm" onClick={() => setAdding(true)}><Plus aria-hidden />{s.nodes.addAllocations}</Button>
  return (
    <Card flush title={s.nodes.allocations} help={s.nodes.allocationsHelp} actions={add}>
      {error && !rows ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !rows ? <SkeletonRows rows={4} label={s.common.loading} /> : rows.length === 0 ? <Empty icon={Network} title={s.nodes.noAllocations}>{s.nodes.noAllocationsHelp}</Empty> : <GridTable label={s.nodes.allocations} rows={rows} columns={columns} rowKey={(row) => row.id} rowHeight={52} />}
      {hasNextPage && <MoreSentinel busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      {adding && <AllocationsDialog nodeId={nodeId} onClose={() => setAdding(false)} />}
    </Card>
  )
}
