/** The left rail: places to go. Collapsed it keeps its icons; on phones it is a sheet. */
import { Link } from '@tanstack/react-router'
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react'
import { useSession } from '~/actions/context'
import { placesFor, type Place } from '~/actions/navigation'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { IconButton } from '~/ui/button'
import { cn } from '~/ui/cn'
import { Logo } from '~/ui/logo'
import { Tooltip } from '~/ui/tooltip'

type RailProps = { collapsed: boolean; onToggle?: () => void; onGo?: () => void }

function PlaceLink({ place, collapsed, onGo }: { place: Place; collapsed: boolean; onGo: (() => void) | undefined }) {
  const link = (
    <Link
      {...place.link}
      onClick={() => onGo?.()}
      aria-label={collapsed ? place.label : undefined}
      className={cn('flex h-9 items-center gap-2.5 rounded-md px-2.5 text-sm text-dim transition-colors hover:bg-hover hover:text-text md:h-8', collapsed && 'justify-center px-0')}
      activeProps={{ className: 'bg-hover font-medium !text-text' }}
    >
      <place.icon aria-hidden className="size-4 shrink-0" />
      {!collapsed && place.label}
    </Link>
  )
  return <li>{collapsed ? <Tooltip content={place.label} side="right">{link}</Tooltip> : link}</li>
}

export function Rail({ collapsed, onToggle, onGo }: RailProps) {
  const places = placesFor(useSession())
  const everyone = places.filter((place) => !place.administrators)
  const administrators = places.filter((place) => place.administrators)
  return (
    <nav aria-label={s.nav.label} className="flex h-full flex-col">
      <div className={cn('flex h-12 shrink-0 items-center', collapsed ? 'justify-center' : 'px-4')}>
        <Link {...to.servers()} onClick={() => onGo?.()} className="flex items-center gap-2.5 rounded-md font-semibold tracking-tight" aria-label={s.app}>
          <Logo className="size-5" />
          {!collapsed && s.app}
        </Link>
      </div>
      <div className="flex-1 overflow-y-auto px-2 pt-2">
        <ul className="space-y-0.5">
          {everyone.map((place) => (
            <PlaceLink key={place.id} place={place} collapsed={collapsed} onGo={onGo} />
          ))}
        </ul>
        {administrators.length > 0 && (
          <>
            {collapsed ? <hr className="mx-2 my-3 border-line" /> : <h2 className="px-2.5 pt-5 pb-1.5 text-xs font-medium text-dim">{s.nav.administration}</h2>}
            <ul className="space-y-0.5">
              {administrators.map((place) => (
                <PlaceLink key={place.id} place={place} collapsed={collapsed} onGo={onGo} />
              ))}
            </ul>
          </>
        )}
      </div>
      {onToggle && (
        <div className={cn('flex p-2', collapsed ? 'justify-center' : 'justify-end')}>
          <IconButton label={collapsed ? s.nav.expand : s.nav.collapse} aria-expanded={!collapsed} onClick={onToggle}>
            {collapsed ? <PanelLeftOpen aria-hidden /> : <PanelLeftClose aria-hidden />}
          </IconButton>
        </div>
      )}
    </nav>
  )
}
