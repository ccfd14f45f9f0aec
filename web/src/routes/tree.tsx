/**
 * All routes, as one tree. Pages load lazily; loaders only warm the query cache, so that a page finds its data there
 * and a hover on a link has fetched it already.
 */
import { Outlet, createRootRouteWithContext, createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import type { QueryClient } from '@tanstack/react-query'
import type { Live } from '~/api/live'
import { ApiError } from '~/api/problem'
import {
  activityQuery, appPasswordsQuery, auditQuery, blueprintsQuery, filesQuery, locationsQuery, membersQuery, nodeAllocationsQuery, nodeQuery, nodesQuery, operationsQuery,
  ownAllowanceQuery, playersQuery, pluginsQuery, serverAllocationsQuery, serverQuery, serversQuery, sessionQuery, setupQuery, sshKeysQuery, usersQuery, variablesQuery,
} from '~/api/queries'
import { NotFound, PageError } from '~/layout/states'
import { rangeIn } from '~/lib/ranges'
import { s } from '~/strings'
import { SCHEDULE_STARTS, type ScheduleStart } from './to'

export type RouterContext = { queries: QueryClient; live: Live }

declare module '@tanstack/react-router' {
  interface StaticDataRouteOption {
    /** Shown in the breadcrumb and in the window's title. */
    title?: string
  }
}

const Lost = () => (
  <main className="grid h-full place-content-center">
    <NotFound />
  </main>
)

// The router keeps the first thing that it showed as pending until the whole page is there. Were that the root or the
// shell, a server that loads slowly would hide the frame around it: these two are never shown as pending (see `Opening`).
const root = createRootRouteWithContext<RouterContext>()({ component: Outlet, notFoundComponent: Lost, errorComponent: PageError, pendingMs: Infinity })

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  staticData: { title: s.setup.title },
  beforeLoad: async ({ context }) => {
    const status = await context.queries.fetchQuery({ ...setupQuery, staleTime: 0 })
    if (!status.needed) throw redirect({ to: '/sign-in' })
  },
  component: lazyRouteComponent(() => import('~/pages/setup'), 'SetupPage'),
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  staticData: { title: s.signIn.title },
  validateSearch: (search: Record<string, unknown>): { back?: string } =>
    typeof search.back === 'string' && search.back.startsWith('/') && !search.back.startsWith('//') ? { back: search.back } : {},
  beforeLoad: async ({ context }) => {
    if (await context.queries.ensureQueryData(sessionQuery)) throw redirect({ to: '/servers' })
    if ((await context.queries.ensureQueryData(setupQuery)).needed) throw redirect({ to: '/setup' })
  },
  component: lazyRouteComponent(() => import('~/pages/sign-in'), 'SignInPage'),
})

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queries.ensureQueryData(sessionQuery)
    if (!session) {
      if ((await context.queries.ensureQueryData(setupQuery)).needed) throw redirect({ to: '/setup' })
      throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { back: location.href } })
    }
    context.live.start()
    return { session }
  },
  component: lazyRouteComponent(() => import('~/layout/shell'), 'Shell'),
  pendingMs: Infinity,
})

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/servers' })
  },
})

const servers = createRoute({
  getParentRoute: () => app,
  path: '/servers',
  staticData: { title: s.servers.title },
  validateSearch: (search: Record<string, unknown>): { q?: string } => (typeof search.q === 'string' && search.q ? { q: search.q } : {}),
  loader: ({ context }) => void context.queries.prefetchInfiniteQuery(serversQuery()),
  component: lazyRouteComponent(() => import('~/pages/servers/list'), 'ServersPage'),
})

const newServer = createRoute({
  getParentRoute: () => app,
  path: '/servers/new',
  staticData: { title: s.create.title },
  beforeLoad: ({ context }) => {
    if (context.session.user.role === 'limited') throw new ApiError({ code: 'forbidden', status: 403, title: s.problems.forbidden, detail: s.problems.limitedAccount, remedy: '' })
  },
  errorComponent: PageError,
  validateSearch: (search: Record<string, unknown>): { blueprint?: string } => (typeof search.blueprint === 'string' ? { blueprint: search.blueprint } : {}),
  loader: ({ context }) => {
    void context.queries.prefetchQuery(blueprintsQuery)
    void context.queries.prefetchQuery(nodesQuery)
    void context.queries.prefetchQuery(ownAllowanceQuery)
  },
  component: lazyRouteComponent(() => import('~/forms/server-create'), 'CreateServerPage'),
})

const server = createRoute({
  getParentRoute: () => app,
  path: '/servers/$serverId',
  loader: async ({ context, params }) => {
    context.live.find(params.serverId)
    await context.queries.ensureQueryData(serverQuery(params.serverId))
  },
  component: lazyRouteComponent(() => import('~/pages/servers/layout'), 'ServerLayout'),
  errorComponent: PageError,
})

