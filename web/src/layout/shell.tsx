/** The frame of every signed-in page. */
import { Outlet } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useState } from 'react'
import { useLive, useSession } from '~/actions/context'
import { s } from '~/strings'
import { Toasts } from '~/ui/toast'
import { RouteAnnouncer } from './announcer'
import { Rail } from './rail'
import { Topbar } from './topbar'
import { Tray } from './tray'

const KEY = 'gantry.rail'
/** What is typed before the palette stands; none once it does. */
let early: string | null = null
const typedEarly = { text: () => early ?? '', end: () => void (early = null) }
const fetchPalette = () => import('./palette')
const fetchSheet = () => import('./rail-sheet')
const Palette = lazy(() => fetchPalette().then((module) => ({ default: module.Palette })))
const RailSheet = lazy(() => fetchSheet().then((module) => ({ default: module.RailSheet })))

/** What the first page does without is fetched once it stands, so that a key or a tap finds it there. */
function usePrefetch(): void {
  useEffect(() => {
    const fetchAll = () => void Promise.allSettled([fetchPalette(), fetchSheet(), import('./account-menu-items')])
    if (!('requestIdleCallback' in globalThis)) {
      const timer = setTimeout(fetchAll, 2_000)
      return () => clearTimeout(timer)
    }
    const idle = requestIdleCallback(fetchAll, { timeout: 5_000 })
    return () => cancelIdleCallback(idle)
  }, [])
}

const wasCollapsed = () => {
  try {
    return localStorage.getItem(KEY) === 'collapsed'
  } catch {
    return false
  }
}

function useCollapsed(): [boolean, () => void] {
  const [collapsed, setCollapsed] = useState(wasCollapsed)
  const toggle = () => {
    setCollapsed(!collapsed)
    try {
      localStorage.setItem(KEY, collapsed ? 'open' : 'collapsed')
    } catch {
      // Storage may be forbidden; the choice holds for this page.
    }
  }
  return [collapsed, toggle]
}

function useFollowing(): void {
  const live = useLive()
  const { administrator } = useSession().user
  useEffect(() => {
    const stops = ['servers', 'operations', ...(administrator ? ['nodes'] : [])].map((topic) => live.follow(topic))
    return () => stops.forEach((stop) => stop())
  }, [live, administrator])
}

export function Shell() {
  const [collapsed, toggle] = useCollapsed()
  const [sheet, setSheet] = useState(false)
  const [palette, setPalette] = useState(false)
  useFollowing()
  usePrefetch()

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (early !== null) {
        event.preventDefault()
        if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) early += event.key
      }
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setPalette((open) => {
          early = open ? null : ''
          // It may never come, and keys are somebody else's then.
          setTimeout(typedEarly.end, 3_000)
          return !open
        })
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  return (
    <div className="flex h-full">
      <a href="#main" className="sr-only z-60 rounded-md bg-accent-fill px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2">
        {s.nav.skip}
      </a>
      <div className={`isolate hidden shrink-0 border-r border-line bg-surface transition-[width] md:block ${collapsed ? 'w-14' : 'w-56'}`}>
        <Rail collapsed={collapsed} onToggle={toggle} />
      </div>
      <div className="flex min-w-0 flex-1 flex-col">
        <Topbar onMenu={() => setSheet(true)} onPalette={() => setPalette(true)} />
        <main id="main" data-scroller tabIndex={-1} className="relative isolate min-h-0 flex-1 overflow-y-auto outline-none has-data-pick-bar:scroll-pb-18">
          <Outlet />
        </main>
      </div>
      <aside aria-label={s.common.notifications} className="pointer-events-none fixed right-3 bottom-3 left-3 z-40 flex flex-col items-stretch gap-2 sm:left-auto sm:w-84">
        <Tray />
        <Toasts />
      </aside>
      <Suspense fallback={null}>
        {sheet && <RailSheet onClose={() => setSheet(false)} />}
        {palette && <Palette early={typedEarly} onClose={() => setPalette(false)} />}
      </Suspense>
      <RouteAnnouncer />
    </div>
  )
}
