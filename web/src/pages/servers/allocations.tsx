/** The addresses of one server, one for each endpoint of its game. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Network, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { blueprintsQuery, keys, serverAllocationsQuery } from '~/api/queries'
import type { EndpointView, ServerView } from '~/api/types'
import { ServerWaiting } from '~/forms/server-waiting'
import { address } from '~/lib/format'
import { s } from '~/strings'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { CopyButton } from '~/ui/copy-button'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { useServer } from './layout'

function useChanges(server: ServerView) {
  const queries = useQueryClient()
  const changed = () => void queries.invalidateQueries({ queryKey: keys.server(server.id) })
  const onError = (error: unknown) => {
    const problem = toApiError(error)
    toast({ tone: 'bad', title: problem.title, detail: `${problem.detail} ${problem.remedy}` })
  }
  /** Gives an endpoint a free address, in place of the one that it may have. */
  const give = useMutation({
    mutationFn: ({ endpoint }: { endpoint: string; replaces: boolean }) => take(client.POST('/api/servers/{id}/allocations', { params: { path: { id: server.id } }, body: { endpoint } })),
    onSuccess: (_, { replaces }) => {
      changed()
      toast(replaces ? { title: s.allocations.replaced, detail: s.allocations.replacedDetail } : { title: s.allocations.added })
    },
    onError,
  })
  const remove = useMutation({
    mutationFn: (allocationId: string) => take(client.DELETE('/api/servers/{id}/allocations/{allocationId}', { params: { path: { id: server.id, allocationId } } })),
    onSuccess: () => {
      changed()
      toast({ title: s.allocations.removed })
    },
    onError,
  })
  return { give, remove }
}

export function AllocationsPage() {
  const server = useServer()
  const mayChange = server.permissions.includes('allocations.update')
  const denied = mayChange ? null : s.members.notYours
  const { data, error, refetch } = useQuery(serverAllocationsQuery(server.id))
  const { data: needs = [] } = useQuery({ ...blueprintsQuery, select: (page) => page.items.find((item) => item.id === server.blueprint.id)?.blueprint.endpoints ?? [] })
  const { give, remove } = useChanges(server)
  const [replacing, setReplacing] = useState<EndpointView | null>(null)
  const isNeeded = (row: EndpointView) => needs.some((need) => need.required && need.name === row.name)
  const without = data ? needs.filter((need) => !data.items.some((row) => row.name === need.name)) : []
  const giving = (endpoint: string) => give.isPending && give.variables.endpoint === endpoint

  const columns: Column<EndpointView>[] = [
    { id: 'address', header: s.allocations.address, track: 'minmax(12rem,2fr)', narrow: 'title', sort: (row) => row.port, cell: (row) => <span className="flex items-center gap-1"><code className="truncate font-mono text-sm">{address(row)}</code><CopyButton text={address(row)} what={s.server.address} /></span> },
    { id: 'endpoint', header: s.allocations.endpoint, track: 'minmax(8rem,1fr)', cell: (row) => <span className="text-sm">{row.name}</span> },
    { id: 'protocol', header: s.allocations.protocol, track: '6rem', cell: (row) => <span className="text-sm text-dim">{row.protocol.toUpperCase()}</span> },
    { id: 'primary', header: s.allocations.primary, track: '6rem', quiet: true, narrow: 'hide', cell: (row) => (row.primary ? <Badge tone="accent">{s.allocations.primary}</Badge> : null) },
    { id: 'change', header: s.common.more, track: '7rem', quiet: true, narrow: 'corner', cell: (row) => (
      <span className="flex items-center justify-end gap-1">
        <Button size="sm" variant="ghost" aria-label={s.allocations.another(address(row))} disabledReason={denied} busy={giving(row.name)} onClick={() => setReplacing(row)}>
          {s.allocations.replaceShort}
        </Button>
        <IconButton
          size="iconSm"
          label={s.allocations.remove(address(row))}
          disabledReason={isNeeded(row) ? s.allocations.cannotRemove : denied}
          busy={remove.isPending && remove.variables === row.allocationId}
          onClick={() => remove.mutate(row.allocationId)}
        >
          <Trash2 aria-hidden />
        </IconButton>
      </span>
    ) },
  ]
  const add = mayChange && without.map(({ name }) => (
    <Button key={name} size="sm" busy={giving(name)} onClick={() => give.mutate({ endpoint: name, replaces: false })} title={s.allocations.addHelp}>
      {!giving(name) && <Plus aria-hidden />}
      {s.allocations.add(name)}
    </Button>
  ))

  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-5">
      <ServerWaiting server={server} />
      <Card flush title={s.allocations.title} help={s.allocations.help} actions={add}>
        {error ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={2} label={s.common.loading} /> : data.items.length === 0 ? <Empty icon={Network} title={s.allocations.empty}>{s.allocations.emptyHelp}</Empty> : <GridTable label={s.allocations.title} rows={data.items} columns={columns} rowKey={(row) => row.allocationId} />}
      </Card>
      {replacing && (
        <Confirm
          title={s.allocations.replaceTitle(address(replacing))}
          body={s.allocations.replaceBody(['starting', 'running', 'stopping'].includes(server.observed.state))}
          verb={s.allocations.replace}
          busy={give.isPending}
          onConfirm={() => give.mutate({ endpoint: replacing.name, replaces: true }, { onSettled: () => setReplacing(null) })}
          onClose={() => setReplacing(null)}
        />
      )}
    </div>
  )
}
