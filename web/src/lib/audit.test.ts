import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { AuditView } from '~/api/types'
import { audit as a } from '~/strings/audit'
import { moment } from './format'
import { details, isBySftp, nameOf, namesIn, sentence, shortId } from './audit'

const record = (action: string, after: unknown = null, before: unknown = null, change: Partial<AuditView> = {}): AuditView => ({
  id: '1', seq: 1, at: '2026-01-01T00:00:00Z', actor: { id: 'u1', name: 'Ada' }, action, subjectKind: 'server', subjectId: 's1', before, after, ...change,
} as AuditView)
const none = new Map<string, string>()
/** As a person reads it, without the marks of code. */
const told = (row: AuditView, names = none, labels = none) => details(row, { names, labels }).map(({ label, was, value }) => `${label}: ${was === undefined ? value : a.was(was, value)}`)

describe('words for what is written down', () => {
  const root = new URL('../../../core/app/src/', import.meta.url)
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rs')).map((file) => ({ file, text: readFileSync(new URL(file, root), 'utf8') }))
  const among = (pattern: RegExp, files = /./) => sources.filter(({ file }) => files.test(file)).flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''))
  const written = new Set([
    ...among(/AuditEntry::(?:new|server)\(\s*"([a-z_.]+)"/g),
    ...among(/entry\(ctx, "([a-z_.]+)"/g, /schedules\/mod\.rs$/),
    ...among(/Wish(?:::of\(| \{ action: )"([a-z_.]+)"/g, /^backups\.rs$/),
    ...among(/\("(node\.drain[a-z_]*)"/g, /nodes\/drains\.rs$/),
    // Some actions come to the entry by a variable.
    ...among(/(?:asked|refused): "([a-z_.]+)"/g, /actions\.rs$/),
    ...among(/(?:=> |let action = |if [^{]+\{ |\} else \{ |Wish \{ action: |change_hold\([^"]+|lines\.push\(\()"([a-z_]+\.[a-z_]+)"/g, /(servers\/(power|change)|nodes\/visits|members|files)\.rs$/),
  ])

  it('there are actions to speak of', () => expect([...written].length).toBeGreaterThan(45))
  it.each([...written])('the action %s has a sentence', (action) => expect(a.did[action]).toMatch(/^[A-Z]/))
  it('no sentence is kept for an action that is no more', () => {
    for (const action of Object.keys(a.did)) expect(written.has(action), action).toBe(true)
  })
  it('makes what it does not know readable', () => expect(sentence('server.power_cycle')).toBe('Server power cycle'))
})

describe('details', () => {
  it('have units', () => {
    expect(told(record('file.save', { path: 'notes.txt', bytes: 0 }))).toEqual(['Path: notes.txt', 'Size: 0 B'])
    expect(told(record('file.upload', { path: 'a.pk3', bytes: 3_500_000, replace: true }))).toEqual(['Path: a.pk3', 'Size: 3.34 MiB', 'Replaced: what had this name'])
    expect(told(record('file.upload', { path: 'a.pk3', bytes: null, replace: false }))).toEqual(['Path: a.pk3'])
  })
  it('say what was refused and what only a node says', () => {
    expect(told(record('file.refused', { path: 'a/b', refused: 'file.directory', reason: 'a is no folder' }))).toEqual(['Path: a/b', 'Reason: a is no folder', 'Asked for: Made folders'])
    expect(told(record('file.upload', { path: 'a', via: 'sftp', unconfirmed: true, person: 'u9' }))).toEqual(['Path: a', 'Says: the node; it cannot be borne out', 'Person: u9'])
  })
  it('say of a backup when it was made, and of its lock only what is news', () => {
    const backup = (action: string, after: unknown, before: unknown = null) => told(record(action, after, before, { subjectKind: 'backup', subjectId: 'b1' }))
    const at = '2026-01-01T00:00:00Z'
    expect(backup('backup.restore', { name: 'Backup', createdAt: at, operationId: 'o1' })).toEqual([`Made on: ${moment(at)}`])
    expect(backup('backup.create', { name: 'Backup', locked: false })).toEqual([])
    expect(backup('backup.create', { name: 'Backup', locked: true })).toEqual(['Lock: on'])
    expect(backup('backup.update', { name: 'Backup', locked: true }, { name: 'Backup', locked: false })).toEqual(['Lock: off → on'])
  })
  it('say from where to where', () => {
    expect(told(record('file.copy', { from: 'maps', to: 'maps (copy)' }))).toEqual(['Path: maps → maps (copy)'])
    const [moved] = details(record('file.rename', { renames: [{ from: 'a', to: 'b' }, { from: 'c', to: 'd' }] }), { names: none })
    expect(moved).toMatchObject({ value: '2 paths', list: ['a → b', 'c → d'] })
  })
  it('say only what was asked to be different', () => {
    expect(told(record('server.update', { name: 'New', description: null }, { name: 'Old', description: 'Same' }))).toEqual(['Name: Old → New'])
    expect(told(record('server.limits', { memoryMib: 512, cpuPercent: 100, pids: 0 }, { memoryMib: 256, cpuPercent: 100, pids: 64 }))).toEqual(['Memory: 256 MiB → 512 MiB', 'Processes: 64 → No limit'])
    expect(told(record('node.update', { name: null, locationId: 'l2', capacity: null }, { name: 'n', locationId: 'l1', capacity: { memoryMib: 1 } }), new Map([['l1', 'Home'], ['l2', 'Frankfurt']]))).toEqual(['Location: Home → Frankfurt'])
  })
  it('say which schedule wanted it, and what one does', () => {
    expect(told(record('server.restart', { schedule: 'Nightly restart', scheduleId: 'x' }))).toEqual(['Because of: by the schedule “Nightly restart”'])
    const [was, is] = [{ name: 'Nightly restart', cron: '0 4 * * *', enabled: true, steps: ['restart'] }, { name: 'Nightly restart', cron: '0 5 * * *', enabled: false, steps: ['wait 5 s', 'restart'] }]
    expect(told(record('schedule.update', is, was, { subjectKind: 'schedule', subjectId: 'c1' }))).toEqual(['Switched: on → off', 'Expression: 0 4 * * * → 0 5 * * *', 'Steps: restart → 2 steps'])
  })
  it('call settings as the game does, and keep its secrets', () => {
    const row = record('server.variables', { max_players: '16', motd: null, password: '(secret)' }, { max_players: '12', motd: 'Hi', password: '(secret)' })
    expect(told(row, none, new Map([['max_players', 'Players at most']]))).toEqual(['Players at most: 12 → 16', 'Motd: Hi → nothing', 'Password: changed, kept secret'])
  })
  it('do not take a setting for the name of its server', () => {
    const row = record('server.variables', { name: 'In game' }, { name: 'Before' })
    expect(nameOf(row, none)).toBeNull()
    expect(told(row)).toEqual(['Name: Before → In game'])
  })
  it('say in which state power found a server, and nothing that only programs want', () => {
    expect(told(record('server.restart', { desired: 'running', operationId: 'o' }, { desired: 'running', observed: 'crashed' }))).toEqual(['State before: Crashed'])
  })
  it('say which rights came and which went', () => {
    const row = record('member.update', { permissions: ['server.read', 'files.read', 'files.write'] }, { permissions: ['server.read', 'power.kill'] }, { subjectKind: 'user' })
    expect(details(row, { names: none })).toMatchObject([{ label: 'Given', value: '2 rights', list: ['files.read', 'files.write'] }, { label: 'Taken', value: 'power.kill' }])
  })
  it('name what an id stands for, or show its end', () => {
    const row = record('server.create', { name: 'Friday', ownerId: 'u1', nodeId: '0193a0c0-0000-7000-8000-0000a1b2c3d4', limits: { memoryMib: 2_048 }, endpoints: [{ allocationId: 'x', name: 'game', protocol: 'udp', address: '2001:db8::1', port: 27960 }] })
    expect(told(row, new Map([['u1', 'Ada']]))).toEqual(['Owner: Ada', 'Node: a1b2c3d4', 'Addresses: [2001:db8::1]:27960', 'Memory: 2 GiB'])
    expect(shortId('openarena')).toBe('openarena')
  })
  it('say why a server was suspended, and how its addresses changed', () => {
    expect(told(record('server.hold', [{ by: 'administrator', reason: 'Unpaid' }], []))).toEqual(['Reason: Unpaid'])
    const at = (port: number) => [{ allocationId: 'x', name: 'game', protocol: 'udp', address: '192.0.2.1', port }]
    expect(told(record('server.allocations', at(2), at(1)))).toEqual(['Addresses: 192.0.2.1:1 → 192.0.2.1:2'])
  })
  it('show what came by SFTP, with what, and what was too much to list', () => {
    const open = record('sftp.open', { via: 'sftp', credential: 'laptop' })
    expect([isBySftp(open), told(open)]).toEqual([true, ['Signed in with: laptop']])
    expect(told(record('sftp.further', { via: 'sftp', changes: 37 }))).toEqual(['Not listed: 37 changes'])
  })
  it('show under a readable name what they do not know', () => expect(told(record('x.y', { newThing: { deep: [1] } }))).toEqual(['New thing: {"deep":[1]}']))
  it('have nothing to tell of a change without values', () => expect(told(record('console.command'))).toEqual([]))
})

describe('names', () => {
  it('are the latest that the records tell, of things and of people', () => {
    const names = namesIn([record('server.update', { name: 'New' }, { name: 'Old' }), record('server.create', { name: 'Old' }), record('plugin.delete', null, { manifestId: 'luanti' }, { subjectKind: 'plugin', subjectId: 'p1' })])
    expect(Object.fromEntries(names)).toEqual({ s1: 'New', u1: 'Ada', p1: 'luanti' })
  })
  it('stay with what was deleted', () => {
    const gone = record('node.delete', null, { name: 'attic', locationId: 'l1' }, { subjectKind: 'node', subjectId: 'n1' })
    expect([nameOf(gone, none), told(gone, new Map([['l1', 'Home']]))]).toEqual(['attic', ['Location: Home']])
  })
})
