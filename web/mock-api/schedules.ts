/** Schedules of the arena: one is being run, one failed, one is off and has a secret. What is run by hand goes on by itself. */
import type { FieldProblem, Permission, ScheduleInput, ScheduleRun, ScheduleStep, ScheduleStepInput, ScheduleView, Schemas, ServerView } from '../src/api/types'
import { waitWords } from '../src/lib/schedule-words'
import { offerOf } from './actions'
import { before, id, servers, users } from './data'
import { problem } from './problem'
import { describe, faultOf, isZone, nextTimes } from './timetable'
import { world } from './world'

type Call = { params: string[]; query: URLSearchParams; body: Record<string, unknown> }
type Stored = Omit<ScheduleView, 'description' | 'next' | 'lastRun' | 'editable' | 'reason'> & { serverId: string }

const HOUR = 3_600
const DAY = 24 * HOUR
const ada = { id: id(1), name: 'Ada Moreau' }
const jonas = { id: id(2), name: 'Jonas Berg' }
const [ARENA, AWAY] = [id(1001), id(1005)]
export const [NIGHTLY, LEAGUE, SAVE, PASSWORD] = [id(9101), id(9102), id(9103), id(9104)] as const

const stored = (scheduleId: string, name: string, cron: string, steps: ScheduleStep[], more: Partial<Stored> = {}): Stored => ({ id: scheduleId, serverId: ARENA, name, cron, timeZone: 'Europe/Berlin', enabled: true, when: 'running', steps, author: ada, version: 3, updatedAt: before(12 * DAY), ...more })
const nightly: ScheduleStep[] = [{ type: 'broadcast', text: 'The server restarts in 5 minutes.', goOn: true }, { type: 'wait', seconds: 300, goOn: false }, { type: 'power', action: 'restart', goOn: false }]

let schedules: Stored[] = [
  stored(NIGHTLY, 'Nightly restart', '0 4 * * *', nightly),
  stored(SAVE, 'Keep the configuration', '*/15 * * * *', [{ type: 'command', command: 'writeconfig gantry-kept.cfg', goOn: false }, { type: 'broadcast', text: 'Settings are kept.', goOn: false }], { author: jonas, timeZone: 'UTC' }),
  stored(LEAGUE, 'Tuesday league', '0 20 * * 2', [{ type: 'action', action: 'map', title: 'Change the map', form: { map: 'oa_ctf2' }, secrets: [], goOn: false }, { type: 'broadcast', text: 'The league begins in ten minutes. Choose your side.', goOn: true }, { type: 'wait', seconds: 600, goOn: false }, { type: 'action', action: 'restart-match', title: 'Begin the match anew', form: {}, secrets: [], goOn: false }]),
  stored(PASSWORD, 'Weekend guests', '30 18 * * 5', [{ type: 'action', action: 'join-password', title: 'Set the password to join', form: { note: 'For guests of the weekend' }, secrets: ['password'], goOn: false }], { enabled: false, when: 'always' }),
  stored(id(9105), 'Nightly restart', '0 4 * * *', nightly, { serverId: AWAY }),
]

