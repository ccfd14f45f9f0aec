/** Every address inside the panel, built in one place. */
import { linkOptions } from '@tanstack/react-router'

/** What a new schedule can begin with. */
export const SCHEDULE_STARTS = ['restart', 'say', 'save', 'backup'] as const
export type ScheduleStart = (typeof SCHEDULE_STARTS)[number]

export const to = {
  setup: () => linkOptions({ to: '/setup' }),
  signIn: () => linkOptions({ to: '/sign-in' }),
  servers: () => linkOptions({ to: '/servers' }),
  newServer: (blueprint?: string) => linkOptions({ to: '/servers/new', search: blueprint ? { blueprint } : {} }),
  server: (serverId: string) => linkOptions({ to: '/servers/$serverId/console', params: { serverId } }),
  overview: (serverId: string) => linkOptions({ to: '/servers/$serverId/overview', params: { serverId } }),
  players: (serverId: string) => linkOptions({ to: '/servers/$serverId/players', params: { serverId } }),
  files: (serverId: string, path = '', edit?: string) => linkOptions({ to: '/servers/$serverId/files', params: { serverId }, search: { ...(path && { path }), ...(edit && { edit }) } }),
  config: (serverId: string, file?: string) => linkOptions({ to: '/servers/$serverId/config', params: { serverId }, search: file ? { file } : {} }),
  page: (serverId: string, page: string) => linkOptions({ to: '/servers/$serverId/pages/$page', params: { serverId, page } }),
  backups: (serverId: string) => linkOptions({ to: '/servers/$serverId/backups', params: { serverId } }),
  schedules: (serverId: string) => linkOptions({ to: '/servers/$serverId/schedules', params: { serverId } }),
  newSchedule: (serverId: string, from: { start?: ScheduleStart; copy?: string } = {}) => linkOptions({ to: '/servers/$serverId/schedules/new', params: { serverId }, search: from }),
  schedule: (serverId: string, scheduleId: string) => linkOptions({ to: '/servers/$serverId/schedules/$scheduleId', params: { serverId, scheduleId } }),
  editSchedule: (serverId: string, scheduleId: string) => linkOptions({ to: '/servers/$serverId/schedules/$scheduleId/edit', params: { serverId, scheduleId } }),
  settings: (serverId: string) => linkOptions({ to: '/servers/$serverId/settings', params: { serverId } }),
  allocations: (serverId: string) => linkOptions({ to: '/servers/$serverId/allocations', params: { serverId } }),
  members: (serverId: string) => linkOptions({ to: '/servers/$serverId/members', params: { serverId } }),
  activity: (serverId: string) => linkOptions({ to: '/servers/$serverId/activity', params: { serverId } }),
  account: () => linkOptions({ to: '/account' }),
  nodes: () => linkOptions({ to: '/admin/nodes' }),
  node: (nodeId: string) => linkOptions({ to: '/admin/nodes/$nodeId', params: { nodeId } }),
  nodeSystem: (nodeId: string) => linkOptions({ to: '/admin/nodes/$nodeId/system', params: { nodeId } }),
  nodeAllocations: (nodeId: string) => linkOptions({ to: '/admin/nodes/$nodeId/allocations', params: { nodeId } }),
  locations: () => linkOptions({ to: '/admin/locations' }),
  plugins: () => linkOptions({ to: '/admin/plugins' }),
  trust: () => linkOptions({ to: '/admin/plugins/trust' }),
  people: () => linkOptions({ to: '/admin/people' }),
  audit: () => linkOptions({ to: '/admin/audit' }),
}
