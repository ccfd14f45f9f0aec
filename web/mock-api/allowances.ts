/** What accounts may use: nobody is bounded but in the scene of that name and where somebody sets it. */
import type { Allowance, AllowanceView } from '../src/api/types'
import { servers, users } from './data'

const bounds = new Map<string, Allowance>()

export const tighten = (): void => void bounds.set(users[0]?.id ?? '', { servers: 6, memoryMib: 16_384, diskMib: null, cpuPercent: 1_000 })

/** Nobody has anything left. */
export const exhaust = (): void => users.forEach((user) => bounds.set(user.id, { servers: 0, memoryMib: null, diskMib: null, cpuPercent: null }))

export function of(user: string): AllowanceView {
  const own = servers.filter((server) => server.owner.id === user)
  const sum = (key: 'memoryMib' | 'diskMib' | 'cpuPercent') => own.reduce((all, server) => all + server.limits[key], 0)
  const used = { servers: own.length, memoryMib: sum('memoryMib'), diskMib: sum('diskMib'), cpuPercent: sum('cpuPercent') }
  const limits = bounds.get(user) ?? { servers: null, memoryMib: null, diskMib: null, cpuPercent: null }
  const left = (key: keyof Allowance) => (typeof limits[key] === 'number' ? Math.max(0, limits[key] - used[key]) : null)
  return { limits, used, left: { servers: left('servers'), memoryMib: left('memoryMib'), diskMib: left('diskMib'), cpuPercent: left('cpuPercent') } }
}

export function set(user: string, body: Record<string, unknown>): AllowanceView {
  bounds.set(user, body as Allowance)
  return of(user)
}
