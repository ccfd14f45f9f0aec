import { expect, it } from 'vitest'
import { countPorts, isAddress } from './ports'

it('counts ports and ranges, each port once', () => {
  expect(countPorts('27960')).toBe(1)
  expect(countPorts('27960-27970, 30000, 27960')).toBe(12)
})
it('refuses what is not ports', () => {
  for (const bad of ['', '0', '65536', '10-5', 'abc', '1,,2', '1-2-3', '99999999']) expect(countPorts(bad), bad).toBeNull()
})
it('knows addresses', () => {
  for (const good of ['10.0.0.1', '255.255.255.255', '::1', '2001:db8::5']) expect(isAddress(good), good).toBe(true)
  for (const bad of ['', '256.1.1.1', '10.0.0', 'localhost', '1.2.3.4.5']) expect(isAddress(bad), bad).toBe(false)
})
