/** A page that the game's plugin fills, drawn from its blocks. What they say is a plugin's or a game's: text, never markup. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { CloudOff, FileQuestion, Hourglass, RefreshCw, Square, TriangleAlert } from 'lucide-react'
import { offeredQuery } from '~/actions/offered'
import { serverTabQuery, serverTabsQuery } from '~/api/page-queries'
import { toApiError } from '~/api/problem'
import type { ServerView, TabsView } from '~/api/types'
import { s } from '~/strings'
import { pages } from '~/strings/pages'
import { Button } from '~/ui/button'
import { Empty, Skeleton } from '~/ui/empty'
import { Notice, ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { useServer } from '../layout'
import { BlockView } from './blocks'

const route = getRouteApi('/app/servers/$serverId/pages/$page')

const p = pages.page

export function PluginPage() {
  const server = useServer()
  const { page } = route.useParams()
  const { data, error, refetch } = useQuery(serverTabsQuery(server))
  if (error && !data) return <ProblemCard error={error} onRetry={refetch} />
  if (!data) return <Loading />
  const tab = data.items.find(({ id }) => id === page)
  if (!tab) return <Empty icon={FileQuestion} title={p.noSuch}>{p.noSuchHelp}</Empty>
  return <Filled key={`${server.id} ${tab.id}`} server={server} tab={tab} />
}

const Loading = () => (
  <div role="status" aria-label={s.common.loading} className="flex flex-col gap-5">
    <Skeleton className="h-7 w-40" />
    <Skeleton className="h-24" />
    <Skeleton className="h-48" />
  </div>
)

function Filled({ server, tab }: { server: ServerView; tab: TabsView['items'][number] }) {
  const query = useQuery({ ...serverTabQuery(server.id, tab.id, tab.refreshMs ?? null), enabled: tab.allowed })
  const { data, error, refetch, isFetching } = query
  const { data: offer } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') })
  if (!data && !tab.allowed) {
    const Icon = tab.code === 'node_unreachable' ? CloudOff : Hourglass
    return <Empty icon={Icon} title={p.cannot}>{tab.reason}</Empty>
  }
  if (!data) return error ? <ProblemCard error={error} onRetry={refetch} /> : <Loading />
  const stale = tab.allowed ? (error ? toApiError(error).detail : null) : tab.reason
  return (
    <div className="flex flex-col gap-5">
      <header className="flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="text-base">{tab.title}</h2>
        <div className="flex items-center gap-3 text-xs text-dim">
          <span>{p.asOf('')}<Ago at={data.renderedAt} /></span>
          <Button size="sm" busy={isFetching && !tab.refreshMs} disabledReason={tab.reason} onClick={() => void refetch()}><RefreshCw aria-hidden />{p.refresh}</Button>
        </div>
      </header>
      {stale && <Notice tone="warn" title={p.notRefreshed} icon={<TriangleAlert aria-hidden />}>{stale}</Notice>}
      {data.blocks.length === 0 && <Empty icon={Square} title={p.blank} heading="h3">{p.blankHelp}</Empty>}
      {data.blocks.map((block, i) => <BlockView key={i} block={block} server={server} offer={offer} />)}
    </div>
  )
}
