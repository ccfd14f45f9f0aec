import { expect, test } from 'vitest'
import { aServer, variablesOf } from '../../mock-api/data'
import { waitingFor } from './waiting'

test('settings are named before limits and addresses, each by its label', () => {
  const server = aServer({ waiting: ['limits', 'addresses'] })
  const settings = variablesOf(server)
  const waits = settings.items.map((item) => ({ ...item, needsRestart: item.variable.key === 'map' }))
  expect(waitingFor(server, { ...settings, items: waits })).toEqual(['First map', 'Limits', 'Addresses'])
  expect(waitingFor(server)).toEqual(['Limits', 'Addresses'])
})

test('where nothing waits there is nothing to say', () => {
  const server = aServer({ waiting: [] })
  const settings = variablesOf(server)
  expect(waitingFor(server, { ...settings, items: settings.items.map((item) => ({ ...item, needsRestart: false })) })).toEqual([])
})
