import { describe, expect, it } from 'vitest'
import { offerOf } from '../../mock-api/actions'
import { aServer } from '../../mock-api/data'
import type { ScheduleStep } from '~/api/types'
import { ApiError } from '~/api/problem'
import { isPlaced, ownFaults, toldFaults } from '~/forms/schedule/faults'
import { begun, copied, stored } from '~/forms/schedule/starts'
import { beginning, copiesOf, deedOf, draftsOf, inputOf, moved, refusalOf, step, STEP_KINDS, stepProblems } from './schedule-steps'

const server = aServer()
const offer = offerOf(server)
const steps: ScheduleStep[] = [
  { type: 'broadcast', text: 'Soon.', goOn: true },
  { type: 'wait', seconds: 90, goOn: false },
  { type: 'action', action: 'join-password', title: 'Set the password to join', form: { note: 'Guests' }, secrets: ['password'], goOn: false },
  { type: 'command', command: 'map oa_dm1', goOn: false },
  { type: 'power', action: 'restart', goOn: false },
]
const view = { id: 's', name: 'Weekend', cron: '0 4 * * *', timeZone: 'UTC', description: 'At 04:00.', enabled: true, when: 'always' as const, steps, next: [], lastRun: null, author: { id: 'u', name: 'Ada' }, version: 4, updatedAt: '2026-01-01T00:00:00Z', editable: true, reason: null }

describe('steps that are stored', () => {
  it('go back as they came, but for what is secret', () => {
    expect(draftsOf(steps).map(inputOf)).toEqual([
      { type: 'broadcast', text: 'Soon.', goOn: true },
      { type: 'wait', seconds: 90, goOn: false },
      { type: 'action', action: 'join-password', form: { note: 'Guests' }, goOn: false, keepSecretsOf: 2 },
      { type: 'command', command: 'map oa_dm1', goOn: false },
      { type: 'power', action: 'restart', goOn: false },
    ])
  })
  it('name where a secret was even after they were moved', () => {
    const drafts = moved(moved(draftsOf(steps), 2, -1), 1, -1)
    expect(inputOf(drafts[0] ?? step({ type: 'command', command: '' }))).toMatchObject({ action: 'join-password', keepSecretsOf: 2 })
  })
  it('send a secret that was typed anew, and leave out one that was not', () => {
    const [, , draft] = draftsOf(steps)
    if (draft?.deed.type !== 'action') throw new Error('not the action')
    const typed = { ...draft, deed: { ...draft.deed, form: { ...draft.deed.form, password: 'hunter22' } } }
    expect(inputOf(typed)).toMatchObject({ form: { note: 'Guests', password: 'hunter22' } })
    expect(inputOf({ ...draft, deed: { ...draft.deed, form: { note: '', password: '' } } })).toMatchObject({ form: { note: '' }, keepSecretsOf: 2 })
    expect(inputOf({ ...draft, deed: { ...draft.deed, form: { password: '' } } })).not.toHaveProperty('form.password')
  })
  it('leave their secrets behind in a copy', () => {
    const copy = inputOf(copiesOf(steps)[2] ?? step({ type: 'command', command: '' }))
    expect(copy).not.toHaveProperty('keepSecretsOf')
    expect(Object.keys(ownFaults(copied(view), offer))).toEqual([expect.stringMatching(/form\.password$/)])
  })
})

describe('moving', () => {
  it('keeps all and stays within the list', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c'])
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
  })
})

