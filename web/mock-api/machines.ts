/** What the machines of the installation do, the same for a moment whenever it is asked for. */
import type { NodePartsView, NodeSample, NodeStatisticsPoint, NodeView } from '../src/api/types'

const GIB = 1024 ** 3
const wave = (at: number, period: number, shift = 0) => Math.sin((at / period) * 2 * Math.PI + shift)

export function machineAt(at: number, node: NodeView): NodeSample {
  const count = node.report?.system.cpuCount ?? 4
  const total = (node.report?.system.memoryMib ?? 8_192) * 1024 ** 2
  const day = 0.5 + 0.35 * wave(at, 86_400, 2.2)
  const core = (n: number) => {
    const share = Math.min(96, Math.max(1, 62 * day + 24 * wave(at, 60 + n * 7, n) + (n % 5) * 4))
    return { user: share * 0.7, system: share * 0.25, iowait: Math.max(0, 2 + 2 * wave(at, 13, n)), steal: share * 0.05 }
  }
  const cores = Array.from({ length: count }, (_, n) => ({ core: n, cpu: core(n) }))
  const mean = (name: 'user' | 'system' | 'iowait' | 'steal') => cores.reduce((sum, one) => sum + one.cpu[name], 0) / count
  const usedBytes = Math.round(total * (0.44 + 0.14 * day + 0.01 * wave(at, 240)))
  const load = count * (0.35 + 0.4 * day)
  const disk = (name: string, busy: number) => ({ name, readBytes: Math.round(busy * 190_000), writtenBytes: Math.round(busy * 420_000), reads: busy * 11, writes: busy * 26, busy })
  return {
    at: new Date(at * 1000).toISOString(),
    uptimeSeconds: 41 * 86_400 + Math.round(at % 86_400),
    cpu: { user: mean('user'), system: mean('system'), iowait: mean('iowait'), steal: mean('steal') },
    cores,
    memory: { totalBytes: total, availableBytes: total - usedBytes, usedBytes, cachedBytes: Math.round(total * 0.31) },
    swap: { totalBytes: 8 * GIB, usedBytes: Math.round((0.4 + 0.1 * day) * GIB) },
    load: { one: load * (1 + 0.1 * wave(at, 70)), five: load * (1 + 0.04 * wave(at, 300)), fifteen: load },
    fileSystems: [
      { mountPoint: '/', device: '/dev/nvme0n1p2', kind: 'ext4', totalBytes: 98 * GIB, usedBytes: 41 * GIB, availableBytes: 52 * GIB, inodes: 6_553_600, usedInodes: 412_210, holdsServers: false },
      { mountPoint: '/boot/efi', device: '/dev/nvme0n1p1', kind: 'vfat', totalBytes: 0.5 * GIB, usedBytes: 0.006 * GIB, availableBytes: 0.494 * GIB, inodes: 0, usedInodes: 0, holdsServers: false },
      { mountPoint: '/srv/games', device: '/dev/nvme1n1', kind: 'xfs', totalBytes: 931 * GIB, usedBytes: 804 * GIB, availableBytes: 127 * GIB, inodes: 488_281_000, usedInodes: 9_204_118, holdsServers: true },
    ],
    disks: [disk('nvme0n1', 3 + 2 * wave(at, 21)), disk('nvme1n1', 34 + 18 * wave(at, 34))],
    interfaces: [
      { name: 'enp1s0f0', rxBytes: Math.round(2_400_000 * day + 240_000 * wave(at, 9)), txBytes: Math.round(7_900_000 * day + 620_000 * wave(at, 12)), rxPackets: 4_200 * day, txPackets: 6_900 * day, errors: 0 },
      { name: 'enp1s0f1', rxBytes: 1_240, txBytes: 980, rxPackets: 3, txPackets: 2, errors: 0.2 },
    ],
    temperatures: [
      { label: 'k10temp Tctl', celsius: 48 + 14 * day + wave(at, 40), criticalCelsius: 95 },
      { label: 'nvme Composite', celsius: 41 + 3 * day, criticalCelsius: 84.8 },
      { label: 'nvme Composite', celsius: 58 + 4 * wave(at, 90), criticalCelsius: 70 },
      { label: 'acpitz', celsius: 39, criticalCelsius: null },
    ],
    tcp: { established: Math.round(180 + 90 * day + 8 * wave(at, 25)), listening: 14, opening: 1, closing: 5, timeWait: Math.round(30 + 12 * wave(at, 50)), more: false },
  }
}

