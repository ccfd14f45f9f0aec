/**
 * A change of page without a page load is silent to a screen reader and leaves the focus behind. So the window's title
 * changes, the page is announced, and the focus goes to its `h1` — but not between the tabs of one server, where the
 * focus belongs on the tab that was chosen.
 */
import { useMatches } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { s } from '~/strings'

export function RouteAnnouncer() {
  const match = useMatches({ select: (matches) => matches.at(-1) })
  const title = match?.staticData.title ?? ''
  const { serverId } = (match?.params ?? {}) as { serverId?: string }
  const page = serverId ?? match?.pathname ?? ''
  const seen = useRef(page)
  const [announced, setAnnounced] = useState('')

  useEffect(() => {
    document.title = s.title(title)
    const timer = setTimeout(() => {
      setAnnounced(title)
      if (seen.current === page) return
      seen.current = page
      const heading = document.querySelector<HTMLElement>('main h1')
      if (!heading || document.querySelector('[role="dialog"]')) return
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
