/** What the machine does, live or past, under one cursor; with its cores and what it has promised beside. */
import { useQuery } from '@tanstack/react-query'
import { Plug } from 'lucide-react'
import { useMemo } from 'react'
import { useLive } from '~/actions/context'
import { SAMPLES_KEPT, useNodeSamples } from '~/api/live'
import { nodeStatisticsQuery, recentNodeStatisticsQuery } from '~/api/queries'
import type { NodeSample, NodeStatisticsPoint, NodeView } from '~/api/types'
import { RangePicker, useRange } from '~/layout/time-range'
import { bytes, celsius, cores, decimal, duration, mebibytes, percent, rate } from '~/lib/format'
import { busy, fromNodeHistory, fromNodeSamples, serversDisk, type NodeColumns } from '~/lib/node-series'
import { joined } from '~/lib/series'
import { spanOf } from '~/lib/ranges'
import { s } from '~/strings'
import { machine } from '~/strings/machine'
import { Card, Facts } from '~/ui/card'
import { Chart, ChartGrid } from '~/ui/chart'
import { Empty } from '~/ui/empty'
import { Meter } from '~/ui/meter'
import { ProblemCard } from '~/ui/problem'
import { useNow } from '~/ui/time'
import { useNode } from './layout'
import { PastParts } from './parts'

export function NodeOverviewPage() {
  const node = useNode()
  const [range, setRange] = useRange(node.state === 'disconnected' ? 'hour' : 'live')
  const samples = useNodeSamples(useLive(), node.id)
  // What a machine did before it was lost is its past, and not what it does.
  const latest = node.state === 'connected' ? samples.at(-1) : undefined
  return (
    <div className="grid gap-5 2xl:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        {node.state === 'awaiting_enrollment' ? (
          <Card><Empty icon={Plug} title={machine.unmeasured}>{machine.unmeasuredHelp}</Empty></Card>
        ) : (
          <>
            <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
              <RangePicker value={range} onChange={setRange} />
              {latest && <p className="tabular text-xs text-dim">{machine.up(duration(latest.uptimeSeconds))}</p>}
            </div>
            {range === 'live' ? <LiveCharts node={node} samples={samples} /> : <><PastCharts node={node} span={spanOf(range)} /><PastParts node={node} span={spanOf(range)} /></>}
            {range === 'live' && latest && <Cores sample={latest} />}
          </>
        )}
      </div>
      <Promised node={node} />
    </div>
  )
}

function LiveCharts({ node, samples }: { node: NodeView; samples: readonly NodeSample[] }) {
  const { data } = useQuery(recentNodeStatisticsQuery(node.id, SAMPLES_KEPT * 1_000))
  const step = data?.stepSeconds ?? 1
  const past = useMemo(() => fromNodeHistory(data?.points ?? [], step), [data, step])
  const connected = node.state === 'connected'
  const columns = useMemo(() => (connected ? joined(past, fromNodeSamples(samples), step) : fromNodeSamples([])), [connected, past, samples, step])
  const now = Math.floor(useNow() / 1000)
  const ceilings = useMemo(() => ceilingsOf(data?.points ?? [], samples.at(-1)), [data, samples])
  return <Charts node={node} columns={columns} step={step} ceilings={ceilings} from={now - SAMPLES_KEPT} to={now} empty={connected ? s.overview.noLive : machine.notMeasured} />
}

function PastCharts({ node, span }: { node: NodeView; span: number }) {
  const { data, error, refetch } = useQuery(nodeStatisticsQuery(node.id, span))
  const columns = useMemo(() => fromNodeHistory(data?.points ?? [], data?.stepSeconds ?? 1), [data])
  const ceilings = useMemo(() => ceilingsOf(data?.points ?? [], undefined), [data])
  if (error) return <ProblemCard error={error} onRetry={refetch} />
  // Until the answer is there the frames stand empty at their final height.
  const to = data ? Date.parse(data.to) / 1000 : 0
  const from = data ? Date.parse(data.from) / 1000 : 0
  return <Charts node={node} columns={columns} step={data?.stepSeconds ?? 1} ceilings={ceilings} from={from} to={to} empty={data ? s.overview.noData : s.common.loading} />
}

type Ceilings = { memory: number; swap: number; disk: number }

/** How much there is, as it was last said. */
function ceilingsOf(points: readonly NodeStatisticsPoint[], latest: NodeSample | undefined): Ceilings {
  const point = points.at(-1)
  return {
    memory: latest?.memory.totalBytes ?? point?.memoryTotalBytes ?? 0,
    swap: latest?.swap.totalBytes ?? point?.swapTotalBytes ?? 0,
    disk: serversDisk(latest)?.totalBytes ?? point?.diskTotalBytes ?? 0,
  }
}

