import { expect, it, vi } from 'vitest'
import { ApiError } from '~/api/problem'
import { patience } from './patience'

const refusal = (status: number) => new ApiError({ code: 'x', status, title: '', detail: '', remedy: '' }, 3)

it('waits for a limit as long as it says, and asks again', async () => {
  const paused = vi.fn()
  const call = vi.fn(() => Promise.resolve('done')).mockRejectedValueOnce(refusal(429))
  const patiently = patience(new AbortController().signal, paused, () => Promise.resolve())
  expect(await patiently(call)).toBe('done')
  expect(paused.mock.calls).toEqual([[3], [null]])
})
it('does not repeat what may have been done, though the answer says when to come again', async () => {
  const call = vi.fn(() => Promise.reject(refusal(503)))
  const patiently = patience(new AbortController().signal, vi.fn(), () => Promise.resolve())
  await expect(patiently(call)).rejects.toThrow()
  expect(call).toHaveBeenCalledTimes(1)
})
