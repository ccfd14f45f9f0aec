import { expect, it } from 'vitest'
import { rangeIn, spanOf } from './ranges'

it('takes a known range from an address, and nothing else', () => {
  expect(rangeIn({ range: 'week', other: 1 })).toEqual({ range: 'week' })
  expect(rangeIn({ range: 'century' })).toEqual({})
  expect(rangeIn({})).toEqual({})
})
it('knows how long a range is', () => expect(spanOf('day')).toBe(86_400_000))
