/**
 * A change of page without a page load is silent to a screen reader and leaves the focus behind. So the window's title
 * changes, the page is announced, and the focus goes to its `h1` — but not between the tabs of one server or node, where
 * the focus belongs on the tab that was chosen, and not from where somebody has gone by themselves meanwhile.
 */
import { useQueryClient } from '@tanstack/react-query'
import { useMatches, useRouter } from '@tanstack/react-router'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { keys, scheduleKey, tabsKey } from '~/api/queries'
import type { NodeView, ScheduleView, ServerView, TabsView } from '~/api/types'
import { s } from '~/strings'

/** Whose page it is: many windows of one panel differ by nothing else. */
export function useNameOf({ serverId, nodeId }: { serverId?: string; nodeId?: string }): string {
  const queries = useQueryClient()
  const key = serverId ? keys.server(serverId) : nodeId ? [...keys.nodes, nodeId] : null
  return useSyncExternalStore(
    (changed) => queries.getQueryCache().subscribe(changed),
    () => (key ? (queries.getQueryData<ServerView | NodeView>(key)?.name ?? '') : ''),
  )
}

const OF_SCHEDULE = '/servers/$serverId/schedules/$scheduleId'

/** What the page is called; one that a game's plugin fills, as its tab is, and that of a schedule, as that is. */
export function useTitle(): string {
  const queries = useQueryClient()
  const match = useMatches({ select: (matches) => matches.at(-1) })
  const { serverId = '', page, scheduleId = '' } = (match?.params ?? {}) as { serverId?: string; page?: string; scheduleId?: string }
  const own = useSyncExternalStore(
    (changed) => queries.getQueryCache().subscribe(changed),
    () => (match?.fullPath === OF_SCHEDULE ? queries.getQueryData<ScheduleView>(scheduleKey(serverId, scheduleId))?.name : page === undefined ? undefined : queries.getQueriesData<TabsView>({ queryKey: tabsKey(serverId) }).flatMap(([, tabs]) => tabs?.items ?? []).find(({ id }) => id === page)?.title),
  )
  return own ?? match?.staticData.title ?? ''
}

export function RouteAnnouncer() {
  const match = useMatches({ select: (matches) => matches.at(-1) })
  const title = useTitle()
  const params = (match?.params ?? {}) as { serverId?: string; nodeId?: string }
  const name = useNameOf(params)
  const page = params.serverId ?? params.nodeId ?? match?.pathname ?? ''
  const seen = useRef(page)
  const [announced, setAnnounced] = useState('')
  const router = useRouter()
  const left = useRef<Element | null>(null)

  useEffect(() => router.subscribe('onBeforeNavigate', () => (left.current = document.activeElement)), [router])
  useEffect(() => {
    document.title = s.title(title, name)
  }, [title, name])
  useEffect(() => {
    const timer = setTimeout(() => {
      setAnnounced(title)
      if (seen.current === page) return
      seen.current = page
      const heading = document.querySelector<HTMLElement>('main h1')
      if (!heading || document.querySelector('[role="dialog"]')) return
      // Pages come late on slow machines, and a focus that is taken back types into the wrong place.
      if (left.current?.isConnected && document.activeElement !== left.current && document.activeElement !== document.body) return
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
    }, 60)
    return () => clearTimeout(timer)
  }, [page, title])

  return (
    <div aria-live="polite" className="sr-only">
      {announced}
    </div>
  )
}