const stepRun = (title: string, state: Schemas['StepState'], message: string | null = null) => ({ title, state, message })
let runs: ScheduleRun[] = [
  { id: id(9201), scheduleId: LEAGUE, cause: { type: 'person', name: 'Jonas Berg' }, state: 'running', reason: null, startedAt: before(252), endedAt: null, steps: [stepRun('Change the map', 'succeeded', 'The match goes on at oa_ctf2.'), stepRun('Message to players', 'succeeded'), stepRun('Wait 10 minutes', 'running'), stepRun('Begin the match anew', 'waiting')] },
  { id: id(9202), scheduleId: SAVE, cause: { type: 'clock', dueAt: before(400) }, state: 'failed', reason: 'A step failed: Command: writeconfig gantry-kept.cfg.', startedAt: before(400), endedAt: before(398), steps: [stepRun('Command: writeconfig gantry-kept.cfg', 'failed', 'The game did not take the command within 2 s: its console is not read.'), stepRun('Message to players', 'skipped')] },
  { id: id(9203), scheduleId: SAVE, cause: { type: 'clock', dueAt: before(1_300) }, state: 'succeeded', reason: null, startedAt: before(1_300), endedAt: before(1_299), steps: [stepRun('Command: writeconfig gantry-kept.cfg', 'succeeded'), stepRun('Message to players', 'succeeded')] },
  { id: id(9204), scheduleId: SAVE, cause: { type: 'clock', dueAt: before(2_200) }, state: 'skipped', reason: 'The server was not running.', startedAt: before(2_200), endedAt: before(2_200), steps: [] },
  { id: id(9205), scheduleId: SAVE, cause: { type: 'person', name: 'Ada Moreau' }, state: 'cancelled', reason: 'Somebody changed the schedule meanwhile.', startedAt: before(5_200), endedAt: before(5_190), steps: [stepRun('Command: writeconfig gantry-kept.cfg', 'succeeded'), stepRun('Message to players', 'skipped')] },
  ...Array.from({ length: 45 }, (_, i): ScheduleRun => ({ id: id(9300 + i), scheduleId: NIGHTLY, cause: { type: 'clock', dueAt: before((i + 0.7) * DAY) }, state: i === 1 ? 'failed' : 'succeeded', reason: i === 1 ? 'A step failed: Message to players.' : null, startedAt: before((i + 0.7) * DAY), endedAt: before((i + 0.7) * DAY - 341 - i), steps: [stepRun('Message to players', i === 1 ? 'failed' : 'succeeded', i === 1 ? 'The game answered nothing.' : null), stepRun('Wait 5 minutes', 'succeeded'), stepRun('Restart', 'succeeded')] })),
]

const scenes = { stale: false }

const NEEDS: Record<ScheduleStep['type'], Permission | null> = { power: null, command: 'console.write', broadcast: 'actions.use', action: 'actions.use', backup: 'backups.create', wait: null }
const needsOf = (step: ScheduleStep | ScheduleStepInput): Permission | null => (step.type === 'power' ? `power.${step.action}` : NEEDS[step.type])

function view({ serverId, ...schedule }: Stored): ScheduleView {
  const may = world.server(serverId)?.permissions ?? []
  const lacking = [...new Set(schedule.steps.map(needsOf).filter((right) => right !== null && !may.includes(right)))]
  const reason = !may.includes('schedules.update') ? 'You need the permission schedules.update.' : lacking.length > 0 ? `The schedule does what takes rights that you do not have: ${lacking.join(', ')}.` : null
  return { ...schedule, description: describe(schedule.cron), next: schedule.enabled ? nextTimes(schedule.cron, schedule.timeZone, 3) : [], lastRun: runs.find((run) => run.scheduleId === schedule.id) ?? null, editable: reason === null, reason }
}

const fault = (key: string, message: string, remedy: string): FieldProblem => ({ key, message, remedy })
const refuse = (fields: FieldProblem[]) => problem('validation_failed', 400, 'Some fields need another value', fields[0]?.message ?? '', 'Each field says what it needs.', fields)
const missing = () => problem('not_found', 404, 'There is nothing here, or you may not see it', 'No such schedule.', 'Check the address.')

const timeFaults = (cron: string, timeZone: string): FieldProblem[] => {
  const wrong = faultOf(cron)
  return [
    ...(isZone(timeZone) ? [] : [fault('timeZone', 'There is no such time zone.', 'Use a name such as Europe/Berlin, or UTC.')]),
    ...(wrong ? [fault('cron', `It cannot be read: ${wrong}.`, 'Write minute, hour, day of the month, month and day of the week, such as 0 4 * * *.')] : []),
  ]
}

/** Nobody called Nobody can be kicked here either. */
const stepFaults = (steps: ScheduleStepInput[]): FieldProblem[] =>
  steps.flatMap((step, i) => {
    const at = `steps.${String(i)}`
    if (step.type === 'command' && /^quit/.test(step.command)) return [fault(`${at}.command`, 'The game’s own console ends with this command.', 'Use a step of power that stops the server.')]
    if (step.type === 'action' && step.form?.player === 'Nobody') return [fault(`${at}.form.player`, 'Nobody has this name.', 'Write the name as it stands on the page of players.')]
    return []
  })

