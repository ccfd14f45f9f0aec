/**
 * A chart of numbers over time, drawn by uPlot. Charts with the same `group` share one cursor. The header above says the
 * value under the cursor, or the latest: nothing floats over the lines. Its height is the same whatever it says, so that
 * moving over a chart moves nothing of the page.
 */
import { useEffect, useEffectEvent, useMemo, useRef, useState, type ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clock, dayAndTime, duration } from '~/lib/format'
import { last, lone } from '~/lib/series'
import { token, useTheme } from '~/lib/theme'
import { s } from '~/strings'
import { cn } from './cn'

/** `dashed` lets a line be seen through that it may run upon. */
export type ChartSeries = { name: string; tone: 'accent' | 'ok' | 'info' | 'warn'; values: (number | null)[]; dashed?: boolean }
/** Something that happened, as a line across the chart. */
export type ChartMark = { at: number; tone: 'bad' | 'info' | 'dim'; label: string }

type ChartProps = {
  title: string
  times: number[]
  /** How many seconds one point stands for: farther from all of them, nothing is known. */
  step: number
  series: ChartSeries[]
  show: (value: number) => string
  from: number
  to: number
  group: string
  marks?: ChartMark[]
  /** The axis reaches at least this far, so that a small ripple does not look like a storm. */
  atLeast?: number
  stepped?: boolean
  /** Bytes: the axis counts in powers of two. */
  binary?: boolean
  /** A ceiling worth a line of its own. */
  limit?: number
  /** What that line is, where the note does not say it. */
  limitName?: string
  empty: string
  note?: ReactNode
  /** What was the case at a moment besides the numbers, or is now. `marks` are where it changed. */
  noteAt?: (at: number | null) => string | null
}

const HEIGHT = 156

export function Chart(props: ChartProps) {
  const { title, times, series, show, empty, note, noteAt, limitName } = props
  const [under, setUnder] = useState<Under>(null)
  const host = usePlot(props, (next) => setUnder((was) => (was?.at === next?.at && was?.index === next?.index ? was : next)))
  const at = under && ((under.index === null ? null : times[under.index]) ?? under.at)
  const value = (values: (number | null)[]) => (under === null ? last(values) : under.index === null ? null : (values[under.index] ?? null))
  const crowded = series.length > 2 || (series.length > 1 && Boolean(note))
  const hasData = series.some((one) => one.values.some((v) => v !== null))
  const said = noteAt?.(at) ?? null
  const latest = [...series.map((one) => `${one.name} ${display(last(one.values), show)}`), noteAt?.(null)].filter(Boolean).join(', ')

  return (
    <figure className="@container isolate min-w-0 rounded-lg border border-line bg-surface">
      <figcaption className="px-4 pt-3">
        <span className="flex h-5 items-baseline justify-between gap-x-4">
          <span className="min-w-0 truncate text-sm font-medium">{title}</span>
          {at !== null && <span className="tabular shrink-0 text-xs text-dim">{clockOrDate(at, props.to - props.from)}</span>}
        </span>
        <span className={cn('tabular flex h-5 flex-wrap items-baseline gap-x-3 overflow-hidden text-sm whitespace-nowrap', crowded && '@max-md:h-10')}>
          {series.map((one) => (
            <span key={one.name} className="flex items-baseline gap-1.5">
              {series.length > 1 && <span aria-hidden className={cn('inline-block h-0.5 self-center', one.dashed ? 'w-3.5' : 'w-3 rounded-full')} style={{ background: swatch(one) }} />}
              {series.length > 1 && <span className="text-xs text-dim">{one.name}</span>}
              <span>{display(value(one.values), show)}</span>
            </span>
          ))}
          {note && <span className={cn('text-xs text-dim', !crowded && '-ml-1.5')}>{note}</span>}
          {said && (
            <span className="flex max-w-[75%] min-w-0 items-baseline gap-1.5 text-xs text-dim" title={said}>
              <span aria-hidden className="h-3 shrink-0 self-center border-l border-dashed border-dim" />
              <span className="truncate">{said}</span>
            </span>
          )}
          {limitName && (
            <span className="flex items-baseline gap-1.5 text-xs text-dim">
              <span aria-hidden className="inline-block w-3 self-center border-t border-dashed border-warn" />
              {limitName}
            </span>
          )}
        </span>
      </figcaption>
      <div className="relative px-1 pb-1" style={{ height: HEIGHT + 4 }}>
        <div ref={host} role="img" aria-label={s.overview.chart(title, latest)} className="absolute inset-x-1 top-0" />
        {!hasData && <p className="absolute inset-x-0 top-14 text-center text-sm text-dim">{empty}</p>}
      </div>
    </figure>
  )
}

