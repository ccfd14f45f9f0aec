/** A plugin that listens, as the mock knows it: set or not, with events that were told, wait, and were given up. */
import type { PluginView, Schemas } from '../src/api/types'
import { plugins } from './data'

type Call = { params: string[]; body: Record<string, unknown> }
type Handler = (call: Call) => unknown

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
const ID = '01890000-0000-7000-8000-0000000000d1'

const variable = (key: string, label: string, kind: Schemas['Variable']['kind'], help = '', defaultValue: string | null = null): Schemas['VariableView'] => ({
  variable: { key, label, help, group: 'General', kind, defaultValue, required: key === 'webhook', viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: false },
  value: defaultValue, isSet: defaultValue !== null && defaultValue !== '', editable: true, reason: null, needsRestart: false,
})
const items = [
  variable('webhook', 'Webhook URL', { type: 'secret', minLength: 1, maxLength: 300, pattern: 'https://discord\\.com/api/webhooks/.+', patternHelp: 'It begins with https://discord.com/api/webhooks/.' }, 'In Discord: the channel’s settings, Integrations, Webhooks, New webhook, Copy webhook URL.'),
  variable('name', 'Name', { type: 'text', minLength: 0, maxLength: 80, pattern: null, patternHelp: null }, 'Under which messages appear; the webhook’s own where this is empty.', ''),
  variable('crashes', 'Crashes and what fails', { type: 'boolean' }, '', 'true'),
  variable('players', 'Players who join and leave', { type: 'boolean' }, '', 'false'),
]

let deliveries: Schemas['DeliveriesView'] = { waiting: 0, givenUp: 0, lastToldAt: null, items: [] }
const settings = (): Schemas['PluginSettingsView'] => ({ items, missing: items[0]?.isSet ? [] : ['Webhook URL'], wants: ['server.*', 'operation.*', 'player.*'] })
const told = (number: number, state: Schemas['DeliveryView']['state'], summary: string, kind: string, more: Partial<Schemas['DeliveryView']> = {}): Schemas['DeliveryView'] => ({
  eventId: `01890000-0000-7000-8000-00000000${String(1000 + number)}`, kind, at: ago(number), summary, state, attempts: 1, reason: null, dueAt: null, endedAt: state === 'waiting' ? null : ago(number), ...more,
})

export const handlers: [string, string, Handler][] = [
  ['GET', '/api/plugins/:/settings', () => settings()],
  ['PATCH', '/api/plugins/:/settings', ({ body }) => {
    for (const [key, value] of Object.entries(body.values as Record<string, string | null>)) {
      const item = items.find((one) => one.variable.key === key)
      if (item) Object.assign(item, { isSet: value !== null, value: item.variable.kind.type === 'secret' ? null : (value ?? item.variable.defaultValue) })
    }
    return settings()
  }],
  ['GET', '/api/plugins/:/deliveries', () => deliveries],
  ['POST', '/api/plugins/:/deliveries/test', () => {
    deliveries = { ...deliveries, lastToldAt: ago(0), items: [told(0, 'told', 'This is a test.', 'gantry.test'), ...deliveries.items] }
    return deliveries
  }],
  ['POST', '/api/plugins/:/deliveries/retry', () => {
    deliveries = { ...deliveries, waiting: 0, givenUp: 0, items: deliveries.items.map((one) => ({ ...one, state: 'told', reason: null, dueAt: null })) }
    return deliveries
  }],
]

/** A notifier beside the games, with a history or without. */
export function scene(name: 'listens' | 'told'): void {
  const model = plugins[0]
  if (!model || plugins.some((one) => one.id === ID)) return
  const notifier: PluginView = {
    ...model, id: ID, manifestId: 'discord', name: 'Discord notifier', version: '1.0.0', author: 'A. Stranger', bundled: false, serverCount: 0, blueprints: [], hasGames: false, listens: ['server.*', 'operation.*', 'player.*'],
    description: 'Tells a Discord channel when servers start, stop, crash or fail, and who joins them.', waiting: null, givenUp: null, disabledAt: null, origin: null,
    capabilities: [{ name: 'http', reason: 'Sends messages to the webhook of your channel.', granted: true, hosts: ['discord.com', 'discordapp.com'], names: [], quotaKib: null }],
  }
  plugins.push(notifier)
  if (name === 'listens') return
  if (items[0]) items[0].isSet = true
  deliveries = {
    waiting: 1, givenUp: 1, lastToldAt: ago(3),
    items: [
      told(1, 'waiting', 'Friday night crashed: exit code 1, restarting in 10 s.', 'server.crashed', { attempts: 2, reason: 'Discord cannot answer at the moment (status 503).', dueAt: ago(-1) }),
      told(90, 'given_up', 'Hilltop village: installing failed: no route to host.', 'operation.failed', { attempts: 8, reason: 'Discord does not know this webhook any more. Make another in the channel’s settings, and enter its URL.' }),
      told(3, 'told', 'Friday night is running.', 'server.started'),
      told(4, 'told', 'Friday night was created.', 'server.created'),
    ],
  }
}
