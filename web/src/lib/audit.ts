/**
 * What a record of the audit log says has changed, as labelled values. The control plane writes down what it was asked
 * for: in a change, a field that was left as it is stands there as null.
 */
import type { AuditView } from '~/api/types'
import { audit as a } from '~/strings/audit'
import { s } from '~/strings'
import { address, bytes, cores, limit, mebibytes, moment } from './format'
import { trustChanges } from './trust-changes'

type Fields = Record<string, unknown>
type Shown = Omit<Detail, 'label'>
/** One value under its label. `list` has the single ones of what `value` only counts; a count that says of what it is `speaks`. */
export type Detail = { label: string; value: string; was?: string; code?: boolean; list?: string[]; speaks?: boolean }
/** Names by id. */
export type Names = ReadonlyMap<string, string>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** `max_players`, `maxPlayers` → "Max players". */
function humanly(key: string): string {
  const text = key.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll(/[._-]+/g, ' ').toLowerCase().trim()
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** What was done, in words; the stable name of an action that this panel does not know, made readable. */
export const sentence = (action: string): string => a.did[action] ?? humanly(action)
export const kindWord = (kind: string): string => a.kind[kind] ?? humanly(kind)
export const isBySftp = ({ after }: Pick<AuditView, 'after'>): boolean => isFields(after) && after.via === 'sftp'

/** The end of an id made at random tells it from others as well as the whole does; a name is read whole. */
export const shortId = (id: string): string => (/^[0-9a-f-]{36}$/.test(id) ? id.slice(-8) : id)

/** How the subject is called, where the record says so itself. Settings of games have names of their own. */
const ownName = ({ action, after, before }: Pick<AuditView, 'action' | 'after' | 'before'>): string | null =>
  action === 'server.variables' ? null : ([after, before].flatMap((side: unknown) => (isFields(side) ? [side.name, side.manifestId] : [])).find(isFilled) ?? null)

export const nameOf = (row: AuditView, names: Names): string | null => names.get(row.subjectId) ?? ownName(row)

/** What records tell of names: of who acted, and of what was acted on. They come latest first, and the latest name counts. */
export function namesIn(rows: readonly AuditView[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const row of rows) {
    const name = ownName(row)
    if (name && !names.has(row.subjectId)) names.set(row.subjectId, name)
    if (row.actor && !names.has(row.actor.id)) names.set(row.actor.id, row.actor.name)
  }
  return names
}

type Field = { label: string; show: (value: unknown, names: Names) => Shown | null }
const field = (label: string, show: Field['show'] = plainly): Field => ({ label, show })

function plainly(value: unknown): Shown | null {
  if (value === null || value === undefined) return null
  if (value === '') return { value: a.nothing }
  return typeof value === 'object' ? { value: JSON.stringify(value), code: true } : { value: String(value) }
}
const inCode: Field['show'] = (value) => (isFilled(value) ? { value, code: true } : plainly(value))
const named: Field['show'] = (value, names) => {
  const name = isFilled(value) ? names.get(value) : undefined
  return name ? { value: name } : isFilled(value) ? { value: shortId(value), code: true } : plainly(value)
}
const amount = (show: (value: number) => string): Field['show'] => (value) => (typeof value === 'number' ? { value: limit(value, show, s.common.unlimited) } : plainly(value))
const date: Field['show'] = (value) => (value === null ? { value: a.never } : isFilled(value) ? { value: moment(value) } : plainly(value))
const onlyIf = (value: string): Field['show'] => (given) => (given === true ? { value } : null)
const word = (words: Readonly<Record<string, unknown>>): Field['show'] => (value) => plainly(isFilled(value) && typeof words[value] === 'string' ? words[value] : value)

const listed = (items: string[], count: (n: number) => string): Shown => (items.length === 1 ? { value: items[0] ?? '', code: true } : { value: count(items.length), list: items })
const pathsShown: Field['show'] = (value) => (Array.isArray(value) && value.length > 0 ? { ...listed(value.map(String), a.paths), speaks: value.length > 1 } : null)
const texts: Field['show'] = (value) => plainly(Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(', ') : value)
const rights: Field['show'] = (value) => (Array.isArray(value) ? listed(value.map(String), a.rights) : plainly(value))
const allRights: Field['show'] = (value) => (Array.isArray(value) ? { ...listed(value.map(String), a.rights), speaks: value.length !== 1 } : plainly(value))
const isEndpoint = (one: unknown): one is { address: string; port: number } => isFields(one) && typeof one.address === 'string' && typeof one.port === 'number'
/** Of a schedule, in the words of the control plane. */
const steps: Field['show'] = (value) => (Array.isArray(value) && value.length > 0 ? { ...listed(value.map(String), a.steps), speaks: value.length > 1 } : plainly(value))
const bySchedule: Field['show'] = (value) => (isFilled(value) ? { value: a.bySchedule(value), speaks: true } : null)
const endpoints: Field['show'] = (value) =>
  Array.isArray(value) && value.every(isEndpoint) ? { value: value.map(address).join(', ') || a.nothing, code: value.length > 0 } : plainly(value)
/** Of a form, what was answered; of a secret, that it was. */
const answers: Field['show'] = (value) =>
  isFields(value) ? plainly(Object.entries(value).map(([key, one]) => `${humanly(key)}: ${one === '(secret)' ? a.secret : String(one)}`).join(', ') || null) : plainly(value)
const unlisted: Field['show'] = (value) => plainly(typeof value === 'number' ? a.changes(value) : value)

/** In reading order; null for what only programs want to know. */
const FIELDS: Record<string, Field | null> = {
  name: field(a.field.name),
  schedule: field(a.field.schedule, bySchedule),
  enabled: field(a.field.enabled, (value) => plainly(a.switched[String(value)] ?? value)),
  cron: field(a.field.cron, inCode),
  timeZone: field(a.field.timeZone),
  when: field(a.field.when, word(a.availability)),
  steps: field(a.field.steps, steps),
  paths: field(a.field.path, pathsShown),
  manifestId: field(a.field.manifest, inCode),
  email: field(a.field.email),
  role: field(a.field.role, word(s.people.roles)),
  description: field(a.field.description),
  blueprint: field(a.field.blueprint, inCode),
  reason: field(a.field.reason),
  observed: field(a.field.observed, word(s.status)),
  permissions: field(a.field.rights, allRights),
  given: field(a.field.given, rights),
  taken: field(a.field.taken, rights),
  ownerId: field(a.field.owner, named),
  nodeId: field(a.field.node, named),
  locationId: field(a.field.location, named),
  version: field(a.field.version),
  agentVersion: field(a.field.agentVersion),
  username: field(a.field.username),
  tokenService: field(a.field.tokenService, inCode),
  bytes: field(a.field.size, (value) => (typeof value === 'number' ? { value: bytes(value) } : null)),
  replace: field(a.field.replaced, onlyIf(a.replaced)),
  address: field(a.field.address, inCode),
  ports: field(a.field.ports, inCode),
  endpoints: field(a.field.addresses, endpoints),
  servers: field(a.field.servers),
  memoryMib: field(a.field.memory, amount(mebibytes)),
  cpuPercent: field(a.field.cpu, amount(cores)),
  diskMib: field(a.field.disk, amount(mebibytes)),
  swapMib: field(a.field.swap, amount(mebibytes)),
  pids: field(a.field.pids, amount(String)),
  backups: field(a.field.backups, plainly),
  createdAt: field(a.field.madeAt, date),
  locked: field(a.field.locked, (value) => ({ value: value === true ? a.isLocked : a.notLocked })),
  message: field(a.field.text),
  deadline: field(a.field.deadline, date),
  backup: field(a.field.backup, (value) => (typeof value === 'boolean' ? { value: value ? a.backedUp : a.notBackedUp } : plainly(value))),
  fingerprint: field(a.field.fingerprint, inCode),
  expiresAt: field(a.field.expires, date),
  granted: field(a.field.granted, texts),
  bundled: field(a.field.source, onlyIf(a.bundled)),
  credential: field(a.field.credential),
  changes: field(a.field.unlisted, unlisted),
  title: field(a.field.did),
  text: field(a.field.text),
  form: field(a.field.answers, answers),
  refused: field(a.field.refused, word(a.did)),
  unconfirmed: field(a.field.unconfirmed, onlyIf(a.unconfirmed)),
  person: field(a.field.person, inCode),
  sshKeys: field(a.field.sshKeys, amount(String)),
  appPasswords: field(a.field.appPasswords, amount(String)),
  at: field(a.field.at, date),
  digest: field(a.field.digest, inCode),
  id: null,
  via: null,
  desired: null,
  operationId: null,
  scheduleId: null,
}
const ORDER = Object.keys(FIELDS)
const place = (key: string) => (key in FIELDS ? ORDER.indexOf(key) : ORDER.length)

const arrow = (one: unknown) => (isFields(one) && typeof one.from === 'string' ? [a.was(one.from, String(one.to))] : [])

/** One side of a change, flat: each value under the key by which it is shown. */
function flat(side: unknown): Fields | null {
  if (Array.isArray(side)) return side.some(isEndpoint) ? { endpoints: side } : { reason: side.flatMap((one) => (isFields(one) && isFilled(one.reason) ? [one.reason] : [])).join(', ') || null }
  if (!isFields(side)) return null
  const { limits, capacity, path, paths, from, to, renames, ...rest } = side
  const touched = Array.isArray(renames) ? renames.flatMap(arrow) : Array.isArray(paths) ? paths : typeof path === 'string' ? [path] : arrow({ from, to })
  return { ...rest, ...(touched.length > 0 && { paths: touched }), ...(isFields(limits) && limits), ...(isFields(capacity) && capacity) }
}

/** Which rights came and which went. */
function exchanged(before: unknown, after: unknown): Fields {
  const [had, has] = [before, after].map((side) => (Array.isArray(side) ? side.map(String) : [])) as [string[], string[]]
  const [given, taken] = [has.filter((one) => !had.includes(one)), had.filter((one) => !has.includes(one))]
  return { ...(given.length > 0 && { given }), ...(taken.length > 0 && { taken }) }
}

/** Settings of a game: its own keys, whose values are texts, and secrets of which only the key is told. */
function settings(before: Fields, after: Fields, labels: Names): Detail[] {
  const shown = (value: unknown) => (value === '(secret)' ? a.secret : isFilled(value) ? value : a.nothing)
  return Object.keys(after).map((key) => {
    const label = labels.get(key) ?? humanly(key)
    return after[key] === '(secret)' ? { label, value: a.secretChanged } : { label, was: shown(before[key]), value: shown(after[key]) }
  })
}

type Known = { names: Names; /** Of a game's settings, by key. */ labels?: Names }

/** What the record says beside who did what to which thing. */
export function details(row: AuditView, { names, labels = new Map() }: Known): Detail[] {
  const [before, after] = [flat(row.before), flat(row.after)]
  if (row.action === 'server.variables') return settings(isFields(row.before) ? row.before : {}, isFields(row.after) ? row.after : {}, labels)
  if (row.action === 'trust.update') return trustChanges(row.before, row.after)
  const told: Fields = { ...(after ?? before) }
  if (before?.observed !== undefined) told.observed = before.observed
  // What is made unlocked is made as ever.
  if (!before && told.locked === false) delete told.locked
  if (before?.permissions !== undefined && after?.permissions !== undefined) {
    delete told.permissions
    Object.assign(told, exchanged(before.permissions, after.permissions))
  }
  return Object.keys(told)
    .filter((key) => FIELDS[key] !== null && !(before && after && key in before && key !== 'observed' && (told[key] === null || same(before[key], told[key]))))
    .sort((one, other) => place(one) - place(other))
    .flatMap((key): Detail[] => {
      const { label, show } = FIELDS[key] ?? field(humanly(key))
      const value = show(told[key], names)
      const was = before && after && key !== 'observed' ? show(before[key], names) : null
      // What the subject is called stands beside what was done to it.
      if (!value || (key === 'name' && !was && value.value === nameOf(row, names))) return []
      return [{ label, ...value, ...(was && { was: was.value }) }]
    })
}
