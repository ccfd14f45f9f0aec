import { describe, expect, it } from 'vitest'
import { ApiError } from '~/api/problem'
import { againAfter, asksAgain } from './again'

const failed = (status: number, retryAfter: number | null = null) =>
  new ApiError({ code: 'x', status, title: '', detail: '', remedy: '' }, retryAfter)

describe('asking again', () => {
  it('waits a limit out, as long as the answer says, and no longer than a person would', () => {
    expect([0, 3, 4].map((count) => asksAgain(count, failed(429, 1)))).toEqual([true, true, false])
    expect(asksAgain(0, failed(429, 60))).toBe(false)
    expect(againAfter(0, failed(429, 3), () => 0)).toBe(3_000)
    expect(againAfter(0, failed(429, 3), () => 1)).toBe(3_500)
  })

  it('tries a control plane that does not answer twice more, and takes no for an answer', () => {
    expect([0, 1, 2].map((count) => asksAgain(count, failed(0)))).toEqual([true, true, false])
    expect([404, 422, 500, 502].map((status) => asksAgain(0, failed(status)))).toEqual([false, false, false, true])
    expect(asksAgain(0, new Error('a defect'))).toBe(false)
    expect([0, 1, 10].map((count) => againAfter(count, failed(502)))).toEqual([1_000, 2_000, 30_000])
  })
})