/** Charts side by side; one that is left over takes the whole line. Beneath them, what one point stands for. */
export const ChartGrid = ({ step, children }: { step: number; children: ReactNode }) => (
  <>
    <div className="grid gap-3 lg:grid-cols-2 lg:[&>:last-child:nth-child(odd)]:col-span-2">{children}</div>
    {step > 1 && <p className="mt-2 text-right text-xs text-dim">{s.overview.eachPoint(duration(step))}</p>}
  </>
)

/** The moment under the cursor, and which point is there, if any. */
type Under = { at: number; index: number | null } | null

const swatch = ({ tone, dashed }: ChartSeries) => (dashed ? `linear-gradient(to right, var(--${tone}) 40%, transparent 40% 60%, var(--${tone}) 60%)` : `var(--${tone})`)
const display = (value: number | null, show: (value: number) => string) => (value === null ? '–' : show(value))
const clockOrDate = (at: number, span: number) => (span <= 86_400 ? clock(at * 1000) : dayAndTime(at * 1000))

function usePlot(props: ChartProps, onUnder: (under: Under) => void) {
  const theme = useTheme()
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const current = useRef(props)
  const shape = props.series.map((one) => `${one.name}:${one.tone}`).join() + props.group + String(props.stepped ?? false)
  const data = useMemo(() => [props.times, ...props.series.map((one) => one.values)] as uPlot.AlignedData, [props.times, props.series])
  useEffect(() => {
    current.current = props
  })
  const build = useEffectEvent((element: HTMLDivElement) => new uPlot(options(current, element.clientWidth, onUnder), data, element))
  const drawn = useRef<Drawn | null>(null)
  const draw = useEffectEvent(() =>
    plot.current?.batch(() => {
      drawn.current = { points: props.times.length, from: props.from, to: props.to, marks: props.marks }
      plot.current?.setData(data, false)
      plot.current?.setScale('x', { min: props.from, max: props.to })
    }),
  )
  const follow = useEffectEvent(() => {
    if (!isNudge(drawn.current, props, plot.current?.bbox.width ?? 0)) draw()
  })

  useEffect(() => {
    const element = host.current
    if (!element) return
    const made = build(element)
    plot.current = made
    draw()
    const resize = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }))
    resize.observe(element)
    return () => {
      resize.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [theme, shape])

  // What is out of sight is drawn when it comes into sight.
  const sight = useRef({ seen: true, behind: false })
  useEffect(() => {
    const element = host.current
    if (!element) return
    const watcher = new IntersectionObserver(([entry]) => {
      sight.current.seen = entry?.isIntersecting ?? true
      if (!sight.current.seen || !sight.current.behind) return
      sight.current.behind = false
      draw()
    }, { rootMargin: '200px' })
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [])
  useEffect(() => {
    if (sight.current.seen) follow()
    else sight.current.behind = true
  }, [data, props.from, props.to, props.marks])
  return host
}

/** What a canvas shows. */
type Drawn = Pick<ChartProps, 'from' | 'to' | 'marks'> & { points: number }

/** Lines that would move by less than this many dots of the screen wait for the next second. */
const NUDGE_DOTS = 3
/** So many more points are history that has just arrived, and no next second. */
const MANY_MORE = 1.1