const serverHome = createRoute({
  getParentRoute: () => server,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/servers/$serverId/console', params, replace: true })
  },
})

const serverConsole = createRoute({
  getParentRoute: () => server,
  path: '/console',
  staticData: { title: s.server.tabs.console },
  component: lazyRouteComponent(() => import('~/pages/servers/console'), 'ConsolePage'),
})
const overview = createRoute({
  getParentRoute: () => server,
  path: '/overview',
  staticData: { title: s.server.tabs.overview },
  validateSearch: rangeIn,
  component: lazyRouteComponent(() => import('~/pages/servers/overview'), 'OverviewPage'),
})
const players = createRoute({
  getParentRoute: () => server,
  path: '/players',
  staticData: { title: s.server.tabs.players },
  loader: ({ context, params }) => void context.queries.prefetchQuery(playersQuery(params.serverId)),
  component: lazyRouteComponent(() => import('~/pages/servers/players'), 'PlayersPage'),
})
const files = createRoute({
  getParentRoute: () => server,
  path: '/files',
  staticData: { title: s.server.tabs.files },
  validateSearch: (search: Record<string, unknown>): { path?: string; edit?: string } => ({
    ...(typeof search.path === 'string' && search.path && { path: search.path }),
    ...(typeof search.edit === 'string' && search.edit && { edit: search.edit }),
  }),
  loaderDeps: ({ search }) => ({ path: search.path ?? '' }),
  loader: ({ context, params, deps }) => void context.queries.prefetchQuery(filesQuery(params.serverId, deps.path)),
  component: lazyRouteComponent(() => import('~/pages/servers/files/page'), 'FilesPage'),
})
const config = createRoute({
  getParentRoute: () => server,
  path: '/config',
  staticData: { title: s.server.tabs.config },
  validateSearch: (search: Record<string, unknown>): { file?: string } => (typeof search.file === 'string' && search.file ? { file: search.file } : {}),
  component: lazyRouteComponent(() => import('~/pages/servers/config/page'), 'ConfigPage'),
})
const page = createRoute({
  getParentRoute: () => server,
  path: '/pages/$page',
  staticData: { title: s.server.tabs.page },
  component: lazyRouteComponent(() => import('~/pages/servers/pages/page'), 'PluginPage'),
})
const backups = createRoute({
  getParentRoute: () => server,
  path: '/backups',
  staticData: { title: s.server.tabs.backups },
  component: lazyRouteComponent(() => import('~/pages/servers/backups/list'), 'BackupsPage'),
})
const schedules = createRoute({
  getParentRoute: () => server,
  path: '/schedules',
  staticData: { title: s.server.tabs.schedules },
  component: lazyRouteComponent(() => import('~/pages/servers/schedules/list'), 'SchedulesPage'),
})
const newSchedule = createRoute({
  getParentRoute: () => server,
  path: '/schedules/new',
  staticData: { title: s.schedule.new },
  validateSearch: (search: Record<string, unknown>): { start?: ScheduleStart; copy?: string } => {
    const start = SCHEDULE_STARTS.find((known) => known === search.start)
    return { ...(start && { start }), ...(typeof search.copy === 'string' && { copy: search.copy }) }
  },
  component: lazyRouteComponent(() => import('~/forms/schedule/pages'), 'NewSchedulePage'),
})
const schedule = createRoute({
  getParentRoute: () => server,
  path: '/schedules/$scheduleId',
  staticData: { title: s.schedule.one },
  component: lazyRouteComponent(() => import('~/pages/servers/schedules/one'), 'SchedulePage'),
})
const editSchedule = createRoute({
  getParentRoute: () => server,
  path: '/schedules/$scheduleId/edit',
  staticData: { title: s.schedule.edit },
  component: lazyRouteComponent(() => import('~/forms/schedule/pages'), 'EditSchedulePage'),
})
const settings = createRoute({
  getParentRoute: () => server,
  path: '/settings',
  staticData: { title: s.server.tabs.settings },
  loader: ({ context, params }) => void context.queries.prefetchQuery(variablesQuery(params.serverId)),
  component: lazyRouteComponent(() => import('~/pages/servers/settings'), 'SettingsPage'),
})
const allocations = createRoute({
  getParentRoute: () => server,
  path: '/allocations',
  staticData: { title: s.server.tabs.allocations },
  loader: ({ context, params }) => void context.queries.prefetchQuery(serverAllocationsQuery(params.serverId)),
  component: lazyRouteComponent(() => import('~/pages/servers/allocations'), 'AllocationsPage'),
})
const members = createRoute({
  getParentRoute: () => server,
  path: '/members',
  staticData: { title: s.server.tabs.members },
  loader: ({ context, params }) => void context.queries.prefetchQuery(membersQuery(params.serverId)),
  component: lazyRouteComponent(() => import('~/pages/servers/members'), 'MembersPage'),
})
const activity = createRoute({
  getParentRoute: () => server,
  path: '/activity',
  staticData: { title: s.server.tabs.activity },
  loader: ({ context, params }) => {
    void context.queries.prefetchInfiniteQuery(activityQuery(params.serverId))
    void context.queries.prefetchQuery(operationsQuery(params.serverId))
  },
  component: lazyRouteComponent(() => import('~/pages/servers/activity'), 'ActivityPage'),
})

