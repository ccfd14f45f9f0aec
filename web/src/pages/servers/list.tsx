/** All servers that one may see, live. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Plus, SearchX, Server } from 'lucide-react'
import { Suspense, lazy, useDeferredValue, useState, type ReactNode } from 'react'
import { useSession } from '~/actions/context'
import { mayCreateServers } from '~/actions/navigation'
import { blueprintsQuery, ownAllowanceQuery, serversQuery } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { BlueprintIcon } from '~/layout/blueprint-icon'
import { Page } from '~/layout/page'
import { ServerStatus } from '~/layout/status'
import { useColumns } from '~/lib/columns'
import { STATUS_WORDS, TERMS, fits, parseFilter, type ServerWish } from '~/lib/server-filter'
import { serverStatus } from '~/lib/server-status'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { GameIcon } from '~/ui/avatar'
import { Button, buttonStyle } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { MoreSentinel } from '~/ui/more'
import { ProblemCard } from '~/ui/problem'
import { AddressCell, CpuCell, MemoryCell, PlayersCell, RowMenu } from './cells'
import { ColumnMenu, FilterBox } from './list-tools'

const BulkBar = lazy(() => import('./bulk').then((part) => ({ default: part.BulkBar })))

const route = getRouteApi('/app/servers')

type ServerColumn = Column<ServerView> & { fixed?: boolean; hidden?: boolean }

const columns: ServerColumn[] = [
  { id: 'name', fixed: true, header: s.servers.columns.name, track: 'minmax(11.5rem,2fr)', sort: (row) => row.name, narrow: 'title', cell: (row) => <NameCell server={row} /> },
  { id: 'status', header: s.servers.columns.status, track: 'minmax(8.5rem,1fr)', sort: (row) => serverStatus(row).word, narrow: 'corner', cell: (row) => <ServerStatus server={row} layout="stacked" /> },
  { id: 'players', yields: 2, header: s.servers.columns.players, track: '5rem', sort: (row) => row.sample?.game?.players ?? -1, cell: (row) => <PlayersCell server={row} /> },
  { id: 'cpu', yields: 4, header: s.servers.columns.cpu, track: 'minmax(6.5rem,1fr)', sort: (row) => row.sample?.statistics?.cpuPercent ?? -1, cell: (row) => <CpuCell server={row} /> },
  { id: 'memory', yields: 3, header: s.servers.columns.memory, track: 'minmax(8.5rem,1fr)', sort: (row) => row.sample?.statistics?.memoryBytes ?? -1, cell: (row) => <MemoryCell server={row} /> },
  { id: 'address', yields: 1, header: s.servers.columns.address, track: 'minmax(11rem,1fr)', cell: (row) => <AddressCell server={row} /> },
  { id: 'node', yields: 6, header: s.servers.columns.node, track: 'minmax(5rem,0.7fr)', sort: (row) => row.node.name, narrow: 'hide', cell: (row) => <span className="block truncate text-sm text-dim" title={`${row.node.name} · ${row.node.location}`}>{row.node.name}</span> },
  { id: 'owner', hidden: true, yields: 5, header: s.servers.columns.owner, track: 'minmax(6rem,0.8fr)', sort: (row) => row.owner.name, cell: (row) => <span className="block truncate text-sm text-dim" title={row.owner.name}>{row.owner.name}</span> },
  { id: 'menu', fixed: true, header: s.common.more, track: '1.75rem', quiet: true, narrow: 'corner', cell: (row) => <RowMenu server={row} /> },
]

function NameCell({ server }: { server: ServerView }) {
  return (
    <div className="flex min-w-0 items-center gap-3">
      <BlueprintIcon blueprint={server.blueprint} />
      <div className="min-w-0">
        <Link {...to.server(server.id)} title={server.name} className="row-link block truncate text-sm font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent">
          {server.name}
        </Link>
        <p className="truncate text-xs text-dim">{server.blueprint.name}</p>
      </div>
    </div>
  )
}

const nobody: ReadonlySet<string> = new Set()

export function ServersPage() {
  const { q = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const session = useSession()
  const mayCreate = mayCreateServers(session)
  const { data: allowance } = useQuery({ ...ownAllowanceQuery, enabled: mayCreate })
  const spent = allowance !== undefined && Object.values(allowance.left).includes(0)
  const table = useColumns('servers', columns)
  const [picked, setPicked] = useState(nobody)
  const wish = parseFilter(useDeferredValue(q))
  const list = useInfiniteQuery(serversQuery({ search: wish.search || undefined, status: wish.status }))
  const all = list.data?.pages.flatMap((page) => page.items) ?? []
  const shown = all.filter((server) => fits(wish, server))
  // Only what can be seen is acted on: a server that the filter hides, or that was deleted, is not in it.
  const chosen = shown.filter((server) => picked.has(server.id))
  const empty = list.isSuccess && q.trim() === '' && all.length === 0
  const filter = (text: string) => void navigate({ search: text ? { q: text } : {}, replace: true })

  return (
    <Page
      width="full"
      title={s.servers.title}
      lead={list.isSuccess && !empty ? s.servers.count(shown.length, all.length) + (list.hasNextPage ? ' +' : '') : undefined}
      tools={
        !empty && (
          <>
            <FilterBox value={q} onChange={filter} />
            <ColumnMenu table={table} columns={columns} />
          </>
        )
      }
      actions={
        !empty && mayCreate && (spent ? (
          <Button variant="primary" disabledReason={s.servers.spent}>
            <Plus aria-hidden />
            {s.servers.create}
          </Button>
        ) : (
          <Link {...to.newServer()} className={buttonStyle({ variant: 'primary' })}>
            <Plus aria-hidden />
            {s.servers.create}
          </Link>
        ))
      }
    >
      {list.isError && !list.data ? (
        <ProblemCard error={list.error} onRetry={list.refetch} />
      ) : empty ? (
        <FirstServer mayCreate={mayCreate} spent={spent} />
      ) : (
        <Card flush>
          {list.isPending ? (
            <SkeletonRows label={s.common.loading} />
          ) : shown.length === 0 ? (
            <NoMatch wish={wish} onClear={() => filter('')} />
          ) : (
            <GridTable
              label={s.servers.title}
              rows={shown}
              columns={table.shown}
              rowKey={(row) => row.id}
              selection={{ picked, onChange: setPicked, labelOf: (row) => row.name }}
            />
          )}
          {list.hasNextPage && <MoreSentinel busy={list.isFetchingNextPage} onMore={() => void list.fetchNextPage()} />}
        </Card>
      )}
      {chosen.length > 0 && (
        <Suspense fallback={null}>
          <BulkBar servers={chosen} onClear={() => setPicked(nobody)} />
        </Suspense>
      )}
    </Page>
  )
}

const listOf = new Intl.ListFormat('en-GB')

/** A filter that asks for what there is not says so, and what there is. */
function NoMatch({ wish, onClear }: { wish: ServerWish; onClear: () => void }) {
  const [term] = wish.unknownTerms
  const [title, help] =
    wish.unknownStatus !== undefined ? [s.servers.noStatus(wish.unknownStatus), s.servers.noStatusHelp(listOf.format(STATUS_WORDS))]
    : term !== undefined ? [s.servers.noTerm(term), s.servers.noTermHelp(listOf.format(TERMS.map((name) => `${name}:`)))]
    : [s.servers.noMatch, s.servers.noMatchHelp]
  return <Empty icon={SearchX} title={title} action={<Button onClick={onClear}>{s.common.clearFilter}</Button>}>{help}</Empty>
}

