import { expect, it } from 'vitest'
import type { NodeSample } from '~/api/types'
import { fromNodeHistory, fromNodeSamples } from './node-series'
import { joined } from './series'

const sample = (second: number, change: Partial<NodeSample> = {}): NodeSample => ({
  at: new Date(second * 1000).toISOString(),
  uptimeSeconds: 1,
  cpu: { user: 10, system: 5, iowait: 3, steal: 1 },
  cores: [],
  memory: { totalBytes: 100, availableBytes: 60, usedBytes: 40, cachedBytes: 20 },
  swap: { totalBytes: 0, usedBytes: 0 },
  load: { one: 1, five: 2, fifteen: 3 },
  fileSystems: [
    { mountPoint: '/', device: '/dev/sda1', kind: 'ext4', totalBytes: 9, usedBytes: 8, availableBytes: 1, inodes: 0, usedInodes: 0, holdsServers: false },
    { mountPoint: '/srv', device: '/dev/sdb1', kind: 'xfs', totalBytes: 9, usedBytes: 3, availableBytes: 6, inodes: 0, usedInodes: 0, holdsServers: true },
  ],
  disks: [1, 2].map((n) => ({ name: `sd${String(n)}`, readBytes: n, writtenBytes: 10 * n, reads: 0, writes: 0, busy: 0 })),
  interfaces: [{ name: 'eth0', rxBytes: 7, txBytes: 8, rxPackets: 0, txPackets: 0, errors: 0 }],
  temperatures: [{ label: 'cpu', celsius: 41 }, { label: 'nvme', celsius: 52 }],
  tcp: { established: 3, listening: 2, opening: 0, closing: 1, timeWait: 4, more: false },
  ...change,
})

it('sums devices, takes the hottest, and knows the disk of the servers', () => {
  const { values } = fromNodeSamples([sample(0)])
  expect(values).toMatchObject({ cpu: [16], iowait: [3], read: [3], written: [30], received: [7], sent: [8], connections: [10], disk: [3], temperature: [52] })
})
it('has no rates before there are two readings, and no temperature without a thermometer', () => {
  const { values } = fromNodeSamples([sample(0, { cpu: null, disks: [], interfaces: [], temperatures: [], fileSystems: [] })])
  expect(values).toMatchObject({ cpu: [null], read: [null], received: [null], temperature: [null], disk: [null], memory: [40] })
})
it('goes on from history, and leaves what was not measured open', () => {
  const past = fromNodeHistory([{ at: new Date(0).toISOString(), cpuPercent: 5 }, { at: new Date(10_000).toISOString() }], 10)
  const all = joined(past, fromNodeSamples([sample(25), sample(26)]), 10)
  expect(all.times).toEqual([10, 20, 25, 26])
  expect(all.values.cpu).toEqual([5, null, 16, 16])
})
