import { expect, it } from 'vitest'
import { ApiError } from '~/api/problem'
import { moveAll, whyNot } from './moves'
import { patience } from './patience'

const patient = patience(new AbortController().signal, () => undefined)

it('moves each by its own call and tells which were refused', async () => {
  const asked: string[] = []
  const rename = (from: string, to: string) => {
    asked.push(`${from} → ${to}`)
    return from === 'a/2' ? Promise.reject(new ApiError({ code: 'file_exists', status: 409, title: '', detail: '', remedy: '' })) : Promise.resolve()
  }
  expect((await moveAll(['1', '2', '3'], 'a', '', rename, patient)).map(({ name }) => name)).toEqual(['2'])
  expect(asked).toEqual(['a/1 → 1', 'a/2 → 2', 'a/3 → 3'])
})
it('nothing goes to where it is, or into itself', () => {
  expect(whyNot(['x'], 'a', 'a')).toEqual({ same: true })
  expect(whyNot(['x', 'y'], 'a', 'a/y/z')).toEqual({ itself: 'y' })
  expect(whyNot(['x'], '', 'xy')).toBeNull()
})
