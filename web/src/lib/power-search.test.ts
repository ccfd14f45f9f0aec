import { expect, it } from 'vitest'
import { aServer, actionsFor } from '../../mock-api/data'
import { powerByName, powerByVerb, spokenPower } from './power-search'

const running = aServer({ id: 'a', name: 'Arena' })
const offline = aServer({ id: 'b', name: 'Barn', observed: { ...aServer().observed, state: 'offline' } })
const foreign = aServer({ id: 'c', name: 'Camp', actions: actionsFor(aServer({ permissions: ['server.read', 'power.restart'] })).map((one) => (one.reason?.startsWith('You may not') ? { ...one, code: 'forbidden' as const } : one)) })
const told = (choices: ReturnType<typeof powerByName>) => choices.map(({ verb, server, reason }) => `${verb} ${server.name}${reason ? ' no' : ''}`)

it('takes the first word for a verb once it can be one', () => {
  expect(spokenPower('stop hill top')).toEqual({ verbs: ['stop'], name: 'hill top' })
  expect(spokenPower('ST')).toEqual({ verbs: ['start', 'stop'], name: '' })
  expect(spokenPower('s')).toEqual({ verbs: [], name: '' })
  expect(spokenPower('hill stop')).toEqual({ verbs: [], name: '' })
  expect(spokenPower('stopover')).toEqual({ verbs: [], name: '' })
})
it('offers by name only what the state and the rights allow', () => {
  expect(told(powerByName([running, offline, foreign]))).toEqual(['stop Arena', 'restart Arena', 'start Barn', 'restart Camp'])
})
it('offers by a verb alone what is possible, and says of a named server why it is not', () => {
  expect(told(powerByVerb([running, offline, foreign], { verbs: ['stop'], name: '' }))).toEqual(['stop Arena'])
  expect(told(powerByVerb([running, offline, foreign], { verbs: ['stop'], name: 'a' }))).toEqual(['stop Arena', 'stop Barn no'])
})
it('never speaks of what somebody has no right to', () => {
  expect(told(powerByVerb([foreign], { verbs: ['start', 'stop'], name: 'camp' }))).toEqual([])
})
