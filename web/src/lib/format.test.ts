import { describe, expect, it } from 'vitest'
import { address, ago, bytes, celsius, cores, decimal, duration, limit, percent, rate } from './format'

describe('numbers', () => {
  it('keeps three significant digits at most', () => {
    expect([0, 512, 1023, 1536, 10 * 1024 ** 2, 123.4 * 1024 ** 2, 1.27 * 1024 ** 3].map(bytes)).toEqual([
      '0 B', '512 B', '1 KiB', '1.5 KiB', '10 MiB', '123 MiB', '1.27 GiB',
    ])
  })
  it('never shows a negative size', () => expect(bytes(-5)).toBe('0 B'))
  it('speaks of cores and percent of one core', () => {
    expect(cores(100)).toBe('1 core')
    expect(cores(150)).toBe('1.5 cores')
    expect(percent(3.26)).toBe('3.3 %')
    expect(percent(149.6)).toBe('150 %')
    expect(rate(2048)).toBe('2 KiB/s')
  })
  it('keeps as many digits as say something', () => {
    expect([0, 0.424, 3.5, 12.55, 140.2].map(decimal)).toEqual(['0', '0.42', '3.5', '12.6', '140'])
    expect(celsius(61.4)).toBe('61 °C')
  })
  it('reads zero as no limit', () => {
    expect(limit(0, cores, 'no limit')).toBe('no limit')
    expect(limit(200, cores, 'no limit')).toBe('2 cores')
  })
})

describe('time', () => {
  const now = Date.parse('2026-01-01T12:00:00Z')
  it('shows two units of a duration at most', () => {
    expect([0, 59, 60, 3725, 90_061].map(duration)).toEqual(['0 s', '59 s', '1 min', '1 h 2 min', '1 d 1 h'])
  })
  it('does not skip a unit to show a smaller one', () => expect(duration(86_400 + 59)).toBe('1 d'))
  it('says how long ago', () => {
    expect(ago('2026-01-01T11:59:58Z', now)).toBe('just now')
    expect(ago('2026-01-01T11:15:00Z', now)).toBe('45 min ago')
    expect(ago('2026-01-01T12:10:00Z', now)).toBe('in 10 min')
  })
})

it('puts an IPv6 address in brackets', () => {
  expect(address({ address: '::1', port: 27960 })).toBe('[::1]:27960')
  expect(address({ address: '10.0.0.1', port: 27960 })).toBe('10.0.0.1:27960')
})
