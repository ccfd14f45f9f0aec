/** The tabs of a thing's page: each is an address of its own. */
import { Link, useLocation, type LinkProps } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'

export type Tab = { label: string; link: LinkProps }

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const nav = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // On a phone the row of tabs is wider than the screen, and the one that is open may lie beyond its edge.
  useEffect(() => {
    nav.current?.querySelector('[aria-current="page"]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname])
  return (
    <nav ref={nav} aria-label={label} className="-mb-px flex gap-1 overflow-x-auto px-1 [scrollbar-width:none] sm:px-4">
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
