import { expect, test } from 'vitest'
import { aServer } from '../../mock-api/data'
import { tellingOf } from './players'

const game = aServer().sample?.game

test('a number is a number, and none of them is one too', () => {
  expect(tellingOf(game && { ...game, players: 3 })).toBe('counted')
  expect(tellingOf(game && { ...game, players: 0 })).toBe('counted')
})

test('an answer without a number is not the same as no answer', () => {
  expect(tellingOf(game && { ...game, players: null, playerList: [] })).toBe('untold')
  expect(tellingOf(null)).toBe('unasked')
  expect(tellingOf(undefined)).toBe('unasked')
})
