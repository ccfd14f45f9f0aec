/** The frame of a server's page: who it is, how it is, what can be done, and its tabs. */
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link, Outlet, getRouteApi, useLocation, useMatchRoute } from '@tanstack/react-router'
import { CirclePause, CloudOff, Lock, OctagonAlert, ServerOff, Trash2, TriangleAlert, Wrench } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useLive } from '~/actions/context'
import { useGone } from '~/api/live'
import { ApiError } from '~/api/problem'
import { configFilesQuery, serverHoldsQuery, serverTabsQuery } from '~/api/page-queries'
import { operationQuery, serverQuery } from '~/api/queries'
import type { OperationView, Permission, ServerView } from '~/api/types'
import { BlueprintIcon } from '~/layout/blueprint-icon'
import { ServerStatus } from '~/layout/status'
import { Tabs, type Tab } from '~/layout/tabs'
import { address, dayAndTime } from '~/lib/format'
import { isActive, isInstalling, isRestoring } from '~/lib/server-status'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { drains as t } from '~/strings/drains'
import { buttonStyle } from '~/ui/button'
import { cn } from '~/ui/cn'
import { CopyButton } from '~/ui/copy-button'
import { Empty } from '~/ui/empty'
import { ProgressBar } from '~/ui/meter'
import { Notice } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { CallOff } from '~/forms/operation-cancel'
import { PlayersCell } from './cells'
import { OfferedActions } from './offered'
import { PluginHold } from './plugin-hold'
import { PowerGroup } from './power'

export const serverRoute = getRouteApi('/app/servers/$serverId')

/** The server of this page; its layout has loaded it. */
export function useServer(): ServerView {
  const { serverId } = serverRoute.useParams()
  return useSuspenseQuery(serverQuery(serverId)).data
}

const CONFIG = 'config'
const SCHEDULES = 'schedules'
const TABS: { label: string; link: (serverId: string) => ReturnType<(typeof to)['server' | 'overview' | 'players' | 'files' | 'config' | 'backups' | 'schedules' | 'settings' | 'allocations' | 'members' | 'activity']>; path: string; right: Permission }[] = [
  { label: s.server.tabs.console, link: to.server, path: 'console', right: 'console.read' },
  { label: s.server.tabs.overview, link: to.overview, path: 'overview', right: 'statistics.read' },
  { label: s.server.tabs.players, link: to.players, path: 'players', right: 'players.read' },
  { label: s.server.tabs.files, link: (serverId) => to.files(serverId), path: 'files', right: 'files.list' },
  { label: s.server.tabs.config, link: (serverId) => to.config(serverId), path: CONFIG, right: 'files.read' },
  { label: s.server.tabs.backups, link: to.backups, path: 'backups', right: 'backups.read' },
  { label: s.server.tabs.schedules, link: to.schedules, path: SCHEDULES, right: 'schedules.read' },
  { label: s.server.tabs.settings, link: to.settings, path: 'settings', right: 'variables.read' },
  { label: s.server.tabs.allocations, link: to.allocations, path: 'allocations', right: 'allocations.read' },
  { label: s.server.tabs.members, link: to.members, path: 'members', right: 'members.read' },
  { label: s.server.tabs.activity, link: to.activity, path: 'activity', right: 'activity.read' },
]

/** The tabs that are for the caller, with those that the game's plugin has. */
function useTabs(server: ServerView): Tab[] {
  const files = useQuery(configFilesQuery(server)).data?.items ?? []
  const pages = useQuery(serverTabsQuery(server)).data?.items ?? []
  const may = (right: Permission) => server.permissions.includes(right)
  const own = TABS.filter(({ path, right }) => may(right) && (path !== CONFIG || files.length > 0))
  const at = own.findIndex(({ path }) => path === 'files' || path === 'settings')
  const tabs: Tab[] = own.map(({ label, link, path }) => ({ id: path, label, link: link(server.id), ...(path === SCHEDULES && { reach: 'beneath' }) }))
  const filled = may('tabs.read') ? pages.map(({ id, title }) => ({ id: `page ${id}`, label: title, link: to.page(server.id, id) })) : []
  return at < 0 ? [...tabs, ...filled] : [...tabs.slice(0, at), ...filled, ...tabs.slice(at)]
}