function keep(server: ServerView, steps: ScheduleStepInput[], former: ScheduleStep[]): ScheduleStep[] {
  const offer = offerOf({ ...server, observed: { ...server.observed, state: 'running' } }).items
  return steps.map((step): ScheduleStep => {
    const goOn = step.goOn ?? false
    if (step.type !== 'action') return { ...step, goOn }
    const asked = offer.find(({ action }) => action.id === step.action)?.action
    const secret = (asked?.form ?? []).filter(({ kind }) => kind.type === 'secret').map(({ key }) => key)
    const kept = former[step.keepSecretsOf ?? -1]
    const secrets = secret.filter((key) => step.form?.[key] || (kept?.type === 'action' && kept.action === step.action && kept.secrets.includes(key)))
    return { type: 'action', action: step.action, title: asked?.title ?? step.action, form: Object.fromEntries(Object.entries(step.form ?? {}).filter(([key]) => !secret.includes(key))), secrets, goOn }
  })
}

function create({ params, body }: Call) {
  const input = body as unknown as ScheduleInput
  const server = world.server(params[0] ?? '')
  if (!server) return missing()
  if (schedules.some((one) => one.serverId === server.id && one.name === input.name.trim())) return problem('name_taken', 409, 'This name is taken', `The server has a schedule called ${input.name}.`, 'Choose another name.')
  const faults = [...timeFaults(input.cron, input.timeZone), ...stepFaults(input.steps)]
  if (faults.length > 0) return refuse(faults)
  const schedule = stored(world.newId(), input.name.trim(), input.cron, keep(server, input.steps, []), { serverId: server.id, timeZone: input.timeZone, enabled: input.enabled ?? true, when: input.when ?? 'running', version: 1, updatedAt: new Date().toISOString() })
  schedules = [...schedules, schedule]
  world.emit({ type: 'schedules', serverId: server.id })
  return view(schedule)
}

function update({ params, body }: Call) {
  const schedule = schedules.find((one) => one.id === params[1])
  const server = world.server(params[0] ?? '')
  if (!schedule || !server) return missing()
  const { version, steps, ...rest } = body as Partial<ScheduleInput> & { version?: number }
  if (scenes.stale) {
    scenes.stale = false
    Object.assign(schedule, { version: schedule.version + 1, name: 'Nightly restart, an hour later', cron: '0 5 * * *', author: jonas })
  }
  if (version !== undefined && version !== schedule.version) return problem('conflict', 409, 'This does not fit the present state', 'Somebody changed the schedule meanwhile. Look at it again, then change it.', 'Read the detail, look at the thing again and decide.')
  const faults = [...timeFaults(rest.cron ?? schedule.cron, rest.timeZone ?? schedule.timeZone), ...stepFaults(steps ?? [])]
  if (faults.length > 0) return refuse(faults)
  Object.assign(schedule, rest, { ...(steps && { steps: keep(server, steps, schedule.steps) }), version: schedule.version + 1, updatedAt: new Date().toISOString() })
  world.emit({ type: 'schedules', serverId: server.id })
  return view(schedule)
}

function titleOf(step: ScheduleStep): string {
  switch (step.type) {
    case 'power':
      return `${step.action.charAt(0).toUpperCase()}${step.action.slice(1)}`
    case 'command':
      return `Command: ${step.command}`
    case 'broadcast':
      return 'Message to players'
    case 'action':
      return step.title
    case 'backup':
      return 'Backup'
    case 'wait':
      return `Wait ${waitWords(step.seconds)}`
  }
}

const STEP_MS = 900
function run({ params }: Call) {
  const [serverId = '', scheduleId = ''] = params
  const schedule = schedules.find((one) => one.id === scheduleId)
  if (!schedule) return missing()
  if (!world.server(serverId)?.node.connected) return problem('node_unreachable', 503, 'The node is not connected', 'The node fra-2 is away.', 'Try again once it is back.')
  const begun: ScheduleRun = { id: world.newId(), scheduleId, cause: { type: 'person', name: users[0]?.name ?? '' }, state: 'running', reason: null, startedAt: new Date().toISOString(), endedAt: null, steps: schedule.steps.map((step) => stepRun(titleOf(step), 'waiting')) }
  const tell = () => world.emit({ type: 'schedules', serverId })
  let at = -1
  const timer = setInterval(() => {
    if (begun.state !== 'running') {
      clearInterval(timer)
      return
    }
    if (at < 0) runs = [begun, ...runs]
    for (const [i, step] of begun.steps.entries()) step.state = i <= at ? 'succeeded' : i === at + 1 ? 'running' : 'waiting'
    at += 1
    if (at > begun.steps.length) {
      clearInterval(timer)
      Object.assign(begun, { state: 'succeeded', endedAt: new Date().toISOString() })
    }
    runs = runs.map((one) => (one === begun ? begun : one))
    tell()
  }, STEP_MS)
  return { runId: begun.id }
}

