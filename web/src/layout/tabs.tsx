/** The tabs of a thing's page: each is an address of its own. */
import { Link, useLocation, type LinkProps } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { cn } from '~/ui/cn'

/**
 * Labels may be a plugin's, and then be the same twice: `id` tells them apart. `reach` is which addresses are the tab's: its own, or
 * those beneath it too.
 */
export type Tab = { label: string; link: LinkProps; id?: string; reach?: 'own' | 'beneath' }

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const nav = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // On a phone the row of tabs is wider than the screen, and the one that is open may lie beyond its edge.
  useEffect(() => {
    nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname, tabs.length])
  const more = useMore(nav)
  return (
    <div className="relative -mb-px">
      <nav ref={nav} aria-label={label} className={cn('flex gap-1 overflow-x-auto px-1 fade-ends [scrollbar-width:none] sm:px-4', more.start && 'fade-start', more.end && 'fade-end')}>
        {tabs.map((tab) => (
          <Link
            key={tab.id ?? tab.label}
            {...tab.link}
            activeOptions={{ exact: tab.reach !== 'beneath', includeSearch: false }}
            className="flex h-9 shrink-0 items-center border-b-2 border-transparent px-2.5 text-sm text-dim -outline-offset-2 transition-colors hover:text-text"
            activeProps={{ className: '!border-accent font-medium !text-text' }}
          >
            {tab.label}
          </Link>
        ))}
      </nav>
      {more.start && <Further end="start" row={nav} />}
      {more.end && <Further end="end" row={nav} />}
    </div>
  )
}

/** Says that tabs lie beyond this end, and brings them in. Keys reach every tab without it, and so do the tools of the blind. */
function Further({ end, row }: { end: 'start' | 'end'; row: RefObject<HTMLElement | null> }) {
  const Arrow = end === 'start' ? ChevronLeft : ChevronRight
  const move = () => {
    const { current } = row
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    current?.scrollBy({ left: (end === 'start' ? -0.6 : 0.6) * current.clientWidth, behavior: still ? 'instant' : 'smooth' })
  }
  return (
    <button type="button" aria-hidden tabIndex={-1} data-further={end} onClick={move} className={cn('absolute inset-y-0 grid w-9 place-items-center text-dim hover:text-text', end === 'start' ? 'left-0' : 'right-0')}>
      <Arrow className="size-4" />
    </button>
  )
}

/** Which ends have more beyond them. */
function useMore(row: RefObject<HTMLElement | null>): { start: boolean; end: boolean } {
  const [more, setMore] = useState({ start: false, end: false })
  useEffect(() => {
    const element = row.current
    if (!element) return
    const measure = () => {
      const { scrollLeft, scrollWidth, clientWidth } = element
      const now = { start: scrollLeft > 1, end: scrollLeft + clientWidth < scrollWidth - 1 }
      setMore((known) => (known.start === now.start && known.end === now.end ? known : now))
    }
    const resize = new ResizeObserver(measure)
    for (const one of [element, ...element.children]) resize.observe(one)
    element.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      resize.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [row])
  return more
}
