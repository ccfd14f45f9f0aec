/** What the mock's plugins describe: a form for each game's own file, and a page of the match in the arena. */
import type { ConfigFieldView, ConfigFileView, ConfigFilesView, ServerView, TabContentView, TabsView, Variable } from '../src/api/types'

const base = { help: '', group: '', defaultValue: null, required: false, viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: true } as const
const text = (key: string, label: string, more: Partial<Variable> = {}): Variable => ({ ...base, key, label, kind: { type: 'text', minLength: 0, maxLength: 200, pattern: null, patternHelp: null }, ...more })
const number = (key: string, label: string, minimum: number, maximum: number, unit: string | null, more: Partial<Variable> = {}): Variable => ({ ...base, key, label, kind: { type: 'number', minimum, maximum, step: 1, unit }, ...more })
const yes = (key: string, label: string, more: Partial<Variable> = {}): Variable => ({ ...base, key, label, kind: { type: 'boolean' }, ...more })
const stands = (question: Variable, value: string | null, more: Partial<ConfigFieldView> = {}): ConfigFieldView => ({ question, value, isSet: value !== null, misfit: null, editable: true, reason: null, ...more })

/** `strange` holds what forms cannot, `stale` is written by somebody else before each save. */
export const scenes = { strange: false, stale: false, absent: false, mayWrite: true, none: false, blank: false }

const shutdown: Variable = { ...base, key: 'shutdown', label: 'When nobody plays', group: 'Advanced', defaultValue: 'stay', kind: { type: 'one_of', choices: [{ value: 'stay', label: 'Stay', help: null }, { value: 'sleep', label: 'Sleep', help: null }] } }
const items: ConfigFieldView[] = [
  stands(number('time_speed', 'Speed of time', 0, 1_440, null, { group: 'World', defaultValue: '72', help: '72 makes a day of twenty minutes, 0 stops the sun.' }), '72'),
  stands(text('static_spawnpoint', 'Where players begin', { group: 'World', help: 'Three numbers, such as 0,20,0. Empty leaves it to the game.' }), null),
  stands(number('active_block_range', 'Blocks that are alive around players', 1, 32, 'blocks', { group: 'World', defaultValue: '4', help: 'It costs processor more than anything else here.' }), '4'),
  stands(yes('disallow_empty_password', 'Only players with a password', { group: 'Players', defaultValue: 'false' }), 'true'),
  stands(number('chat_message_max_size', 'Longest chat message', 10, 65_535, 'characters', { group: 'Players', defaultValue: '500' }), null),
  stands({ ...base, key: 'secret', label: 'Key of the server list', group: 'Players', kind: { type: 'secret', minLength: 0, maxLength: 64, pattern: null, patternHelp: null } }, null, { isSet: true }),
  stands(shutdown, 'stay'),
  stands(yes('rollback', 'Record who did what', { group: 'Advanced', help: 'So that it can be undone.', editable: 'owners' }), 'false', { editable: false, reason: 'Only the server’s owner may change this.' }),
]

const strange = (item: ConfigFieldView): ConfigFieldView => {
  switch (item.question.key) {
    case 'time_speed':
      return { ...item, value: 'fast', misfit: 'The file has a value that does not fit. This is not a number.' }
    case 'static_spawnpoint':
      return { ...item, value: null, isSet: true, misfit: 'The file has lists or keys of their own here, which a form cannot show.', editable: false, reason: 'Change it in the file itself.' }
    case 'active_block_range':
      return { ...item, value: null, misfit: 'The file has several values here. Saving one sets all of them.' }
    case 'shutdown':
      return { ...item, value: 'hibernate', misfit: 'The file has a value that does not fit. This is not one of the choices.' }
    default:
      return item
  }
}

let version = 1
const file = { id: 'minetest-conf', title: 'minetest.conf', help: 'What else the game can be told. It reads this file when it starts, and takes its own default for what does not stand there.', path: 'minetest.conf' }
const bans = { id: 'bans', title: 'Bans', help: '', path: 'ipban.txt' }

const away = ({ node, observed }: ServerView) =>
  !node.connected ? { allowed: false, code: 'node_unreachable' as const, reason: 'The node is not connected, so its files cannot be reached.' }
  : observed.state === 'uninstalled' ? { allowed: false, code: 'not_installed' as const, reason: 'The game is not installed.' }
  : { allowed: true, code: null, reason: null }

export const filesOf = (server: ServerView): ConfigFilesView => ({ items: scenes.none ? [] : [{ ...file, ...away(server) }, { ...bans, ...away(server) }] })

export function fileOf(id: string): ConfigFileView {
  if (id === 'bans' || scenes.absent) return { ...(id === 'bans' ? bans : file), version: null, items: [] }
  const held = scenes.strange ? items.map(strange) : items
  const readOnly = held.map((item) => ({ ...item, editable: false, reason: 'You need the permission files.write.' }))
  return { ...file, version: String(version), items: scenes.mayWrite ? held : readOnly }
}

/** Null where the file is another by now. */
export function save(server: ServerView, body: Record<string, unknown>) {
  if (scenes.stale || body.version !== String(version)) {
    scenes.stale = false
    version += 1
    return null
  }
  for (const [key, value] of Object.entries(body.values as Record<string, string>)) {
    const item = items.find(({ question }) => question.key === key)
    if (item) Object.assign(item, { value: item.question.kind.type === 'secret' ? null : value, isSet: true, misfit: null })
  }
  version += 1
  return { version: String(version), needsRestart: server.observed.state === 'running' }
}

export const tabsOf = (server: ServerView): TabsView => ({ items: server.blueprint.id.startsWith('openarena') ? [{ id: 'match', title: 'Match', refreshMs: 5_000, ...away(server) }] : [] })

export function tabOf(server: ServerView): TabContentView {
  const players = server.sample?.game?.playerList ?? []
  const rows = [...players].sort((a, b) => (b.score ?? 0) - (a.score ?? 0)).map(({ name, score, pingMs }) => ({ cells: [name, String(score ?? '–'), `${String(pingMs ?? '–')} ms`], actions: [{ action: 'kick', label: 'Kick', form: [{ key: 'player', value: name }] }] }))
  const columns = [{ title: 'Name', alignment: 'start' as const }, { title: 'Score', alignment: 'end' as const }, { title: 'Ping', alignment: 'end' as const }]
  const blocks: TabContentView['blocks'] = scenes.blank ? [] : [
    { type: 'facts', facts: [{ label: 'Map', value: server.sample?.game?.map ?? '–' }, { label: 'Players', value: `${String(players.length)} of 16` }] },
    { type: 'note', tone: 'good', text: 'The match counts for the ladder.' },
    { type: 'table', title: 'Players', columns, rows, whenEmpty: 'Nobody plays.' },
    { type: 'chart', title: 'Players', series: ['players'] },
    { type: 'heading', text: 'To everybody' },
    { type: 'text', text: 'What is said here stands in the middle of every screen for three seconds.' },
    { type: 'note', tone: 'warning', text: 'Whoever is busy with a rocket does not read it.' },
    { type: 'form', action: 'say' },
    { type: 'table', title: 'Banned', columns: columns.slice(0, 1), rows: [], whenEmpty: 'Nobody is banned.' },
  ]
  return { blocks, renderedAt: new Date().toISOString() }
}
