/** What the machine is made of, and how much of each part is used at this moment. */
import { Gauge } from 'lucide-react'
import type { ReactNode } from 'react'
import { useLive } from '~/actions/context'
import { useNodeSamples } from '~/api/live'
import type { NodeSample, NodeView } from '~/api/types'
import { bytes, celsius, decimal, duration, mebibytes, percent, rate } from '~/lib/format'
import { s } from '~/strings'
import { machine } from '~/strings/machine'
import { Card, Facts } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { Meter } from '~/ui/meter'
import { useNode } from './layout'

type FileSystem = NodeSample['fileSystems'][number]
type Disk = NodeSample['disks'][number]
type Interface = NodeSample['interfaces'][number]
const t = machine.parts

const number = (text: string) => <span className="tabular text-sm">{text}</span>
const perSecond = (value: number) => t.perSecond(decimal(value))

const fileSystems: Column<FileSystem>[] = [
  { id: 'mount', header: t.mountPoint, track: 'minmax(9rem,2fr)', narrow: 'title', sort: (row) => row.mountPoint, cell: (row) => (
    <div className="min-w-0">
      <code className="block truncate font-mono text-sm" title={row.mountPoint}>{row.mountPoint}</code>
      <span className="block truncate text-xs text-dim" title={row.device}>{row.device}, {row.kind}{row.holdsServers && <>, {t.holdsServers}</>}</span>
    </div>
  ) },
  { id: 'used', header: t.used, track: 'minmax(9rem,2fr)', sort: (row) => share(row), cell: (row) => <Meter size="md" label={t.usedOf(row.mountPoint)} value={row.totalBytes - row.availableBytes} max={row.totalBytes} text={bytes(row.usedBytes)} detail={`/ ${bytes(row.totalBytes)}`} /> },
  { id: 'free', header: t.available, track: '6rem', align: 'right', sort: (row) => row.availableBytes, cell: (row) => number(bytes(row.availableBytes)) },
  { id: 'inodes', header: t.inodes, track: '5rem', align: 'right', sort: (row) => row.usedInodes, cell: (row) => number(row.inodes > 0 ? percent((row.usedInodes / row.inodes) * 100) : '–') },
]
/** How near it is to full; what is reserved cannot be written either. */
const share = (row: FileSystem) => (row.totalBytes > 0 ? 1 - row.availableBytes / row.totalBytes : 0)