function FirstServer({ mayCreate, spent }: { mayCreate: boolean; spent: boolean }) {
  const { data } = useQuery({ ...blueprintsQuery, enabled: mayCreate })
  if (!mayCreate || spent) {
    return (
      <Card flush>
        <Empty icon={Server} title={s.servers.empty}>{mayCreate ? s.servers.spent : s.servers.emptyLimited}</Empty>
      </Card>
    )
  }
  const suggestions: ReactNode[] = (data?.items ?? []).slice(0, 3).map((item) => (
    <Link key={item.id} {...to.newServer(item.id)} className="flex items-start gap-3 rounded-lg border border-line bg-surface p-4 text-left transition-colors hover:border-line-strong hover:bg-hover">
      <GameIcon svg={item.blueprint.icon} name={item.blueprint.name} className="size-10" />
      <span className="min-w-0">
        <span className="block font-medium">{item.blueprint.name}</span>
        <span className="mt-0.5 line-clamp-2 text-sm text-dim">{item.blueprint.summary}</span>
      </span>
    </Link>
  ))
  return (
    <div className="mx-auto max-w-3xl pt-[6vh]">
      <Empty icon={Server} title={s.servers.empty} className="py-8" action={<Link {...to.newServer()} className={buttonStyle({ variant: 'primary' })}>{s.servers.allBlueprints}</Link>}>
        {s.servers.emptyHelp}
      </Empty>
      <div className="grid gap-3 sm:grid-cols-[repeat(auto-fit,minmax(15rem,1fr))]">{suggestions}</div>
    </div>
  )
}
