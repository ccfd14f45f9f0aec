import { expect, it } from 'vitest'
import { LineBuffer, isGap, isRestart, type Entry } from './line-buffer'

const line = (seq: number) => ({ seq, at: '2026-01-01T00:00:00Z', source: 'game' as const, text: `line ${String(seq)}` })
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => line(from + i))

const what = (e: Entry) => (isGap(e) ? 'gap' : isRestart(e) ? 'restart' : e.seq)

it('takes each line once when a reconnect repeats some', () => {
  const buffer = new LineBuffer(100)
  buffer.append(range(1, 5))
  expect(buffer.append(range(4, 7)).map((l) => l.seq)).toEqual([6, 7])
  expect(buffer.last).toBe(7)
})
it('keeps no more than its capacity, give or take a tenth, and the newest', () => {
  const buffer = new LineBuffer(100)
  for (let i = 0; i < 10_000; i += 10) buffer.append(range(i, i + 9))
  expect(buffer.entries.length).toBeLessThanOrEqual(110)
  expect(buffer.last).toBe(9_999)
})
it('marks a gap once and goes on after it', () => {
  const buffer = new LineBuffer(100)
  buffer.append(range(1, 3))
  expect(buffer.gap(4, 9)).toEqual({ gap: true, from: 4, to: 9 })
  expect(buffer.gap(4, 9)).toBeNull()
  buffer.append(range(8, 11))
  expect(buffer.entries.map(what)).toEqual([1, 2, 3, 'gap', 10, 11])
})
it('puts history in front without repeating what it has', () => {
  const buffer = new LineBuffer(100)
  buffer.append(range(10, 12))
  expect(buffer.prepend(range(5, 11))).toBe(true)
  expect(buffer.entries.map(what)).toEqual([5, 6, 7, 8, 9, 10, 11, 12])
  expect(buffer.first).toBe(5)
  expect(buffer.prepend(range(5, 9))).toBe(false)
})
it('does not ask again for lines that were cleared away', () => {
  const buffer = new LineBuffer(100)
  buffer.append(range(1, 5))
  buffer.clear()
  expect(buffer.entries).toEqual([])
  expect(buffer.append(range(1, 6)).map((l) => l.seq)).toEqual([6])
})
it('counts again after a restart and asks for nothing older', () => {
  const buffer = new LineBuffer(100)
  expect(buffer.restart()).toBeNull()
  buffer.append(range(7, 8))
  expect(buffer.restart()).toEqual({ restart: true })
  buffer.append(range(1, 2))
  expect(buffer.entries.map(what)).toEqual([7, 8, 'restart', 1, 2])
  expect(buffer.last).toBe(2)
  expect(buffer.first).toBeNull()
  expect(buffer.prepend(range(0, 0))).toBe(false)
})