const disks: Column<Disk>[] = [
  { id: 'name', header: t.device, track: 'minmax(6rem,2fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => <code className="block truncate font-mono text-sm">{row.name}</code> },
  { id: 'read', header: t.read, track: '7rem', align: 'right', sort: (row) => row.readBytes, cell: (row) => number(rate(row.readBytes)) },
  { id: 'written', header: t.written, track: '7rem', align: 'right', sort: (row) => row.writtenBytes, cell: (row) => number(rate(row.writtenBytes)) },
  { id: 'operations', header: t.operations, track: '7rem', align: 'right', sort: (row) => row.reads + row.writes, cell: (row) => number(perSecond(row.reads + row.writes)) },
  { id: 'busy', header: t.busy, track: 'minmax(6rem,1fr)', sort: (row) => row.busy, cell: (row) => <Meter label={t.busyOf(row.name)} value={row.busy} max={100} text={percent(row.busy)} /> },
]

const interfaces: Column<Interface>[] = [
  { id: 'name', header: t.interface, track: 'minmax(6rem,2fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => <code className="block truncate font-mono text-sm">{row.name}</code> },
  { id: 'rx', header: t.received, track: '7rem', align: 'right', sort: (row) => row.rxBytes, cell: (row) => number(rate(row.rxBytes)) },
  { id: 'tx', header: t.sent, track: '7rem', align: 'right', sort: (row) => row.txBytes, cell: (row) => number(rate(row.txBytes)) },
  { id: 'packets', header: t.packets, track: '7rem', align: 'right', sort: (row) => row.rxPackets + row.txPackets, cell: (row) => number(perSecond(row.rxPackets + row.txPackets)) },
  { id: 'errors', header: t.errors, track: '5rem', align: 'right', sort: (row) => row.errors, cell: (row) => number(perSecond(row.errors)) },
]

export function NodeSystemPage() {
  const node = useNode()
  const samples = useNodeSamples(useLive(), node.id)
  const connected = node.state === 'connected'
  const latest = connected ? samples.at(-1) : undefined
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="flex min-w-0 flex-col gap-5">{latest ? <Parts sample={latest} /> : <Card flush title={t.fileSystems}>{connected ? <SkeletonRows rows={3} label={s.overview.noLive} /> : <Empty icon={Gauge} title={machine.notMeasured}>{node.state === 'disconnected' ? machine.notMeasuredHelp : machine.unmeasuredHelp}</Empty>}</Card>}</div>
      <div className="flex min-w-0 flex-col gap-5 max-xl:order-first">
        <Identification node={node} uptimeSeconds={latest?.uptimeSeconds} />
        {latest && <Temperatures sample={latest} />}
        {latest && <Connections sample={latest} />}
      </div>
    </div>
  )
}

function Parts({ sample }: { sample: NodeSample }) {
  const card = <T,>(title: string, rows: T[], columns: Column<T>[], rowKey: (row: T) => string, none: string): ReactNode => (
    <Card flush title={title}>{rows.length > 0 ? <GridTable label={title} rows={rows} columns={columns} rowKey={rowKey} /> : <p className="p-4 text-sm text-dim">{none}</p>}</Card>
  )
  return (
    <>
      {card(t.fileSystems, sample.fileSystems, fileSystems, (row) => row.mountPoint, t.noFileSystems)}
      {card(t.disks, sample.disks, disks, (row) => row.name, sample.cpu ? t.noDisks : s.overview.noLive)}
      {card(t.interfaces, sample.interfaces, interfaces, (row) => row.name, sample.cpu ? t.noInterfaces : s.overview.noLive)}
    </>
  )
}

function Identification({ node, uptimeSeconds }: { node: NodeView; uptimeSeconds: number | undefined }) {
  const { report } = node
  const system = report?.system
  return (
    <Card title={s.nodes.system}>
      {report && system ? (
        <Facts
          items={[
            { term: machine.hostname, value: system.hostname },
            ...(system.hardware ? [{ term: machine.hardware, value: system.hardware }] : []),
            { term: machine.os, value: system.os },
            { term: machine.kernel, value: `${system.kernel} ${system.architecture}` },
            ...(system.packageManager ? [{ term: machine.packageManager, value: system.packageManager }] : []),
            { term: s.nodes.cpu, value: <>{system.cpuModel} <span className="text-dim">{machine.cpuCount(system.cpuCount)}</span></> },
            { term: s.nodes.memory, value: mebibytes(system.memoryMib) },
            { term: s.nodes.disk, value: mebibytes(system.diskMib) },
            ...(uptimeSeconds === undefined ? [] : [{ term: s.overview.uptime, value: <span className="tabular">{duration(uptimeSeconds)}</span> }]),
            { term: machine.runtime, value: report.runtime },
            { term: machine.agent, value: report.agentVersion },
            { term: machine.plugins, value: String(report.plugins.length) },
          ]}
        />
      ) : (
        <p className="text-sm text-dim">{machine.notReported}</p>
      )}
    </Card>
  )
}

function Temperatures({ sample: { temperatures } }: { sample: NodeSample }) {
  return (
    <Card title={t.temperatures}>
      {temperatures.length === 0 ? (
        <p className="text-sm text-dim">{t.noTemperatures}</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {temperatures.map((one, i) => (
            // Two thermometers may have the same name.
            <li key={i}>
              <p className="truncate text-xs text-dim" title={one.label}>{one.label}</p>
              <Meter label={one.label} value={one.celsius} max={one.criticalCelsius ?? 0} text={celsius(one.celsius)} {...(one.criticalCelsius && { detail: t.critical(celsius(one.criticalCelsius)) })} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

function Connections({ sample: { tcp } }: { sample: NodeSample }) {
  const row = (term: string, count: number) => ({ term, value: number(`${String(count)}${tcp.more ? '+' : ''}`) })
  return (
    <Card title={t.connections} help={t.connectionsHelp}>
      <Facts items={[row(t.tcp.established, tcp.established), row(t.tcp.listening, tcp.listening), row(t.tcp.opening, tcp.opening), row(t.tcp.closing, tcp.closing), row(t.tcp.timeWait, tcp.timeWait)]} />
    </Card>
  )
}