/** A server that went away leaves nothing of itself on the page, be it told live or by an answer. */
export function ServerLayout() {
  const { serverId } = serverRoute.useParams()
  const gone = useGone(useLive(), serverId)
  const { error } = useQuery({ ...serverQuery(serverId), enabled: !gone })
  return gone || (error instanceof ApiError && error.status === 404) ? <GoneServer serverId={serverId} /> : <ServerFrame />
}

function GoneServer({ serverId }: { serverId: string }) {
  const live = useLive()
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // What had the focus is no more.
    place.current?.focus()
    live.lose(serverId)
  }, [live, serverId])
  return (
    <div ref={place} role="alert" tabIndex={-1} className="outline-none">
      <Empty heading="h1" icon={ServerOff} title={s.server.gone} action={<Link {...to.servers()} className={buttonStyle()}>{s.problems.toServers}</Link>}>
        {s.server.goneHelp}
      </Empty>
    </div>
  )
}

function ServerFrame() {
  const server = useServer()
  const live = useLive()
  const onConsole = Boolean(useMatchRoute()({ to: '/servers/$serverId/console', params: { serverId: server.id } }))
  useEffect(() => live.follow(`server:${server.id}`), [live, server.id])
  const here = useLocation({ select: (location) => location.pathname.split('/').at(3) })
  const tabs = useTabs(server)
  const lacks = here === 'pages' ? (server.permissions.includes('tabs.read') ? null : { label: s.server.tabs.page }) : TABS.find((tab) => tab.path === here && !server.permissions.includes(tab.right))
  const primary = server.endpoints[0]
  const text = primary && address(primary)

  return (
    <div className={cn('flex flex-col', onConsole ? 'h-full min-h-[30rem]' : 'min-h-full')}>
      <div className="isolate shrink-0 border-b border-line bg-background">
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-3 pt-4 pb-3 sm:px-6">
          <div className="flex min-w-0 items-center gap-3.5">
            <BlueprintIcon blueprint={server.blueprint} className="size-11" />
            <div className="min-w-0">
              <h1 className="truncate text-lg">{server.name}</h1>
              <div className="mt-0.5 flex flex-wrap items-center gap-x-4 gap-y-1">
                <ServerStatus server={server} />
                <PlayersCell server={server} nothing={null} />
                {text && (
                  <span className="inline-flex max-w-full items-center gap-0.5">
                    <code className="truncate font-mono text-xs text-dim">{text}</code>
                    <CopyButton text={text} what={s.server.address} />
                  </span>
                )}
              </div>
            </div>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            <OfferedActions server={server} />
            <PowerGroup server={server} />
          </div>
        </div>
        <Tabs label={s.server.tabs.label} tabs={tabs} />
      </div>
      <Notices server={server} />
      <div className={cn('flex-1', onConsole ? 'flex min-h-0 flex-col' : 'mx-auto w-full max-w-480 px-3 pt-5 pb-24 sm:px-6')}>
        {lacks ? <Empty icon={Lock} title={s.server.noRight(lacks.label)}>{s.server.noRightHelp}</Empty> : <Outlet />}
      </div>
    </div>
  )
}