function callOff({ params }: Call) {
  const [serverId = '', scheduleId = ''] = params
  const run = runs.find((one) => one.scheduleId === scheduleId && one.state === 'running')
  if (!run) return problem('conflict', 409, 'This does not fit the present state', 'The schedule is not being followed.', 'Read the detail, look at the thing again and decide.')
  for (const step of run.steps) step.state = step.state === 'running' ? 'failed' : step.state === 'waiting' ? 'skipped' : step.state
  Object.assign(run, { state: 'cancelled', reason: `${users[0]?.name ?? ''} called it off.`, endedAt: new Date().toISOString() })
  world.emit({ type: 'schedules', serverId })
}

const paged = <T>(items: T[], query: URLSearchParams) => {
  const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 50)]
  return { items: structuredClone(items.slice(from, from + limit)), nextCursor: from + limit < items.length ? String(from + limit) : null }
}

export const handlers: [string, string, (call: Call) => unknown][] = [
  ['GET', '/api/schedules/times', ({ query }) => {
    const [cron, timeZone] = [query.get('cron') ?? '', query.get('timeZone') ?? '']
    const faults = timeFaults(cron, timeZone)
    return faults.length > 0 ? refuse(faults) : { description: describe(cron), next: nextTimes(cron, timeZone, 5) }
  }],
  ['GET', '/api/servers/:/schedules', ({ params }) => ({ items: structuredClone(schedules.filter((one) => one.serverId === params[0]).map(view).sort((one, other) => one.name.localeCompare(other.name))), nextCursor: null })],
  ['POST', '/api/servers/:/schedules', create],
  ['GET', '/api/servers/:/schedules/:', ({ params }) => {
    const schedule = schedules.find((one) => one.id === params[1])
    return schedule ? structuredClone(view(schedule)) : missing()
  }],
  ['PATCH', '/api/servers/:/schedules/:', update],
  ['DELETE', '/api/servers/:/schedules/:', ({ params }) => {
    schedules = schedules.filter((one) => one.id !== params[1])
    world.emit({ type: 'schedules', serverId: params[0] ?? '' })
  }],
  ['POST', '/api/servers/:/schedules/:/run', run],
  ['POST', '/api/servers/:/schedules/:/call-off', callOff],
  ['GET', '/api/servers/:/schedules/:/runs', ({ params, query }) => paged(runs.filter((one) => one.scheduleId === params[1]), query)],
]

/** `schedules-stale`: somebody saves before one does. `schedules-long`: names, steps and messages as long as they may be. `no-power`: a member who may change schedules and not switch the server. */
export function scene(name: string): void {
  if (name === 'schedules-stale') scenes.stale = true
  if (name === 'no-power') for (const server of servers) server.permissions = server.permissions.filter((right) => !right.startsWith('power.') && right !== 'schedules.create' && right !== 'schedules.delete')
  if (name !== 'schedules-long') return
  for (const schedule of schedules) {
    schedule.name = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunternehmen'.slice(0, 64)
    schedule.steps = [...schedule.steps, ...Array.from({ length: 25 - schedule.steps.length }, (_, i): ScheduleStep => ({ type: 'command', command: `set sv_hostname_number_${String(i)} ${'averylongvaluewithoutanyspaces'.repeat(4)}`, goOn: i % 2 === 0 }))]
    schedule.timeZone = 'America/Argentina/ComodRivadavia'
  }
  for (const one of runs) {
    one.steps = one.steps.map((step) => ({ ...step, title: `${step.title} ${'averylongvaluewithoutanyspaces'.repeat(4)}`, message: 'The game said: '.concat('no '.repeat(120)) }))
    if (one.reason) one.reason = `${one.reason} ${'It goes on to say a great deal about why that is so. '.repeat(4)}`
  }
}
