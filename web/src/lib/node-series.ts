/** What a node's machine did, as the columns of its charts: from history and from live samples alike. */
import type { NodeSample, NodeStatisticsPoint } from '~/api/types'
import { seconds, tabulate, type Table } from './series'

const NAMES = ['cpu', 'iowait', 'steal', 'memory', 'swap', 'load1', 'load5', 'load15', 'read', 'written', 'received', 'sent', 'established', 'connections', 'disk', 'temperature'] as const
export type NodeColumns = Table<(typeof NAMES)[number]>

/** All that was not idle. */
export const busy = (cpu: NodeSample['cpu']): number | null => (cpu ? cpu.user + cpu.system + cpu.steal : null)

const sum = <T>(items: readonly T[], value: (item: T) => number) => items.reduce((total, item) => total + value(item), 0)
export const connections = ({ established, listening, opening, closing, timeWait }: NodeSample['tcp']): number => established + listening + opening + closing + timeWait
export const hottest = (sample: NodeSample): number | null => (sample.temperatures.length > 0 ? Math.max(...sample.temperatures.map((one) => one.celsius)) : null)
/** The file system that holds the servers' files. */
export const serversDisk = (sample: NodeSample | undefined) => sample?.fileSystems.find((one) => one.holdsServers)

export const fromNodeHistory = (points: readonly NodeStatisticsPoint[], stepSeconds: number): NodeColumns =>
  tabulate(
    NAMES,
    points.map((point) => ({
      at: seconds(point.at),
      cpu: point.cpuPercent ?? null,
      iowait: point.cpuIowaitPercent ?? null,
      steal: point.cpuStealPercent ?? null,
      memory: point.memoryBytes ?? null,
      swap: point.swapBytes ?? null,
      load1: point.loadOne ?? null,
      load5: point.loadFive ?? null,
      load15: point.loadFifteen ?? null,
      read: point.diskReadBytes ?? null,
      written: point.diskWrittenBytes ?? null,
      received: point.networkRxBytes ?? null,
      sent: point.networkTxBytes ?? null,
      established: point.tcpEstablished ?? null,
      connections: point.tcpTotal ?? null,
      disk: point.diskBytes ?? null,
      temperature: point.temperatureCelsius ?? null,
    })),
    stepSeconds,
  )

export const fromNodeSamples = (samples: readonly NodeSample[]): NodeColumns =>
  tabulate(
    NAMES,
    samples.map((sample) => {
      // Rates are known from the second reading on, all at once.
      const rate = <T>(items: readonly T[], value: (item: T) => number) => (sample.cpu ? sum(items, value) : null)
      return {
        at: seconds(sample.at),
        cpu: busy(sample.cpu),
        iowait: sample.cpu?.iowait ?? null,
        steal: sample.cpu?.steal ?? null,
        memory: sample.memory.usedBytes,
        swap: sample.swap.usedBytes,
        load1: sample.load.one,
        load5: sample.load.five,
        load15: sample.load.fifteen,
        read: rate(sample.disks, (disk) => disk.readBytes),
        written: rate(sample.disks, (disk) => disk.writtenBytes),
        received: rate(sample.interfaces, (one) => one.rxBytes),
        sent: rate(sample.interfaces, (one) => one.txBytes),
        established: sample.tcp.established,
        connections: connections(sample.tcp),
        disk: serversDisk(sample)?.usedBytes ?? null,
        temperature: hottest(sample),
      }
    }),
    // The control plane may have had a sample of the slower beat before this page began to watch.
    5,
  )
