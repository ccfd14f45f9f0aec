/** The addresses of one server. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Network, Plus, Trash2 } from 'lucide-react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, serverAllocationsQuery } from '~/api/queries'
import type { AllocationView, ServerView } from '~/api/types'
import { address } from '~/lib/format'
import { s } from '~/strings'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Card } from '~/ui/card'
import { CopyButton } from '~/ui/copy-button'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { useServer } from './layout'

function useChanges(server: ServerView) {
  const queries = useQueryClient()
  const done = (title: string) => () => {
    void queries.invalidateQueries({ queryKey: keys.server(server.id) })
    toast({ title })
  }
  const onError = (error: unknown) => {
    const problem = toApiError(error)
    toast({ tone: 'bad', title: problem.title, detail: `${problem.detail} ${problem.remedy}` })
  }
  const add = useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/allocations', { params: { path: { id: server.id } }, body: {} })),
    onSuccess: done(s.allocations.added),
    onError,
  })
  const remove = useMutation({
    mutationFn: (allocationId: string) => take(client.DELETE('/api/servers/{id}/allocations/{allocationId}', { params: { path: { id: server.id, allocationId } } })),
    onSuccess: done(s.allocations.removed),
    onError,
  })
  return { add, remove }
}

export function AllocationsPage() {
  const server = useServer()
  const mayChange = server.permissions.includes('allocations.update')
  const { data, error } = useQuery(serverAllocationsQuery(server.id))
  const { add, remove } = useChanges(server)
  const endpointOf = (row: AllocationView) => server.endpoints.find((endpoint) => endpoint.allocationId === row.id)

  const columns: Column<AllocationView>[] = [
    { id: 'address', header: s.allocations.address, track: 'minmax(12rem,2fr)', narrow: 'title', sort: (row) => row.port, cell: (row) => <span className="flex items-center gap-1"><code className="truncate font-mono text-sm">{address(row)}</code><CopyButton text={address(row)} what={s.server.address} /></span> },
    { id: 'endpoint', header: s.allocations.endpoint, track: 'minmax(8rem,1fr)', cell: (row) => <span className="text-sm">{row.endpoint ?? <span className="text-dim">{s.allocations.additional}</span>}</span> },
    { id: 'protocol', header: s.allocations.protocol, track: '6rem', cell: (row) => <span className="text-sm text-dim">{endpointOf(row)?.protocol.toUpperCase() ?? '–'}</span> },
    { id: 'primary', header: s.allocations.primary, track: '6rem', quiet: true, narrow: 'hide', cell: (row) => (endpointOf(row)?.primary ? <Badge tone="accent">{s.allocations.primary}</Badge> : null) },
    { id: 'remove', header: s.common.remove, track: '2rem', quiet: true, narrow: 'corner', cell: (row) => (
      <IconButton
        size="iconSm"
        label={s.allocations.remove(address(row))}
        disabledReason={row.endpoint ? s.allocations.cannotRemove : mayChange ? null : s.members.notYours}
        busy={remove.isPending && remove.variables === row.id}
        onClick={() => remove.mutate(row.id)}
      >
        <Trash2 aria-hidden />
      </IconButton>
    ) },
  ]

  return (
    <div className="mx-auto max-w-4xl">
      <Card flush title={s.allocations.title} help={s.allocations.help} actions={mayChange && <Button size="sm" busy={add.isPending} onClick={() => add.mutate()} title={s.allocations.addHelp}>{!add.isPending && <Plus aria-hidden />}{s.allocations.add}</Button>}>
        {error ? <ProblemCard error={error} className="m-4" /> : !data ? <SkeletonRows rows={2} label={s.common.loading} /> : data.items.length === 0 ? <Empty icon={Network} title={s.allocations.empty}>{s.allocations.emptyHelp}</Empty> : <GridTable label={s.allocations.title} rows={data.items} columns={columns} rowKey={(row) => row.id} />}
      </Card>
    </div>
  )
}
