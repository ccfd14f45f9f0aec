import { describe, expect, it } from 'vitest'
import type { Variable, VariableKind } from '~/api/types'
import { byGroup, initialValue, variableProblem } from './validate'

const variable = (kind: VariableKind, rest: Partial<Variable> = {}): Variable => ({
  key: 'k', label: 'K', help: '', group: 'General', kind, defaultValue: null, required: false,
  viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: false, ...rest,
})
const text = (rule: object = {}) => variable({ type: 'text', minLength: 2, maxLength: 5, pattern: null, patternHelp: null, ...rule })
const number = (rule: object = {}) => variable({ type: 'number', minimum: 1, maximum: 64, step: 1, unit: 'players', ...rule })

describe('text', () => {
  it('counts characters, not code units', () => expect(variableProblem(text(), '🎮🎮🎮🎮🎮')).toBeNull())
  it('says how much is missing or too much', () => {
    expect(variableProblem(text(), 'a')).toMatch(/at least 2/)
    expect(variableProblem(text(), 'abcdef')).toMatch(/at most 5/)
  })
  it('matches the pattern against the whole value', () => {
    const map = text({ pattern: 'oa_[a-z]+', patternHelp: 'A map such as oa_dm', maxLength: 20 })
    expect(variableProblem(map, 'oa_dm')).toBeNull()
    expect(variableProblem(map, 'x oa_dm')).toBe('A map such as oa_dm')
  })
  it('leaves patterns that only RE2 knows to the server', () => {
    expect(variableProblem(text({ pattern: '(?i)abc' }), 'ABC')).toBeNull()
  })
  it('refuses a line break in one line', () => expect(variableProblem(text(), 'a\nb')).toMatch(/one line/i))
})

describe('number', () => {
  it('accepts the ends of its range', () => {
    expect(variableProblem(number(), '1')).toBeNull()
    expect(variableProblem(number(), '64')).toBeNull()
  })
  it('names the range with its unit', () => expect(variableProblem(number(), '65')).toMatch(/1.*64.*players/))
  it('refuses what is not decimal', () => {
    for (const bad of ['abc', '0x10', '1e3', '1,5', 'NaN', 'Infinity']) expect(variableProblem(number(), bad)).toMatch(/number/)
  })
  it('counts steps from the minimum', () => {
    const third = number({ minimum: 0.5, maximum: 10, step: 0.1 })
    expect(variableProblem(third, '0.8')).toBeNull()
    expect(variableProblem(third, '0.85')).not.toBeNull()
  })
  it('allows anything between when the step is zero', () => expect(variableProblem(number({ step: 0 }), '1.2345')).toBeNull())
})

describe('the rest', () => {
  it('asks for a required value but not for a secret that is set', () => {
    const secret = variable({ type: 'secret', minLength: 0, maxLength: 9, pattern: null, patternHelp: null }, { required: true })
    expect(variableProblem(secret, '')).not.toBeNull()
    expect(variableProblem(secret, '', true)).toBeNull()
  })
  it('accepts only what is offered', () => {
    const choice = variable({ type: 'one_of', choices: [{ value: 'ffa', label: 'Free for all', help: null }] }, { required: true })
    expect(variableProblem(choice, 'ffa')).toBeNull()
    expect(variableProblem(choice, 'ctf')).not.toBeNull()
    expect(initialValue(choice)).toBe('ffa')
  })
  it('begins a switch without a default as off', () => expect(initialValue(variable({ type: 'boolean' }))).toBe('false'))
  it('keeps groups in the order of their first variable', () => {
    const group = (name: string, key: string) => ({ ...text(), group: name, key })
    const grouped = byGroup([group('Game', 'a'), group('Rules', 'b'), group('Game', 'c')])
    expect(grouped.map((g) => [g.group, g.items.map((v) => v.key)])).toEqual([['Game', ['a', 'c']], ['Rules', ['b']]])
  })
})
