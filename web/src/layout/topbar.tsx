/** Where one is, the way to anywhere, and whether it is live. */
import { Link, useMatches } from '@tanstack/react-router'
import { ChevronRight, Menu as MenuIcon, Search } from 'lucide-react'
import { Fragment, type ReactNode } from 'react'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { IconButton } from '~/ui/button'
import { AccountMenu } from './account-menu'
import { useNameOf, useTitle } from './announcer'
import { LinkIndicator } from './link-indicator'

const crumbStyle = 'truncate rounded-sm text-dim hover:text-text'

function useCrumbs(): { id: string; node: ReactNode }[] {
  const matches = useMatches()
  const last = matches.at(-1)
  const { serverId, nodeId } = (last?.params ?? {}) as { serverId?: string; nodeId?: string }
  const name = useNameOf({ ...(serverId && { serverId }), ...(nodeId && { nodeId }) })
  const title = useTitle()
  if (!last) return []
  if (serverId) {
    return [
      { id: 'servers', node: <Link {...to.servers()} className={crumbStyle}>{s.servers.title}</Link> },
      ...(name ? [{ id: 'server', node: <Link {...to.server(serverId)} className={crumbStyle}>{name}</Link> }] : []),
      ...(last.fullPath.startsWith('/servers/$serverId/schedules/') ? [{ id: 'list', node: <Link {...to.schedules(serverId)} className={crumbStyle}>{s.server.tabs.schedules}</Link> }] : []),
      { id: 'tab', node: title },
    ]
  }
  if (nodeId) {
    return [
      { id: 'nodes', node: <Link {...to.nodes()} className={crumbStyle}>{s.nodes.title}</Link> },
      ...(name ? [{ id: 'node', node: <Link {...to.node(nodeId)} className={crumbStyle}>{name}</Link> }] : []),
      { id: 'tab', node: title },
    ]
  }
  if (last.fullPath === '/servers/new') return [{ id: 'servers', node: <Link {...to.servers()} className={crumbStyle}>{s.servers.title}</Link> }, { id: 'new', node: title }]
  if (last.fullPath === '/admin/plugins/trust') return [{ id: 'plugins', node: <Link {...to.plugins()} className={crumbStyle}>{s.nav.plugins}</Link> }, { id: 'page', node: title }]
  return [{ id: 'page', node: title }]
}

function Breadcrumb() {
  const crumbs = useCrumbs()
  return (
    <nav aria-label={s.nav.breadcrumb} className="min-w-0 flex-1">
      <ol className="flex min-w-0 items-center gap-1.5 text-sm">
        {crumbs.map((crumb, index) => (
          <Fragment key={crumb.id}>
            {index > 0 && <ChevronRight aria-hidden className={`size-3.5 shrink-0 text-dim ${index < crumbs.length - 1 ? 'max-sm:hidden' : ''}`} />}
            <li
              className={index === crumbs.length - 1 ? 'max-w-3/4 shrink-0 truncate font-medium' : index < crumbs.length - 2 ? 'shrink-0 max-sm:hidden' : 'min-w-0 truncate'}
              aria-current={index === crumbs.length - 1 ? 'page' : undefined}
            >
              {crumb.node}
            </li>
          </Fragment>
        ))}
      </ol>
    </nav>
  )
}

export const isMac = typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.userAgent)

export function Topbar({ onMenu, onPalette }: { onMenu: () => void; onPalette: () => void }) {
  return (
    <header className="isolate flex h-12 shrink-0 items-center gap-2 border-b border-line bg-background px-3 sm:px-4">
      <IconButton label={s.nav.open} className="-ml-1 md:hidden" onClick={onMenu}>
        <MenuIcon aria-hidden />
      </IconButton>
      <Breadcrumb />
      <button
        type="button"
        onClick={onPalette}
        aria-keyshortcuts="Control+K"
        className="flex h-8 items-center gap-2 rounded-md text-sm text-dim transition-colors hover:text-text max-sm:px-2 sm:w-56 sm:border sm:border-line sm:bg-surface sm:px-2.5 sm:hover:border-line-strong"
      >
        <Search aria-hidden className="size-4" />
        <span className="flex-1 text-left max-sm:sr-only">
          {s.palette.short}
          <span className="sr-only"> {s.palette.rest}</span>
        </span>
        <kbd aria-hidden className="rounded-sm border border-line px-1 font-mono text-2xs max-sm:hidden">{isMac ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <LinkIndicator />
      <AccountMenu />
    </header>
  )
}
