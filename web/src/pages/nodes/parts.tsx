/** The past of each part of a node's machine: cores as rows of heat, all else as a chart for each. */
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { nodePartsQuery, type PartKind } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { bytes, celsius, percent, rate } from '~/lib/format'
import { mean, partsOf, type Part } from '~/lib/node-parts'
import { highest, last } from '~/lib/series'
import { s } from '~/strings'
import { machine } from '~/strings/machine'
import { Card } from '~/ui/card'
import { Chart, ChartGrid, type ChartSeries } from '~/ui/chart'
import { Choices } from '~/ui/choices'
import { ProblemCard } from '~/ui/problem'

const t = machine.past
const KINDS = (['core', 'disk', 'interface', 'file_system', 'temperature'] as const satisfies readonly PartKind[]).map((id) => ({ id, text: t.kinds[id] }))

export function PastParts({ node, span }: { node: NodeView; span: number }) {
  const [kind, setKind] = useState<PartKind>('core')
  const { data, error, refetch, isPlaceholderData } = useQuery(nodePartsQuery(node.id, kind, span))
  const { times, parts } = useMemo(() => (data && !isPlaceholderData ? partsOf(data) : { times: [], parts: [] }), [data, isPlaceholderData])
  const range = data && !isPlaceholderData ? { step: data.stepSeconds, from: Date.parse(data.from) / 1000, to: Date.parse(data.to) / 1000 } : null
  return (
    <section aria-label={t.title} className="mt-6">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-3">
        <h2 className="text-base font-semibold">{t.title}</h2>
        <Choices label={t.kind} name="part" choices={KINDS} value={kind} onChange={setKind} className="max-w-full overflow-x-auto" />
      </div>
      {error && <ProblemCard error={error} onRetry={refetch} />}
      {!error && parts.length === 0 && <Card><p className="py-8 text-center text-sm text-dim">{range ? s.overview.noData : s.common.loading}</p></Card>}
      {range && parts.length > 0 && (kind === 'core' ? <Heat parts={parts} times={times} {...range} /> : (
        <ChartGrid step={range.step}>
          {parts.map((part) => <PartChart key={part.name} kind={kind} part={part} times={times} {...range} group={`${node.id}-parts`} />)}
        </ChartGrid>
      ))}
    </section>
  )
}

type Range = { times: number[]; step: number; from: number; to: number }

function PartChart({ kind, part, group, ...range }: Range & { kind: PartKind; part: Part; group: string }) {
  const of = (name: string, measure: string, tone: ChartSeries['tone']): ChartSeries => ({ name, tone, values: part.values[measure] ?? [] })
  const shared = { ...range, group, title: part.name, empty: s.overview.noData }
  switch (kind) {
    case 'core':
      return <Chart {...shared} series={[of(machine.charts.busy, 'busy', 'accent')]} show={percent} atLeast={5} />
    case 'disk': {
      const busy = mean(part.values['busy'] ?? [])
      return <Chart {...shared} series={[of(machine.charts.read, 'read', 'info'), of(machine.charts.written, 'written', 'warn')]} show={rate} binary atLeast={1_024} note={busy === null ? '' : t.busy(percent(busy))} />
    }
    case 'interface':
      return <Chart {...shared} series={[of(s.overview.received, 'received', 'info'), { ...of(s.overview.sent, 'sent', 'warn'), dashed: true }]} show={rate} binary atLeast={1_024} />
    case 'file_system': {
      const total = last(part.values['total'] ?? []) ?? 0
      return <Chart {...shared} series={[of(machine.charts.used, 'used', 'accent')]} show={bytes} binary atLeast={16 * 1024 ** 2} limit={total} note={`/ ${bytes(total)}`} />
    }
    case 'temperature':
      return <Chart {...shared} series={[of(part.name, 'celsius', 'warn')]} show={celsius} atLeast={40} />
  }
}

/** A row for each core, the darker the busier: as many as a machine has, and still one picture. */
function Heat({ parts, times, from, to }: Omit<Range, 'step'> & { parts: Part[] }) {
  return (
    <Card>
      <ul className="flex flex-col gap-1">
        {parts.map(({ name, values }) => {
          const busy = values['busy'] ?? []
          const [average, most] = [mean(busy), highest(busy)]
          const words = average === null || most === null ? s.overview.noData : t.heat(percent(average), percent(most))
          return (
            <li key={name} className="flex items-center gap-3">
              <span className="tabular w-8 shrink-0 text-right text-xs text-dim">{name}</span>
              <span role="img" aria-label={`${machine.core(Number(name))}: ${words}`} title={words} className="h-3.5 min-w-0 flex-1 rounded-xs border border-line" style={{ background: gradient(busy, times, from, to) }} />
              <span className="tabular w-12 shrink-0 text-right text-xs">{average === null ? '–' : percent(average)}</span>
            </li>
          )
        })}
      </ul>
      <p className="mt-3 text-xs text-dim">{t.heatHelp}</p>
    </Card>
  )
}

/** Hard stops at the steps; where nothing was measured the ground shows through. */
function gradient(values: readonly (number | null)[], times: readonly number[], from: number, to: number): string {
  const place = (time: number) => `${((100 * (time - from)) / Math.max(1, to - from)).toFixed(2)}%`
  const stops = values.map((value, i) => {
    const color = value === null ? 'transparent' : `color-mix(in oklab, var(--accent) ${Math.max(4, Math.min(100, value)).toFixed(0)}%, transparent)`
    return `${color} ${place(times[i] ?? from)} ${place(times[i + 1] ?? to)}`
  })
  return `linear-gradient(to right, transparent ${place(times[0] ?? from)}, ${stops.join(', ')})`
}