/** The two numbers of the list. */
export function usageOf(node: NodeView): NodeView['usage'] {
  if (node.state !== 'connected') return null
  const { at, cpu, memory } = machineAt(Date.now() / 1000, node)
  return { at, cpuPercent: cpu ? cpu.user + cpu.system + cpu.steal : null, memoryBytes: memory.usedBytes, memoryTotalBytes: memory.totalBytes }
}

export function machinePoint(at: number, node: NodeView): NodeStatisticsPoint {
  const { cpu, memory, swap, load, disks, interfaces, fileSystems, temperatures, tcp, ...sample } = machineAt(at, node)
  const servers = fileSystems.find((one) => one.holdsServers)
  const sum = (values: number[]) => values.reduce((all, one) => all + one, 0)
  return {
    at: sample.at,
    cpuPercent: cpu ? cpu.user + cpu.system + cpu.steal : null,
    cpuIowaitPercent: cpu?.iowait ?? null,
    cpuStealPercent: cpu?.steal ?? null,
    memoryBytes: memory.usedBytes,
    memoryTotalBytes: memory.totalBytes,
    swapBytes: swap.usedBytes,
    swapTotalBytes: swap.totalBytes,
    loadOne: load.one,
    loadFive: load.five,
    loadFifteen: load.fifteen,
    diskReadBytes: sum(disks.map((disk) => disk.readBytes)),
    diskWrittenBytes: sum(disks.map((disk) => disk.writtenBytes)),
    diskBytes: servers?.usedBytes ?? null,
    diskTotalBytes: servers?.totalBytes ?? null,
    networkRxBytes: sum(interfaces.map((one) => one.rxBytes)),
    networkTxBytes: sum(interfaces.map((one) => one.txBytes)),
    tcpEstablished: tcp.established,
    tcpTotal: tcp.established + tcp.listening + tcp.opening + tcp.closing + tcp.timeWait,
    temperatureCelsius: Math.max(...temperatures.map((one) => one.celsius)),
  }
}

/** The parts of one kind at each of these moments. */
export function machineParts(times: number[], kind: string, node: NodeView): Pick<NodePartsView, 'at' | 'series'> {
  const samples = times.map((at) => machineAt(at, node))
  const series = new Map<string, NodePartsView['series'][number]>()
  const add = (place: number, name: string, measure: string, value: number) => {
    const one = series.get(`${name}/${measure}`) ?? { name, measure, values: samples.map(() => null) }
    one.values[place] = value
    series.set(`${name}/${measure}`, one)
  }
  for (const [place, { cores, disks, interfaces, fileSystems, temperatures }] of samples.entries()) {
    if (kind === 'core') for (const { core, cpu } of cores) add(place, String(core), 'busy', cpu.user + cpu.system + cpu.steal)
    if (kind === 'disk') for (const one of disks) for (const [measure, value] of [['read', one.readBytes], ['written', one.writtenBytes], ['busy', one.busy]] as const) add(place, one.name, measure, value)
    if (kind === 'interface') for (const one of interfaces) for (const [measure, value] of [['received', one.rxBytes], ['sent', one.txBytes]] as const) add(place, one.name, measure, value)
    if (kind === 'file_system') for (const one of fileSystems) for (const [measure, value] of [['used', one.usedBytes], ['total', one.totalBytes]] as const) add(place, one.mountPoint, measure, value)
    if (kind === 'temperature') for (const one of temperatures) add(place, one.label, 'celsius', one.celsius)
  }
  return { at: samples.map((sample) => sample.at), series: [...series.values()] }
}
