/** A server's files, the same for every server: a small tree that can be changed until the page is loaded again. */
import type { FileEntry, Problem } from '../src/api/types'

type Node = { entry: FileEntry; text: string; version: number }
type Fault = [code: Problem['code'], status: number, title: string, detail: string]
export class Fails {
  constructor(readonly fault: Fault) {}
}

const DAY = 86_400_000
const tree = new Map<string, Node>()

function put(path: string, kind: FileEntry['kind'], text = '', bytes = text.length, age = DAY): FileEntry {
  const entry: FileEntry = { name: path.slice(path.lastIndexOf('/') + 1), kind, bytes, mode: kind === 'directory' ? 0o755 : 0o644, modified: new Date(Date.now() - age).toISOString() }
  tree.set(path, { entry, text, version: (tree.get(path)?.version ?? 0) + 1 })
  return entry
}
const CONFIG = '// The settings of this server. Passwords stand here in clear.\nseta sv_hostname "Friday fragfest"\nseta sv_maxclients 16\nseta rconpassword "change me"\nseta g_gametype 0\nseta timelimit 15\nseta fraglimit 30\n\nset d1 "map oa_dm1 ; set nextmap vstr d2"\nset d2 "map oa_dm2 ; set nextmap vstr d1"\nvstr d1\n'
put('baseoa', 'directory', '', 0, 2 * DAY)
put('logs', 'directory', '', 0, 3_600_000)
put('maps', 'directory', '', 0, 9 * DAY)
put('current', 'link', '', 6, 40 * DAY)
put('gantry.cfg', 'file', CONFIG, CONFIG.length, 600_000)
put('games.log', 'file', '', 8_431_022, 20_000)
put('motd.txt', 'file', 'Welcome to the Friday fragfest\n')
put('the-longest-name-that-anybody-ever-gave-to-a-screenshot-of-a-very-good-round-on-a-friday-evening.png', 'file', '', 1_204_883, 3 * DAY)
put('%%%FF%0A.tmp', 'file', 'x', 1, 3 * DAY)
put('baseoa/server.cfg', 'file', CONFIG)
put('baseoa/pak0.pk3', 'file', '', 412_000_000)
put('licence.key', 'file', 'Issued to the Friday fragfest.\n', 32, 30 * DAY)
put('q3key', 'file', '', 16, 30 * DAY)

/** A pair of editors: the game writes this one as soon as it is opened. */
const RESTLESS = 'motd.txt'

/** Enough entries that a table draws only what is in sight. */
export function pile(): void {
  for (let n = 1; n <= 1_000; n += 1) put(`worlds/map_${String(n).padStart(4, '0')}.mts`, 'file', '', 4_096 * n, n * 3_600_000)
  put('worlds', 'directory', '', 0, 60_000)
}

/** What the disk has room for at once, how long a path may be, and what cannot be deleted along with others. */
const MOST_BYTES = 200_000_000
const MOST_PATH = 120
const HELD = 'motd.txt'

/** What only the game and its plugin write. */
const PROTECTED = new Set(['licence.key', 'q3key', 'baseoa/pak0.pk3'])
for (const path of PROTECTED) Object.assign(tree.get(path)?.entry ?? {}, { protected: true })

const missing = (path: string) => new Fails(['not_found', 404, 'There is nothing here, or you may not see it', `There is no ${path} among the server's files.`])
const taken = (path: string) => new Fails(['file_exists', 409, 'Something has this name already', `There is already something at ${path}.`])
const locked = (path: string, what: string) => new Fails(['file_protected', 403, 'Only the game and its plugin write this file', what || `${path} is a file that only the game and its plugin write; it can be read, not changed.`])
const within = (path: string, directory: string) => path.startsWith(directory ? `${directory}/` : '') && path !== directory

export function list(path: string, empty: boolean): unknown {
  if (path && tree.get(path)?.entry.kind !== 'directory') return missing(path)
  const inside = [...tree].filter(([at]) => !empty && within(at, path) && !at.slice(path ? path.length + 1 : 0).includes('/')).map(([, node]) => node.entry)
  const last = (entry: FileEntry) => Number(entry.kind !== 'directory')
  return { entries: inside.sort((a, b) => last(a) - last(b) || a.name.localeCompare(b.name)), truncated: false }
}