function Charts({ node, columns, step, ceilings, from, to, empty }: { node: NodeView; columns: NodeColumns; step: number; ceilings: Ceilings; from: number; to: number; empty: string }) {
  const shared = { times: columns.times, step, from, to, group: node.id, empty }
  const c = machine.charts
  const { memory, swap } = ceilings
  const cpuCount = node.report?.system.cpuCount ?? 0
  const hasSwap = swap > 0
  const series = useMemo(() => {
    const { values } = columns
    return {
      cpu: [{ name: c.busy, tone: 'accent' as const, values: values.cpu }, { name: c.iowait, tone: 'warn' as const, values: values.iowait }, { name: c.steal, tone: 'info' as const, values: values.steal }],
      memory: [{ name: c.used, tone: 'accent' as const, values: values.memory }, ...(hasSwap ? [{ name: c.swap, tone: 'warn' as const, values: values.swap }] : [])],
      load: [{ name: c.minutes(1), tone: 'accent' as const, values: values.load1 }, { name: c.minutes(5), tone: 'info' as const, values: values.load5 }, { name: c.minutes(15), tone: 'warn' as const, values: values.load15 }],
      io: [{ name: c.read, tone: 'info' as const, values: values.read }, { name: c.written, tone: 'warn' as const, values: values.written }],
      network: [{ name: s.overview.received, tone: 'info' as const, values: values.received }, { name: s.overview.sent, tone: 'warn' as const, dashed: true, values: values.sent }],
      tcp: [{ name: c.established, tone: 'accent' as const, values: values.established }, { name: c.all, tone: 'info' as const, values: values.connections }],
      disk: [{ name: c.disk, tone: 'accent' as const, values: values.disk }],
      temperature: [{ name: c.temperature, tone: 'warn' as const, values: values.temperature }],
    }
  }, [columns, c, hasSwap])
  const known = (values: readonly (number | null)[]) => values.some((value) => value !== null)
  const of = (total: number) => (total > 0 ? `/ ${bytes(total)}` : '')
  return (
    <ChartGrid step={step}>
      <Chart {...shared} title={s.overview.cpu} series={series.cpu} show={percent} atLeast={5} />
      <Chart {...shared} title={hasSwap ? c.memoryAndSwap : s.overview.memory} series={series.memory} show={bytes} binary atLeast={16 * 1024 ** 2} limit={memory} note={hasSwap ? c.ofBoth(bytes(memory), bytes(swap)) : of(memory)} />
      <Chart {...shared} title={c.load} series={series.load} show={decimal} atLeast={1} limit={cpuCount} {...(cpuCount > 0 && { limitName: machine.cpuCount(cpuCount) })} />
      <Chart {...shared} title={c.io} series={series.io} show={rate} binary atLeast={1_024} />
      <Chart {...shared} title={s.overview.network} series={series.network} show={rate} binary atLeast={1_024} />
      <Chart {...shared} title={c.tcp} series={series.tcp} show={(v) => String(Math.round(v))} atLeast={4} />
      {known(columns.values.disk) && <Chart {...shared} title={c.disk} series={series.disk} show={bytes} binary atLeast={16 * 1024 ** 2} limit={ceilings.disk} note={of(ceilings.disk)} />}
      {known(columns.values.temperature) && <Chart {...shared} title={c.temperature} series={series.temperature} show={celsius} atLeast={40} />}
    </ChartGrid>
  )
}

/** A bar for each core, which wraps to as many rows as a machine needs. */
function Cores({ sample }: { sample: NodeSample }) {
  if (sample.cores.length === 0) return null
  return (
    <Card title={machine.cores} className="mt-3">
      <div className="grid grid-cols-[repeat(auto-fill,minmax(5rem,1fr))] gap-x-4 gap-y-3">
        {sample.cores.map(({ core, cpu }) => (
          <Meter key={core} label={machine.core(core)} value={busy(cpu) ?? 0} max={100} text={percent(busy(cpu) ?? 0)} detail={String(core)} />
        ))}
      </div>
    </Card>
  )
}

function Promised({ node: { promised, capacity, locationName } }: { node: NodeView }) {
  const row = (label: string, used: number, all: number, show: (value: number) => string) => (
    <div>
      <p className="mb-1 text-xs text-dim">{label}</p>
      <Meter size="md" label={label} value={used} max={all} text={show(used)} detail={all > 0 ? `/ ${show(all)}` : s.common.unlimited} />
    </div>
  )
  return (
    <Card title={machine.promised} className="self-start">
      <div className="grid gap-4 sm:grid-cols-3 2xl:grid-cols-1">
        {row(s.nodes.memory, promised.memoryMib, capacity.memoryMib, mebibytes)}
        {row(s.nodes.cpu, promised.cpuPercent, capacity.cpuPercent, cores)}
        {row(s.nodes.disk, promised.diskMib, capacity.diskMib, mebibytes)}
      </div>
      <div className="mt-4">
        <Facts items={[{ term: machine.serversOn, value: <span className="tabular">{promised.servers}</span> }, { term: s.nodes.location, value: locationName }]} />
      </div>
    </Card>
  )
}