describe('what is wrong', () => {
  const wait = (amount: string, unit: 'seconds' | 'minutes' = 'seconds') => stepProblems({ type: 'wait', amount, unit }, offer)
  it('is no time that a step waits', () => {
    for (const [amount, unit] of [['0'], ['3601'], ['61', 'minutes'], ['1.5'], [''], ['-1'], ['soon']] as [string, 'minutes'?][]) expect(wait(amount, unit), amount).toHaveProperty('seconds')
    for (const [amount, unit] of [['1'], ['3600'], ['60', 'minutes'], [' 5 ']] as [string, 'minutes'?][]) expect(wait(amount, unit), amount).toEqual({})
  })
  it('is a field that an action needs', () => {
    const kick = offer.items.find(({ action }) => action.id === 'kick')?.action
    if (!kick) throw new Error('the arena kicks nobody')
    expect(Object.keys(stepProblems(deedOf(kick), offer))).toEqual(['form.player'])
    expect(stepProblems(beginning('action', server), offer)).toHaveProperty('action')
  })
  it('is no secret that is set', () => {
    const [, , draft] = draftsOf(steps)
    expect(stepProblems(draft?.deed ?? beginning('command', server), offer)).toEqual({})
    expect(stepProblems(copiesOf(steps)[2]?.deed ?? beginning('wait', server), offer)).toHaveProperty(['form.password'])
  })
  it('is told by the API at the step that was sent, wherever it is by then', () => {
    const fields = [{ key: 'steps.1.form.player', message: 'Nobody.', remedy: 'Look.' }, { key: 'cron', message: 'No.', remedy: '' }]
    const problem = new ApiError({ code: 'validation_failed', status: 400, title: '', detail: '', remedy: '', fields })
    expect(toldFaults(problem, [7, 9])).toEqual({ '9.form.player': 'Nobody. Look.', cron: 'No.' })
  })
  it('stands at a field, or the whole of it is shown', () => {
    const said = (...keys: string[]) => new ApiError({ code: 'validation_failed', status: 400, title: '', detail: '', remedy: '', fields: keys.map((key) => ({ key, message: 'No.', remedy: '' })) })
    expect(isPlaced(said('name', 'steps', 'steps.2.form.player'))).toBe(true)
    expect(isPlaced(said('name', 'when'))).toBe(false)
    expect(isPlaced(said())).toBe(false)
  })
  it('is a name that another has', () => expect(toldFaults(new ApiError({ code: 'name_taken', status: 409, title: 'Taken', detail: 'There is one.', remedy: '' }), [])).toEqual({ name: 'There is one.' }))
})

describe('who may', () => {
  it('add which steps is said with the right that is missing', () => {
    const reader = aServer({ permissions: ['schedules.create', 'power.stop'] })
    expect(STEP_KINDS.map((kind) => refusalOf(kind, reader, undefined))).toEqual([null, expect.stringContaining('console.write'), expect.stringContaining('actions.use'), expect.stringContaining('actions.use'), expect.stringContaining('backups.create'), null])
    expect(beginning('power', reader)).toEqual({ type: 'power', action: 'stop' })
  })
  it('say something only in a game that can', () => {
    expect(refusalOf('broadcast', server, offer)).toBeNull()
    expect(refusalOf('broadcast', server, { items: [], broadcast: null })).toMatch(/cannot tell/)
    expect(refusalOf('command', aServer({ blueprint: { ...server.blueprint, commands: 'none' } }), offer)).toMatch(/no commands/)
  })
})

describe('a form begins', () => {
  it('with a warning before the restart where the game can give one', () => {
    expect(begun('restart', server, offer).steps.map(({ deed }) => deed.type)).toEqual(['broadcast', 'wait', 'power'])
    expect(begun('restart', server, { items: [], broadcast: null }).steps.map(({ deed }) => deed.type)).toEqual(['power'])
  })
  it('whole but for what only people know', () => {
    for (const start of ['restart', 'say'] as const) expect(ownFaults(begun(start, server, offer), offer)).toEqual({})
    expect(Object.values(ownFaults(begun('save', server, offer), offer))).toHaveLength(1)
    expect(Object.keys(ownFaults(begun(undefined, server, offer), offer))).toEqual(['name', 'steps'])
  })
  it('as the schedule that it changes', () => expect(stored(view)).toMatchObject({ name: 'Weekend', availability: 'always', timeZone: 'UTC', when: { kind: 'daily', time: '04:00' } }))
})
