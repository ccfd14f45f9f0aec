import { describe, expect, it } from 'vitest'
import { labelOf, matching, meant, type Choice } from './catalog'

const CHOICES: Choice[] = [
  { value: 'latest', label: 'Newest release (1.21.6)' },
  { value: '1.21.6', label: '1.21.6' },
  { value: '1.21.4', label: '1.21.4' },
  { value: '25w03a', label: '25w03a (snapshot)' },
]
const values = (typed: string) => matching(CHOICES, typed).map((choice) => choice.value)

describe('a list that is searched', () => {
  it('is whole while nothing is typed', () => expect(values(' ')).toEqual(CHOICES.map((choice) => choice.value)))
  it('shows first what begins so', () => expect(values('1.21')).toEqual(['1.21.6', '1.21.4', 'latest']))
  it('finds every word wherever it stands', () => expect(values('SNAP 25w')).toEqual(['25w03a']))
  it('finds nothing that is not there', () => expect(values('1.8')).toEqual([]))
})

describe('what was typed', () => {
  it('is a choice by its value or its label', () => {
    expect(meant(CHOICES, '1.21.4')).toBe('1.21.4')
    expect(meant(CHOICES, 'newest release (1.21.6)')).toBe('latest')
  })
  it('is itself where the list has no such thing', () => expect(meant(CHOICES, ' 1.8.9 ')).toBe('1.8.9'))
  it('is shown by its label', () => {
    expect(labelOf(CHOICES, 'latest')).toBe('Newest release (1.21.6)')
    expect(labelOf(CHOICES, '1.8.9')).toBe('1.8.9')
  })
})
