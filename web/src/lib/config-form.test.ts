import { expect, it } from 'vitest'
import type { ConfigFieldView, Variable } from '~/api/types'
import { begun, mayBeSent } from './config-form'

const question = (kind: Variable['kind'], defaultValue: string | null = null): Variable => ({ key: 'k', label: 'K', help: '', group: '', kind, defaultValue, required: false, viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: true })
const field = (more: Partial<ConfigFieldView> & Pick<ConfigFieldView, 'question'>): ConfigFieldView => ({ value: null, isSet: false, misfit: null, editable: true, reason: null, ...more })
const number = question({ type: 'number', minimum: 0, maximum: 9, step: 1, unit: null }, '4')
const choice = question({ type: 'one_of', choices: [{ value: 'a', label: 'A', help: null }] }, 'a')
const text = question({ type: 'text', minLength: 0, maxLength: 9, pattern: null, patternHelp: null })
const secret = question({ type: 'secret', minLength: 0, maxLength: 9, pattern: null, patternHelp: null })

it('begins with what stands in the file, or what the game takes where nothing does', () => {
  expect(begun(field({ question: number, value: '7', isSet: true }))).toBe('7')
  expect(begun(field({ question: number }))).toBe('4')
  expect(begun(field({ question: text }))).toBe('')
})
it('leaves out of a control what that cannot hold, and shows it where it can', () => {
  expect(begun(field({ question: choice, value: 'red', isSet: true, misfit: 'No.' }))).toBe('')
  expect(begun(field({ question: number, value: 'many', isSet: true, misfit: 'No.' }))).toBe('many')
  expect(begun(field({ question: number, isSet: true, misfit: 'Several.' }))).toBe('')
})
it('never begins with a secret, and sends none that is empty', () => {
  const set = field({ question: secret, isSet: true })
  expect(begun(set)).toBe('')
  expect(mayBeSent(set, '')).toBe(false)
  expect(mayBeSent(set, 'x')).toBe(true)
})
it('sends what is another than what stands there', () => {
  const seven = field({ question: number, value: '7', isSet: true })
  expect(mayBeSent(seven, '7')).toBe(false)
  expect(mayBeSent(seven, '8')).toBe(true)
  expect(mayBeSent(field({ question: text, value: 'hi', isSet: true }), '')).toBe(true)
  const wrong = field({ question: choice, value: 'red', isSet: true, misfit: 'No.' })
  expect(mayBeSent(wrong, '')).toBe(false)
  expect(mayBeSent(wrong, 'a')).toBe(true)
})