/** Whether next to nothing would look different: the range has gone on by less than anybody sees. */
function isNudge(drawn: Drawn | null, { from, to, marks, times }: ChartProps, dots: number): boolean {
  if (!drawn || to === drawn.to || to - from !== drawn.to - drawn.from || marks !== drawn.marks || times.length > drawn.points * MANY_MORE) return false
  const moved = ((to - drawn.to) / (to - from)) * dots
  return moved >= 0 && moved < NUDGE_DOTS
}

const POWERS = Array.from({ length: 50 }, (_, i) => 2 ** i)
const FONT = "11px 'Inter Variable', system-ui, sans-serif"

function options(current: { current: ChartProps }, width: number, onUnder: (under: Under) => void): uPlot.Options {
  const { series, show, group, stepped, binary } = current.current
  const dim = token('dim')
  const line = token('line')
  // The nearest point is only meant where one of its kind would have been.
  const near = (plot: uPlot, index: number | null | undefined, at: number) => (typeof index === 'number' && Math.abs((plot.data[0][index] ?? Infinity) - at) <= current.current.step * 1.25 ? index : null)
  const axis: uPlot.Axis = { stroke: dim, font: FONT, grid: { stroke: line, width: 1 }, ticks: { show: false } }
  return {
    width: Math.max(width, 50),
    height: HEIGHT,
    // At the right there is room for half of the last label.
    padding: [10, 24, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: group }, drag: { x: false, y: false }, points: { size: 6, width: 1.5 }, y: false, dataIdx: (plot, _, index, at) => near(plot, index, at) },
    scales: {
      x: { time: true },
      y: { range: (plot) => [0, ceiling(plot, current.current)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 64, values: [
        [86_400, '{D} {MMM}', null, null, null, null, null, null, 1],
        [3_600, '{HH}:{mm}', null, null, null, null, null, null, 1],
        [60, '{HH}:{mm}', null, null, null, null, null, null, 1],
        [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
      ] },
      { ...axis, size: 62, space: 34, gap: 8, ...(binary && { incrs: POWERS }), values: (_, ticks) => ticks.map((tick) => show(tick)) },
    ],
    series: [
      {},
      ...series.map((one, i): uPlot.Series => ({
        stroke: token(one.tone),
        width: 1.5,
        ...(one.dashed && { dash: [9, 6] }),
        // A point without neighbours has no line to stand in.
        points: { show: false, size: 6, fill: token(one.tone), filter: (plot) => lone(plot.data[i + 1] ?? []) },
        ...(i === 0 && { fill: `color-mix(in oklab, ${token(one.tone)} 12%, transparent)` }),
        ...(stepped && uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
      })),
    ],
    hooks: {
      setCursor: [(plot) => {
        const { left = -1, idx } = plot.cursor
        const at = left < 0 ? NaN : plot.posToVal(left, 'x')
        onUnder(Number.isFinite(at) ? { at: Math.round(at), index: near(plot, idx, at) } : null)
      }],
      draw: [(plot) => drawMarks(plot, current.current)],
    },
  }
}

function ceiling(plot: uPlot, { atLeast = 1, limit }: ChartProps): number {
  let top = 0
  for (let i = 1; i < plot.series.length; i += 1) for (const value of plot.data[i] ?? []) if (typeof value === 'number' && value > top) top = value
  // A limit far above the line would flatten it; near it, it is worth seeing.
  const reach = limit && top > limit * 0.5 ? Math.max(top, limit) : top
  return Math.max(reach * 1.12, atLeast)
}

function drawMarks(plot: uPlot, { marks = [], limit }: ChartProps): void {
  const { ctx, bbox } = plot
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio])
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.at, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = token(mark.tone)
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  const y = limit ? plot.valToPos(limit, 'y', true) : NaN
  if (y >= bbox.top) {
    ctx.strokeStyle = token('warn')
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
  }
  ctx.restore()
}
