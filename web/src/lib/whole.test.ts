import { expect, it } from 'vitest'
import { wholeProblem } from './whole'

it('takes whole numbers, with room around them', () => {
  for (const text of ['0', '512', ' 512 ', '999999999']) expect(wholeProblem(text, 9)).toBeNull()
})
it('tells apart what is negative, too large and no whole number', () => {
  for (const text of ['-5', ' -1']) expect(wholeProblem(text, 9)).toBe('It must not be negative.')
  expect(wholeProblem('1234567890', 9)).toBe('At most 9 digits.')
  for (const text of ['', '1.5', '1,000', '-', 'many', '-1.5', '1e3']) expect(wholeProblem(text, 9)).toBe('Choose a whole number.')
})
