import { describe, expect, it } from 'vitest'
import { allowanceOf, allowanceProblem, remaining, textOf } from './allowance'

const none = { servers: null, memoryMib: null, diskMib: null, cpuPercent: null }

describe('what an account may use', () => {
  it('is empty where there is no limit, both ways', () => {
    const limits = { ...none, servers: 0, memoryMib: 4096 }
    expect(textOf(limits)).toEqual({ servers: '0', memoryMib: '4096', diskMib: '', cpuPercent: '' })
    expect(allowanceOf(textOf(limits))).toEqual(limits)
  })
  it('is a whole number, and nothing at all of servers alone', () => {
    expect([allowanceProblem('servers', '0'), allowanceProblem('memoryMib', '')]).toEqual([null, null])
    for (const [key, text] of [['memoryMib', '0'], ['servers', '-1'], ['diskMib', '1.5']] as const) expect(allowanceProblem(key, text)).not.toBeNull()
  })
  it('says what is left of what is bounded, and what is spent', () => {
    const used = { servers: 2, memoryMib: 1024, diskMib: 9000, cpuPercent: 100 }
    expect(remaining({ limits: none, left: none, used })).toEqual([])
    const view = { limits: { ...none, servers: 2, memoryMib: 4096 }, left: { ...none, servers: 0, memoryMib: 3072 }, used }
    expect(remaining(view)).toEqual([{ key: 'servers', text: '0 of 2', spent: true }, { key: 'memoryMib', text: '3 GiB of 4 GiB', spent: false }])
  })
})
