/** Where one can go. The rail and the palette are drawn from this list. */
import { Blocks, MapPin, ScrollText, Server, Users, Waypoints, type LucideIcon } from 'lucide-react'
import type { CurrentSession } from '~/api/types'
import { to } from '~/routes/to'
import { s } from '~/strings'

export type Place = { id: string; label: string; icon: LucideIcon; link: ReturnType<(typeof to)['servers' | 'nodes' | 'locations' | 'plugins' | 'people' | 'audit']>; administrators: boolean }

const PLACES: Place[] = [
  { id: 'servers', label: s.nav.servers, icon: Server, link: to.servers(), administrators: false },
  { id: 'nodes', label: s.nav.nodes, icon: Waypoints, link: to.nodes(), administrators: true },
  { id: 'locations', label: s.nav.locations, icon: MapPin, link: to.locations(), administrators: true },
  { id: 'plugins', label: s.nav.plugins, icon: Blocks, link: to.plugins(), administrators: true },
  { id: 'people', label: s.nav.people, icon: Users, link: to.people(), administrators: true },
  { id: 'audit', label: s.nav.audit, icon: ScrollText, link: to.audit(), administrators: true },
]

export const placesFor = (session: CurrentSession): Place[] => PLACES.filter((place) => session.user.administrator || !place.administrators)

export const mayCreateServers = (session: CurrentSession): boolean => session.user.role !== 'limited'
