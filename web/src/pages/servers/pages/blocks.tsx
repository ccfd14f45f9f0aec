/** The blocks of a plugin's page, one of each kind. */
import { useQuery } from '@tanstack/react-query'
import { CircleCheck, Info, OctagonAlert, TriangleAlert } from 'lucide-react'
import { useMemo } from 'react'
import { useLive } from '~/actions/context'
import { chosenAction } from '~/actions/offered'
import { useSamples } from '~/api/live'
import { statisticsQuery } from '~/api/queries'
import type { Block, OfferedActionsView, ServerView } from '~/api/types'
import { ActionForm } from '~/forms/server-action/inline'
import { plain } from '~/lib/ansi'
import { chartOf } from '~/lib/page-chart'
import { s } from '~/strings'
import { pages } from '~/strings/pages'
import { About } from '~/ui/about'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Chart } from '~/ui/chart'
import { cn } from '~/ui/cn'
import { GridTable, type Column } from '~/ui/grid-table'

const p = pages.page

type Of<Type extends Block['type']> = Extract<Block, { type: Type }>
type Offer = OfferedActionsView | undefined

export function BlockView({ block, server, offer }: { block: Block; server: ServerView; offer: Offer }) {
  switch (block.type) {
    case 'heading':
      return <h3 className="mt-2 text-base break-words">{plain(block.text)}</h3>
    case 'text':
      return <p className="max-w-prose text-sm break-words whitespace-pre-line">{plain(block.text)}</p>
    case 'note':
      return <NoteBlock note={block} />
    case 'facts':
      return block.facts.length > 0 && <FactsBlock facts={block.facts} />
    case 'table':
      return <TableBlock table={block} server={server} offer={offer} />
    case 'chart':
      return <ChartBlock chart={block} server={server} />
    case 'form':
      return offer ? <ActionForm key={block.action} server={server} offer={offer} action={block.action} /> : null
  }
}

const TONES = {
  neutral: { icon: Info, look: 'border-line bg-surface [&>svg]:text-dim' },
  good: { icon: CircleCheck, look: 'border-ok/40 bg-ok/5 [&>svg]:text-ok' },
  warning: { icon: TriangleAlert, look: 'border-warn/40 bg-warn/5 [&>svg]:text-warn' },
  bad: { icon: OctagonAlert, look: 'border-bad/40 bg-bad/5 [&>svg]:text-bad' },
}

/** No alert: it is drawn anew again and again, and whoever listens would hear it each time. */
function NoteBlock({ note }: { note: Of<'note'> }) {
  const { icon: Icon, look } = TONES[note.tone]
  return (
    <div className={cn('flex items-start gap-3 rounded-lg border px-4 py-3 text-sm [&>svg]:mt-0.5 [&>svg]:size-4 [&>svg]:shrink-0', look)}>
      <Icon aria-hidden />
      <p className="min-w-0 break-words whitespace-pre-line">{plain(note.text)}</p>
    </div>
  )
}

/** Told apart by their place: a label may stand there twice. */
const FactsBlock = ({ facts }: { facts: Of<'facts'>['facts'] }) => (
  <Card>
    <dl className="grid gap-x-6 gap-y-3 text-sm sm:grid-cols-2 lg:grid-cols-4">
      {facts.map(({ label, value }, i) => (
        <div key={i} className="min-w-0">
          <dt className="text-xs break-words text-dim">{plain(label)}</dt>
          <dd className="tabular mt-0.5 break-words">{plain(value)}</dd>
        </div>
      ))}
    </dl>
  </Card>
)

type Row = Of<'table'>['rows'][number] & { at: number }

function TableBlock({ table, server, offer }: { table: Of<'table'>; server: ServerView; offer: Offer }) {
  const rows = useMemo(() => table.rows.map((row, at) => ({ ...row, at })), [table.rows])
  const cells: Column<Row>[] = table.columns.map((column, i) => ({
    id: String(i),
    header: plain(column.title) || '–',
    track: i === 0 ? 'minmax(8rem,2fr)' : 'minmax(4rem,1fr)',
    narrow: i === 0 ? 'title' : 'line',
    ...(column.alignment === 'end' && { align: 'right' as const }),
    cell: (row) => <span className={cn('block break-words', i === 0 ? 'font-medium' : 'tabular text-dim')}>{plain(row.cells[i] ?? '')}</span>,
  }))
  const width = Math.max(0, ...rows.map((row) => widthOf(offeredOf(row, offer))))
  const buttons: Column<Row>[] = width > 0
    ? [{ id: 'actions', header: p.rowActions, quiet: true, track: `${String(width)}rem`, align: 'right', narrow: 'corner', cell: (row) => <RowActions row={row} server={server} offer={offer} /> }]
    : []
  return (
    <Card title={plain(table.title)} flush>
      {rows.length === 0 ? (
        <p className="px-4 py-6 text-center text-sm text-dim">{plain(table.whenEmpty) || p.emptyTable}</p>
      ) : (
        <GridTable label={plain(table.title) || p.table} rows={rows} columns={[...cells, ...buttons]} rowKey={(row) => `${String(row.at)} ${row.cells[0] ?? ''}`} />
      )}
    </Card>
  )
}

/** Those that are for the caller: what is not offered would be refused. */
const offeredOf = (row: Row, offer: Offer) => row.actions.flatMap((one) => offer?.items.filter(({ action }) => action.id === one.action).map((offered) => ({ ...one, reason: offered.reason })) ?? [])

/** Room for the buttons in rem, the same in each row, since each row is a grid of its own. */
const widthOf = (actions: { label: string }[]) => Math.min(16, actions.reduce((sum, { label }) => sum + 2 + 0.5 * [...label].length, 0))

function RowActions({ row, server, offer }: { row: Row; server: ServerView; offer: Offer }) {
  return (
    <span className="inline-flex flex-wrap justify-end gap-1.5">
      {offeredOf(row, offer).map(({ action, label, form, reason }, i) => {
        const ask = () => chosenAction.set({ serverId: server.id, action, form: Object.fromEntries(form.map(({ key, value }) => [key, value])) })
        return (
          <Button key={i} size="sm" disabledReason={reason} onClick={ask}>
            <About words={plain(label)} of={plain(row.cells[0] ?? '')} />
          </Button>
        )
      })}
    </span>
  )
}

const HOUR = 3_600_000

function ChartBlock({ chart, server }: { chart: Of<'chart'>; server: ServerView }) {
  const may = server.permissions.includes('statistics.read')
  const samples = useSamples(useLive(), server.id)
  const { data } = useQuery({ ...statisticsQuery(server.id, HOUR), enabled: may })
  const drawn = useMemo(() => chartOf(chart.series, data?.points ?? [], data?.stepSeconds ?? 10, samples), [chart.series, data, samples])
  const to = Math.max(data ? Date.parse(data.to) / 1000 : 0, drawn.times.at(-1) ?? 0)
  if (!may) return <Card title={plain(chart.title)}><p className="text-sm text-dim">{p.noCharts}</p></Card>
  return (
    <Chart
      title={plain(chart.title)}
      times={drawn.times}
      step={drawn.step}
      series={drawn.series}
      from={to - HOUR / 1000}
      to={to}
      group={server.id}
      show={(value) => `${String(Math.round(value * 100) / 100)}${drawn.unit && ` ${drawn.unit}`}`}
      atLeast={4}
      empty={data ? p.chartEmpty : s.common.loading}
    />
  )
}
