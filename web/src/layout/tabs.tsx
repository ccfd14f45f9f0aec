/** The tabs of a thing's page: each is an address of its own. */
import { Link, useLocation, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef, type RefObject } from 'react'

export type Tab = { label: string; link: LinkProps }

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const nav = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // On a phone the row of tabs is wider than the screen, and the one that is open may lie beyond its edge.
  useEffect(() => {
    nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname, tabs.length])
  useFades(nav)
  return (
    <nav ref={nav} aria-label={label} className="-mb-px flex gap-1 overflow-x-auto px-1 fade-ends [scrollbar-width:none] sm:px-4">
      {tabs.map((tab) => (
        <Link
          key={tab.label}
          {...tab.link}
          activeOptions={{ exact: true, includeSearch: false }}
          className="flex h-9 shrink-0 items-center border-b-2 border-transparent px-2.5 text-sm text-dim -outline-offset-2 transition-colors hover:text-text"
          activeProps={{ className: '!border-accent font-medium !text-text' }}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  )
}

/** An end fades where there is more beyond it. */
function useFades(row: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = row.current
    if (!element) return
    const measure = () => {
      const { scrollLeft, scrollWidth, clientWidth } = element
      element.style.setProperty('--fade-start', scrollLeft > 1 ? '2.5rem' : '0px')
      element.style.setProperty('--fade-end', scrollLeft + clientWidth < scrollWidth - 1 ? '2.5rem' : '0px')
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
}