export function content(path: string): unknown {
  const node = tree.get(path)
  if (!node) return missing(path)
  if (node.entry.kind !== 'file' || path.endsWith('.png')) return new Fails(['file_refused', 422, 'This cannot be done with that file', 'The file is not text; download it.'])
  const answer = { text: node.text, version: String(node.version), protected: PROTECTED.has(path) }
  if (path === RESTLESS) put(path, 'file', `${node.text}The game was here.\n`)
  return answer
}

export function save(path: string, text: string, version: string | null): unknown {
  const node = tree.get(path)
  if (PROTECTED.has(path)) return locked(path, '')
  if (!version && node) return taken(path)
  if (version && version !== '*' && String(node?.version) !== version) return new Fails(['file_changed', 412, 'The file is not what it was when it was read', `The file ${path} was changed since it was read.`])
  const entry = put(path, 'file', text, text.length, 0)
  return { entry, version: String(tree.get(path)?.version) }
}

export function upload(path: string, bytes: number, replace: boolean): unknown {
  if (PROTECTED.has(path)) return locked(path, '')
  if (tree.has(path) && !replace) return taken(path)
  if (bytes > MOST_BYTES) return new Fails(['quota_exceeded', 422, 'The server’s disk limit leaves no room', 'The server may hold 1024 MiB, which leaves no room for this.'])
  if (path.length > MOST_PATH) return new Fails(['file_refused', 422, 'This cannot be done with that file', `The path ${path} is not possible: it is too long.`])
  return { entry: put(path, 'file', '', bytes, 0), version: '1' }
}

export function makeDirectory(path: string): unknown {
  if (tree.has(path)) return taken(path)
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  if (folder && tree.get(folder)?.entry.kind !== 'directory') return missing(folder)
  put(path, 'directory', '', 0, 0)
  return { skipped: 0 }
}

export function move(from: string, to: string, keep: boolean): unknown {
  if (!tree.has(from)) return missing(from)
  const inner = keep ? undefined : holds(from)
  if (inner !== undefined) return locked(from, inner)
  if (tree.has(to)) return taken(to)
  const folder = to.slice(0, Math.max(0, to.lastIndexOf('/')))
  if (folder && tree.get(folder)?.entry.kind !== 'directory') return missing(folder)
  for (const [at, node] of [...tree]) {
    if (at !== from && !within(at, from)) continue
    put(to + at.slice(from.length), node.entry.kind, node.text, node.entry.bytes)
    if (!keep) tree.delete(at)
  }
  return { skipped: 0 }
}

/** Why a path cannot go, if it cannot. */
function holds(path: string): string | undefined {
  if (PROTECTED.has(path)) return `${path} is a file that only the game and its plugin write; it can be read, not changed.`
  const inner = [...PROTECTED].find((one) => within(one, path))
  return inner && `${path} holds ${inner}, a file that only the game and its plugin write; it has to stay where it is.`
}

export function remove(paths: string[]): unknown {
  const [first] = paths
  const alone = paths.length === 1 && first !== undefined ? holds(first) : undefined
  if (first !== undefined && alone !== undefined) return locked(first, alone)
  const held = paths.length > 1 && paths.includes(HELD)
  const kept = paths.flatMap((path) => holds(path) ?? []).map((detail, at) => ({ path: paths.filter((path) => holds(path))[at], code: 'file_protected', detail, remedy: 'Read or download it.' }))
  const going = paths.filter((path) => (!held || path !== HELD) && !holds(path))
  for (const at of [...tree.keys()]) if (going.some((path) => at === path || within(at, path))) tree.delete(at)
  const failure = { path: HELD, code: 'internal', detail: `It was not done: ${HELD} could not be removed, since something holds it.`, remedy: 'Try again; if it stays, give the request id to an administrator.' }
  return { deleted: going, failed: [...kept, ...(held ? [failure] : [])] }
}