/** What a person must know before reading on; the most binding first. */
function Notices({ server }: { server: ServerView }) {
  const held = useQuery(serverHoldsQuery(server.id)).data?.items ?? []
  const hold = server.holds[0]
  const { operation, observed } = server
  const notices = [
    server.desired === 'deleted' && <Notice key="deleted" tone="bad" title={s.status.deleting} icon={<Trash2 aria-hidden />}>{operation?.progress?.step}</Notice>,
    hold && <Notice key="hold" tone="warn" title={s.server.suspended} icon={<CirclePause aria-hidden />}>{hold.reason}</Notice>,
    server.drain && <Drained key="drain" drain={server.drain} />,
    held.length > 0 && <PluginHold key="plugin" server={server} />,
    !server.node.connected && <Notice key="node" tone="warn" title={s.server.nodeAway} icon={<CloudOff aria-hidden />}>{s.server.nodeAwayDetail(server.node.name)}</Notice>,
    observed.state === 'crashed' && (
      <Notice key="crashed" tone="bad" title={s.server.crashed} icon={<TriangleAlert aria-hidden />}>
        {[observed.reason, observed.crashes > 0 ? s.server.crashCount(observed.crashes) : null].filter(Boolean).map((part) => `${part?.replace(/\.$/, '') ?? ''}.`).join(' ')}
      </Notice>
    ),
    operation?.state === 'failed' && <FailedOperation key="failed" operation={operation} />,
    (isInstalling(server) || isRestoring(server)) && operation && <Progress key="progress" operation={operation} server={server} />,
  ].filter(Boolean)
  return notices.length === 0 ? null : <div className="flex shrink-0 flex-col gap-2 px-3 pt-3 sm:px-6">{notices}</div>
}

/** Its machine is to be worked on. */
function Drained({ drain }: { drain: NonNullable<ServerView['drain']> }) {
  const words = {
    waiting: t.noticeWaiting(dayAndTime(drain.deadline)),
    saving: t.noticeStopping,
    stopping: t.noticeStopping,
    backing_up: t.noticeBackingUp,
    drained: t.noticeDown,
  }
  return <Notice tone="warn" title={t.notice} icon={<Wrench aria-hidden />}>{drain.state ? words[drain.state] : t.noticeDown}</Notice>
}

function FailedOperation({ operation }: { operation: OperationView }) {
  const { failure } = operation
  return (
    <Notice tone="bad" title={s.operation.failedHere(s.operation.kind[operation.kind])} icon={<OctagonAlert aria-hidden />}>
      {failure && (
        <>
          <p className="text-text">{failure.message}</p>
          {failure.remedy && <p>{failure.remedy}</p>}
          <p className="mt-1 flex flex-wrap items-center gap-x-3 text-xs">
            {failure.step && <span>{s.operation.inStep(failure.step)}</span>}
            <code>{failure.code}</code>
            {operation.endedAt && <Ago at={operation.endedAt} />}
          </p>
          {failure.logTail.length > 0 && (
            <details className="mt-2">
              <summary className="text-xs">{s.operation.log}</summary>
              <pre className="mt-1 max-h-48 overflow-auto rounded-md bg-terminal p-2 font-mono text-xs text-text">{failure.logTail.join('\n')}</pre>
            </details>
          )}
        </>
      )}
    </Notice>
  )
}

const TITLE: Partial<Record<OperationView['kind'], string>> = { reinstall: s.operation.reinstallingTitle, restore: s.operation.restoring }

/** An installation or a restore as it goes; when it ends, what remains is the server's page. */
function Progress({ operation, server }: { operation: OperationView; server: ServerView }) {
  // Frames bring it live; asking now and then covers those that were missed.
  const { data } = useQuery({ ...operationQuery(operation.id), refetchInterval: 10_000, initialData: operation })
  const current = isActive(data) ? data : operation
  const { progress } = current
  const label = current.kind === 'restore' ? s.operation.restoring : s.operation.installing
  return (
    <section aria-label={label} className="rounded-lg border border-line bg-surface px-4 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <div className="flex min-w-0 flex-wrap items-baseline gap-x-3">
          <h2 className="text-sm">{TITLE[current.kind] ?? s.status.installing}</h2>
          <p className="min-w-0 text-sm text-dim">{progress?.step ?? (current.state === 'pending' && s.operation.state.pending)}</p>
        </div>
        <span className="tabular text-xs text-dim">
          {progress && `${s.operation.step(progress.stepIndex, progress.stepCount)} · ${String(Math.round(progress.fraction * 100))} %`}
        </span>
      </div>
      <ProgressBar label={label} fraction={progress ? progress.fraction : null} className="mt-2" />
      <div className="mt-2 flex items-center justify-between gap-4">
        <p className="tabular min-w-0 truncate font-mono text-xs text-dim">{progress?.detail ?? s.operation.installingHelp}</p>
        <CallOff operation={current} server={server} look="words" />
      </div>
    </section>
  )
}
