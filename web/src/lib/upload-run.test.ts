import { expect, it } from 'vitest'
import { ApiError } from '~/api/problem'
import { patience } from './patience'
import { againOf, runUpload, type Piece } from './upload-run'

const fault = (code: string, retryAfter: number | null = null) => new ApiError({ code, status: 400, title: code, detail: '', remedy: '' }, retryAfter)
const folder = (path: string): Piece => ({ path, file: null })
const file = (path: string, size = 2): Piece => ({ path, file: new File(['x'.repeat(size)], path) })

/** Runs against a node that refuses some paths, and tells what it was asked in which order. */
async function run(pieces: Piece[], refuses: Record<string, ApiError[]> = {}) {
  const asked: string[] = []
  const told: number[] = []
  const pauses: (number | null)[] = []
  let [underWay, most] = [0, 0]
  const answer = async (path: string) => {
    asked.push(path)
    underWay += 1
    most = Math.max(most, underWay)
    await Promise.resolve()
    underWay -= 1
    const problem = refuses[path]?.shift()
    if (problem) throw problem
  }
  const { signal } = new AbortController()
  const patient = patience(signal, (seconds) => pauses.push(seconds), () => Promise.resolve())
  const missed = await runUpload(pieces, { makeDirectory: answer, upload: (path) => answer(path) }, patient, signal, ({ sent }) => told.push(sent))
  return { asked, most, pauses, sent: told.at(-1), missed: missed.map(({ piece, error }) => `${piece.path}: ${error.code}`) }
}

it('makes directories before what is in them, outermost first', async () => {
  const { asked } = await run([file('a/b/1'), folder('a/b'), folder('a')])
  expect(asked).toEqual(['a', 'a/b', 'a/b/1'])
})
it('sends three files at once and no more', async () => {
  expect((await run(Array.from({ length: 9 }, (_, i) => file(String(i))))).most).toBe(3)
})
it('counts what has arrived', async () => expect((await run([file('1', 5), file('2', 7)])).sent).toBe(12))
it('a directory that is there already is as good as a made one', async () => {
  expect((await run([folder('a'), file('a/1')], { a: [fault('file_exists')] })).missed).toEqual([])
})
it('a file that is refused leaves the others alone', async () => {
  const { missed, asked } = await run([file('1'), file('2'), file('3'), file('4')], { 1: [fault('file_exists')] })
  expect(missed).toEqual(['1: file_exists'])
  expect(asked).toHaveLength(4)
})
it('a file that only the game writes leaves the others alone', async () => {
  const { missed, asked } = await run(Array.from({ length: 9 }, (_, i) => file(String(i))), { 0: [fault('file_protected')] })
  expect(missed).toEqual(['0: file_protected'])
  expect(asked).toHaveLength(9)
})
it('a directory that cannot be made takes all in it along, and is asked for once', async () => {
  const { missed, asked } = await run([folder('a'), folder('a/b'), file('a/b/1'), file('2')], { a: [fault('file_refused')] })
  expect(missed).toEqual(['a: file_refused', 'a/b: file_refused', 'a/b/1: file_refused'])
  expect(asked).toEqual(['a', '2'])
})
it('what would befall every file ends the whole, and each is told of', async () => {
  const many = Array.from({ length: 20 }, (_, i) => file(String(i)))
  const { missed, asked } = await run(many, { 0: [fault('quota_exceeded')] })
  expect(asked.length).toBeLessThan(7)
  expect(missed.length + asked.length).toBeGreaterThanOrEqual(20)
  expect(missed.every((one) => one.endsWith('quota_exceeded'))).toBe(true)
})
it('a limit of requests is waited for, and nothing is lost by it', async () => {
  const { missed, pauses, asked } = await run([file('1'), file('2')], { 1: [fault('rate_limited', 4), fault('rate_limited', 2)] })
  expect(missed).toEqual([])
  expect(pauses).toEqual([4, null, 2, null])
  expect(asked.filter((path) => path === '1')).toHaveLength(3)
})
it('calling it off ends it without an account', async () => {
  const call = new AbortController()
  const patient = patience(call.signal, () => undefined)
  const upload = () => {
    call.abort()
    return Promise.reject(new DOMException('called off', 'AbortError'))
  }
  await expect(runUpload([file('1')], { makeDirectory: upload, upload }, patient, call.signal, () => undefined)).rejects.toThrow()
})
it('sends again with the directories that it needs', () => {
  const error = fault('not_found')
  expect(againOf([{ piece: file('in/a/b/1'), error }, { piece: folder('in/c'), error }], 'in').map((one) => one.path)).toEqual(['in/a/b', 'in/a', 'in/c', 'in/a/b/1'])
})
