/** What ran on this server, and who did what to it. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { useMemo } from 'react'
import { activityQuery, blueprintsQuery, membersQuery, operationsQuery } from '~/api/queries'
import type { AuditView, OperationView, ServerView } from '~/api/types'
import { AuditTable, withPresent } from '~/layout/audit-table'
import { duration } from '~/lib/format'
import { isActive } from '~/lib/server-status'
import { s } from '~/strings'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { Glyph, type GlyphShape, type GlyphTone } from '~/ui/glyph'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { useServer } from './layout'
import { MoreSentinel } from '~/ui/more'

const LOOK: Record<OperationView['state'], { shape: GlyphShape; tone: GlyphTone }> = {
  pending: { shape: 'dashed', tone: 'dim' },
  running: { shape: 'turning', tone: 'info' },
  succeeded: { shape: 'disc', tone: 'ok' },
  failed: { shape: 'triangle', tone: 'bad' },
  cancelled: { shape: 'cross', tone: 'dim' },
}

/** Nothing for what was over at once. */
const took = (operation: OperationView) => {
  const seconds = operation.endedAt ? (Date.parse(operation.endedAt) - Date.parse(operation.requestedAt)) / 1000 : 0
  return seconds >= 1 ? duration(seconds) : null
}

const columns: Column<OperationView>[] = [
  { id: 'kind', header: s.activity.what, track: 'minmax(7rem,0.6fr)', narrow: 'title', cell: (row) => <span className="text-sm font-medium">{s.operation.kind[row.kind]}</span> },
  { id: 'state', header: s.servers.columns.status, track: 'minmax(9rem,0.8fr)', cell: (row) => (
    <span className="flex items-center gap-2 text-sm"><Glyph {...LOOK[row.state]} />{s.operation.state[row.state]}{isActive(row) && row.progress && <span className="tabular text-dim">{Math.round(row.progress.fraction * 100)} %</span>}</span>
  ) },
  { id: 'detail', header: s.activity.details, track: 'minmax(12rem,2fr)', cell: (row) => <span className="block text-sm break-words text-dim @3xl:truncate" title={row.failure?.message}>{row.failure?.message ?? (isActive(row) ? row.progress?.step : null) ?? (took(row) ? s.operation.took(took(row) ?? '') : '–')}</span> },
  { id: 'who', header: s.activity.who, track: 'minmax(7rem,0.8fr)', cell: (row) => <span className="block truncate text-sm">{row.requestedBy?.name ?? s.activity.system}</span> },
  { id: 'when', header: s.activity.when, track: '7rem', narrow: 'corner', align: 'right', cell: (row) => <Ago at={row.requestedAt} className="text-xs whitespace-nowrap text-dim" /> },
]

/** Who its people are, and how its game calls its settings. */
function useKnown(server: ServerView, rows: readonly AuditView[]) {
  const { data: members } = useQuery({ ...membersQuery(server.id), enabled: server.permissions.includes('members.read') })
  const { data: blueprints } = useQuery(blueprintsQuery)
  return useMemo(() => {
    const people = members?.items.map(({ userId, name }) => ({ id: userId, name })) ?? []
    const variables = blueprints?.items.find((item) => item.id === server.blueprint.id)?.blueprint.variables ?? []
    return {
      names: withPresent(rows, [server, server.owner, server.node, ...people]),
      labels: new Map(variables.map(({ key, label }) => [key, label])),
    }
  }, [members, blueprints, server, rows])
}

export function ActivityPage() {
  const server = useServer()
  const mayReadOperations = server.permissions.includes('operations.read')
  const operations = useQuery({ ...operationsQuery(server.id), enabled: mayReadOperations })
  const log = useInfiniteQuery(activityQuery(server.id))
  const rows = useMemo(() => log.data?.pages.flatMap((page) => page.items) ?? [], [log.data])
  const known = useKnown(server, rows)
  return (
    <div className="mx-auto flex max-w-5xl flex-col gap-5">
      {mayReadOperations && (
        <Card flush title={s.activity.operations}>
          {operations.error ? <ProblemCard error={operations.error} onRetry={operations.refetch} className="m-4" /> : !operations.data ? <SkeletonRows rows={3} label={s.common.loading} /> : operations.data.items.length === 0 ? <p className="p-4 text-sm text-dim">{s.activity.noOperations}</p> : <GridTable label={s.activity.operations} rows={operations.data.items.slice(0, 12)} columns={columns} rowKey={(row) => row.id} />}
        </Card>
      )}
      <Card flush title={s.activity.log}>
        {log.error && !log.data ? <ProblemCard error={log.error} onRetry={log.refetch} className="m-4" /> : log.isPending ? <SkeletonRows rows={4} label={s.common.loading} /> : rows.length === 0 ? <Empty icon={History} title={s.activity.empty}>{s.activity.emptyHelp}</Empty> : <AuditTable label={s.activity.log} rows={rows} scope="server" known={known} />}
        {log.hasNextPage && <MoreSentinel busy={log.isFetchingNextPage} onMore={() => void log.fetchNextPage()} />}
      </Card>
    </div>
  )
}
