/** Numbers over time, live or past, under one cursor; with the facts of the server beside them. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useLive } from '~/actions/context'
import { SAMPLES_KEPT, useSample, useSamples } from '~/api/live'
import { serverHoldsQuery } from '~/api/page-queries'
import { operationsQuery, recentStatisticsQuery, statisticsQuery } from '~/api/queries'
import type { OperationView, Schemas, ServerView } from '~/api/types'
import { RangePicker, useRange } from '~/layout/time-range'
import { bytes, cores, limit, mebibytes, milliseconds, percent, rate } from '~/lib/format'
import { changes, followed, playedAt } from '~/lib/games'
import { tellingOf } from '~/lib/players'
import { fromHistory, fromSamples, joined, type Columns } from '~/lib/series'
import { spanOf } from '~/lib/ranges'
import { s } from '~/strings'
import { pluginHold } from '~/strings/plugin-hold'
import { Card, Facts } from '~/ui/card'
import { Chart, ChartGrid, type ChartMark } from '~/ui/chart'
import { ProblemCard } from '~/ui/problem'
import { Ago, Since, useNow } from '~/ui/time'
import { useServer } from './layout'

export function OverviewPage() {
  const server = useServer()
  const [range, setRange] = useRange('live')
  return (
    <div className="grid gap-5 2xl:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="min-w-0">
        <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
          <RangePicker value={range} onChange={setRange} />
          <Legend />
        </div>
        {range === 'live' ? <LiveCharts server={server} /> : <PastCharts server={server} span={spanOf(range)} />}
      </div>
      <div className="grid content-start gap-4 sm:grid-cols-2 2xl:grid-cols-1">
        <GameCard server={server} />
        <ServerCard server={server} />
      </div>
    </div>
  )
}

const Legend = () => (
  <p className="flex gap-4 text-xs text-dim max-sm:hidden">
    <span className="flex items-center gap-1.5"><span aria-hidden className="h-3 border-l border-dashed border-info" />{s.overview.marks.operation}</span>
    <span className="flex items-center gap-1.5"><span aria-hidden className="h-3 border-l border-dashed border-bad" />{s.overview.marks.failure}</span>
  </p>
)

function useMarks(server: ServerView): ChartMark[] {
  const mayRead = server.permissions.includes('operations.read')
  const { data } = useQuery({ ...operationsQuery(server.id), enabled: mayRead })
  return useMemo(() => {
    const operations: readonly OperationView[] = data?.items ?? []
    const marks: ChartMark[] = operations.map((operation) => ({ at: Date.parse(operation.requestedAt) / 1000, tone: operation.state === 'failed' ? 'bad' : 'info', label: s.operation.kind[operation.kind] }))
    if (server.observed.state === 'crashed') marks.push({ at: Date.parse(server.observed.since) / 1000, tone: 'bad', label: s.status.crashed })
    return marks
  }, [data, server.observed])
}

function LiveCharts({ server }: { server: ServerView }) {
  const samples = useSamples(useLive(), server.id)
  const { data } = useQuery(recentStatisticsQuery(server.id, SAMPLES_KEPT * 1_000))
  const past = useMemo(() => fromHistory(data?.points ?? [], data?.stepSeconds ?? 1), [data])
  const columns = useMemo(() => joined(past, fromSamples(samples), data?.stepSeconds ?? 1, ['players']), [past, samples, data])
  const now = Math.floor(useNow() / 1000)
  const { state, since } = server.observed
  const running = ['starting', 'running', 'stopping'].includes(state)
  const games = useMemo(() => [...followed(data?.games ?? [], samples), ...(running ? [] : [{ at: since, map: null, version: null }])], [data, samples, running, since])
  return <Charts server={server} columns={columns} games={games} step={data?.stepSeconds ?? 1} from={now - SAMPLES_KEPT} to={now} empty={running ? s.overview.noLive : s.overview.notRunning} />
}

const NO_GAMES: Schemas['GameView'][] = []

function PastCharts({ server, span }: { server: ServerView; span: number }) {
  const { data, error, refetch } = useQuery(statisticsQuery(server.id, span))
  const columns = useMemo(() => fromHistory(data?.points ?? [], data?.stepSeconds ?? 1), [data])
  if (error) return <ProblemCard error={error} onRetry={refetch} />
  // Until the answer is there the frames stand empty at their final height.
  const to = data ? Date.parse(data.to) / 1000 : 0
  const from = data ? Date.parse(data.from) / 1000 : 0
  return <Charts server={server} columns={columns} games={data?.games ?? NO_GAMES} step={data?.stepSeconds ?? 1} from={from} to={to} empty={data ? s.overview.noData : s.common.loading} />
}

function Charts({ server, columns, games, step, from, to, empty }: { server: ServerView; columns: Columns; games: Schemas['GameView'][]; step: number; from: number; to: number; empty: string }) {
  const marks = useMarks(server)
  const mapMarks = useMemo(() => [...marks, ...changes(games).map((at): ChartMark => ({ at, tone: 'dim', label: playedAt(games, at) ?? '' }))], [marks, games])
  const shared = { times: columns.times, step, from, to, marks, group: server.id, empty }
  const { cpuPercent, memoryMib, diskMib } = server.limits
  const o = s.overview
  const telling = tellingOf(useSample(useLive(), server)?.game)
  // What a past that has answers tells nothing of is as little told as what the game leaves out now.
  const answered = columns.values.latency.some((value) => value !== null)
  const { data: holds } = useQuery(serverHoldsQuery(server.id))
  // What the plugin would tell is waited for as long as it is not asked.
  const held = empty === o.noLive && holds?.items.some((hold) => hold.onNode) === true ? pluginHold.unasked : null
  const noPlayers = held ?? (telling === 'untold' || answered ? s.players.untold : empty === o.noLive ? o.playersNone : empty)
  const series = useMemo(
    () => ({
      cpu: [{ name: o.cpu, tone: 'accent' as const, values: columns.values.cpu }],
      memory: [{ name: o.memory, tone: 'accent' as const, values: columns.values.memory }],
      network: [{ name: o.received, tone: 'info' as const, values: columns.values.received }, { name: o.sent, tone: 'warn' as const, dashed: true, values: columns.values.sent }],
      players: [{ name: o.players, tone: 'ok' as const, values: columns.values.players }],
      disk: [{ name: o.disk, tone: 'accent' as const, values: columns.values.disk }],
      latency: [{ name: o.latency, tone: 'info' as const, values: columns.values.latency }],
    }),
    [columns, o],
  )
  return (
    <ChartGrid step={step}>
      <Chart {...shared} title={o.cpu} series={series.cpu} show={percent} atLeast={5} limit={cpuPercent} note={limit(cpuPercent, (v) => `/ ${percent(v)}`, '')} />
      <Chart {...shared} title={o.memory} series={series.memory} show={bytes} binary atLeast={16 * 1024 ** 2} limit={memoryMib * 1024 ** 2} note={limit(memoryMib, (v) => `/ ${mebibytes(v)}`, '')} />
      <Chart {...shared} title={o.players} series={series.players} show={(v) => String(Math.round(v))} atLeast={4} stepped empty={noPlayers} marks={mapMarks} noteAt={(at) => playedAt(games, at)} />
      <Chart {...shared} title={o.network} series={series.network} show={rate} binary atLeast={1_024} />
      <Chart {...shared} title={o.latency} series={series.latency} show={milliseconds} atLeast={5} empty={held ?? empty} />
      <Chart {...shared} title={o.disk} series={series.disk} show={bytes} binary atLeast={16 * 1024 ** 2} limit={diskMib * 1024 ** 2} note={limit(diskMib, (v) => `/ ${mebibytes(v)}`, '')} />
    </ChartGrid>
  )
}

function GameCard({ server }: { server: ServerView }) {
  const latest = useSamples(useLive(), server.id).at(-1) ?? server.sample
  const game = latest?.game
  const { observed } = server
  const up = observed.state === 'running' && observed.startedAt
  const items = [
    ...(game?.name ? [{ term: s.overview.gameName, value: game.name }] : []),
    ...(game?.map ? [{ term: s.overview.map, value: game.map }] : []),
    ...(game?.version ? [{ term: s.overview.version, value: game.version }] : []),
    ...(game?.series ?? []).map((one) => ({ term: one.name, value: <span className="tabular">{`${String(Math.round(one.value * 100) / 100)} ${one.unit}`.trim()}</span> })),
    ...(up ? [{ term: s.overview.uptime, value: <Since at={up} className="tabular" /> }] : []),
    ...(latest?.statistics ? [{ term: s.overview.disk, value: <span className="tabular">{bytes(latest.statistics.diskBytes)}{server.limits.diskMib > 0 && <span className="text-dim"> / {mebibytes(server.limits.diskMib)}</span>}</span> }] : []),
  ]
  if (items.length === 0) return null
  return (
    <Card title={s.overview.game}>
      <Facts items={items} />
    </Card>
  )
}

function ServerCard({ server }: { server: ServerView }) {
  const { limits } = server
  return (
    <Card title={s.server.tabs.label}>
      <Facts
        items={[
          ...(server.description ? [{ term: s.common.description, value: server.description }] : []),
          { term: s.overview.blueprint, value: <>{server.blueprint.name} <span className="text-dim">{s.create.from(server.blueprint.plugin, server.blueprint.pluginVersion)}</span></> },
          { term: s.overview.node, value: <>{server.node.name} <span className="text-dim">{server.node.location}</span></> },
          { term: s.overview.owner, value: server.owner.name },
          { term: s.overview.limits, value: [limit(limits.cpuPercent, cores, ''), limit(limits.memoryMib, mebibytes, ''), limit(limits.diskMib, (v) => `${mebibytes(v)} ${s.overview.disk.toLowerCase()}`, '')].filter(Boolean).join(', ') || s.common.unlimited },
          { term: s.overview.created, value: <Ago at={server.createdAt} /> },
        ]}
      />
    </Card>
  )
}