const account = createRoute({
  getParentRoute: () => app,
  path: '/account',
  staticData: { title: s.account.title },
  loader: ({ context }) => {
    void context.queries.prefetchQuery(sshKeysQuery)
    void context.queries.prefetchQuery(appPasswordsQuery)
  },
  component: lazyRouteComponent(() => import('~/pages/account/account'), 'AccountPage'),
})

const admin = createRoute({
  getParentRoute: () => app,
  path: '/admin',
  beforeLoad: ({ context }) => {
    if (!context.session.user.administrator) throw new ApiError({ code: 'forbidden', status: 403, title: s.problems.forbidden, detail: s.problems.administratorsOnly, remedy: '' })
  },
  errorComponent: PageError,
})
const nodes = createRoute({
  getParentRoute: () => admin,
  path: '/nodes',
  staticData: { title: s.nodes.title },
  loader: ({ context }) => void context.queries.prefetchQuery(nodesQuery),
  component: lazyRouteComponent(() => import('~/pages/nodes/list'), 'NodesPage'),
})
const node = createRoute({
  getParentRoute: () => admin,
  path: '/nodes/$nodeId',
  loader: async ({ context, params }) => {
    await context.queries.ensureQueryData(nodeQuery(params.nodeId))
  },
  component: lazyRouteComponent(() => import('~/pages/nodes/layout'), 'NodeLayout'),
  errorComponent: PageError,
})
const nodeOverview = createRoute({
  getParentRoute: () => node,
  path: '/',
  staticData: { title: s.nodes.tabs.overview },
  validateSearch: rangeIn,
  component: lazyRouteComponent(() => import('~/pages/nodes/overview'), 'NodeOverviewPage'),
})
const nodeSystem = createRoute({
  getParentRoute: () => node,
  path: '/system',
  staticData: { title: s.nodes.tabs.system },
  component: lazyRouteComponent(() => import('~/pages/nodes/system'), 'NodeSystemPage'),
})
const nodeAllocations = createRoute({
  getParentRoute: () => node,
  path: '/allocations',
  staticData: { title: s.nodes.tabs.allocations },
  loader: ({ context, params }) => void context.queries.prefetchInfiniteQuery(nodeAllocationsQuery(params.nodeId)),
  component: lazyRouteComponent(() => import('~/pages/nodes/allocations'), 'NodeAllocationsPage'),
})
const locations = createRoute({
  getParentRoute: () => admin,
  path: '/locations',
  staticData: { title: s.locations.title },
  loader: ({ context }) => void context.queries.prefetchQuery(locationsQuery),
  component: lazyRouteComponent(() => import('~/pages/locations/list'), 'LocationsPage'),
})
const plugins = createRoute({
  getParentRoute: () => admin,
  path: '/plugins',
  staticData: { title: s.nav.plugins },
  loader: ({ context }) => void context.queries.prefetchQuery(pluginsQuery),
  component: lazyRouteComponent(() => import('~/pages/plugins/list'), 'PluginsPage'),
})
const trust = createRoute({
  getParentRoute: () => admin,
  path: '/plugins/trust',
  staticData: { title: s.nav.trust },
  component: lazyRouteComponent(() => import('~/pages/plugins/trust/page'), 'TrustPage'),
})
const people = createRoute({
  getParentRoute: () => admin,
  path: '/people',
  staticData: { title: s.people.title },
  loader: ({ context }) => void context.queries.prefetchInfiniteQuery(usersQuery),
  component: lazyRouteComponent(() => import('~/pages/people/list'), 'PeoplePage'),
})
const audit = createRoute({
  getParentRoute: () => admin,
  path: '/audit',
  staticData: { title: s.audit.title },
  loader: ({ context }) => void context.queries.prefetchInfiniteQuery(auditQuery),
  component: lazyRouteComponent(() => import('~/pages/audit/list'), 'AuditPage'),
})

export const routeTree = root.addChildren([
  setup,
  signIn,
  app.addChildren([
    home,
    servers,
    newServer,
    server.addChildren([serverHome, serverConsole, overview, players, page, files, config, backups, schedules, newSchedule, schedule, editSchedule, settings, allocations, members, activity]),
    account,
    admin.addChildren([nodes, node.addChildren([nodeOverview, nodeSystem, nodeAllocations]), locations, plugins, trust, people, audit]),
  ]),
])
