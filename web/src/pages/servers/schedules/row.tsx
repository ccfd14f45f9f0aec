/** One schedule in the list: whether it is on, what it does and when, when it comes next, and how it went last. */
import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'
import type { ScheduleRun, ScheduleStep, ScheduleView, ServerView } from '~/api/types'
import { inZone, RUN_LOOK, stepWords, timesWords, took } from '~/lib/schedule-words'
import { to } from '~/routes/to'
import { schedules as t } from '~/strings/schedules'
import { cn } from '~/ui/cn'
import { Switch } from '~/ui/field'
import { Glyph } from '~/ui/glyph'
import { Ago, Until } from '~/ui/time'
import { useScheduleActs } from './acting'
import { ScheduleMenu } from './menu'

/** More steps than this are counted. */
const SHOWN_STEPS = 4

const COLUMNS = 'grid grid-cols-[auto_minmax(0,1fr)_auto] gap-x-3.5 px-4 @3xl:grid-cols-[2.25rem_minmax(0,1fr)_9.5rem_10rem_2rem] @3xl:gap-x-5'

/** Each row says the same to those who hear it alone. */
export const RowHeads = () => (
  <div aria-hidden className={cn(COLUMNS, 'h-9 items-center border-b border-line text-xs text-dim @max-3xl:hidden')}>
    <span className="col-start-2">{t.schedule}</span>
    <span>{t.next}</span>
    <span>{t.last}</span>
  </div>
)

export function ScheduleRow({ server, schedule }: { server: ServerView; schedule: ScheduleView }) {
  const acts = useScheduleActs(server, schedule)
  return (
    <li className={cn(COLUMNS, 'items-start gap-y-2.5 py-3.5')}>
      <span className="flex h-6 items-center">
        <Switch label={t.isOn(schedule.name)} checked={acts.toggle.enabled} disabledReason={acts.toggle.reason} onChange={acts.toggle.perform} />
      </span>
      <div className="min-w-0">
        <Link {...to.schedule(server.id, schedule.id)} className="rounded-sm text-base font-medium break-words hover:underline">{schedule.name}</Link>
        <p className="mt-0.5 text-sm text-text">{timesWords(schedule)}<span className="text-dim"> · {schedule.timeZone}</span></p>
        <StepLine steps={schedule.steps} />
      </div>
      <NextTime schedule={schedule} />
      <LastRun run={schedule.lastRun ?? null} />
      <div className="-my-1 flex @max-3xl:col-start-3 @max-3xl:row-start-1">
        <ScheduleMenu server={server} schedule={schedule} acts={acts} place="row" />
      </div>
    </li>
  )
}

/** An arrow goes to the next line with what it leads to. */
const LINKED = 'inline-flex min-w-0 items-center gap-x-1'

function StepLine({ steps }: { steps: readonly ScheduleStep[] }) {
  const shown = steps.slice(0, steps.length > SHOWN_STEPS ? SHOWN_STEPS - 1 : SHOWN_STEPS)
  return (
    <p className="mt-1 flex flex-wrap items-center gap-x-1 gap-y-0.5 text-xs text-dim">
      {shown.map((step, i) => (
        <span key={i} className={LINKED}>
          {i > 0 && <Then />}
          <span className="max-w-60 truncate" title={stepWords(step)}>{stepWords(step)}</span>
        </span>
      ))}
      {steps.length > shown.length && <span className={LINKED}><Then />{t.further(steps.length - shown.length)}</span>}
    </p>
  )
}

const Then = () => (
  <>
    <ChevronRight aria-hidden className="size-3 shrink-0" />
    <span className="sr-only">{t.then}</span>
  </>
)

/** On a narrow screen both stand beneath the steps, each behind its own word. */
const FIGURE = 'flex min-w-0 gap-x-2 text-sm @max-3xl:col-span-2 @max-3xl:col-start-2 @max-3xl:items-baseline @max-3xl:not-first:-mt-1.5 @3xl:flex-col'
const LABEL = 'w-16 shrink-0 text-xs text-dim @3xl:sr-only'

function NextTime({ schedule }: { schedule: ScheduleView }) {
  const [next] = schedule.next
  return (
    <div className={FIGURE}>
      <span className={LABEL}>{t.next}</span>
      {next ? (
        <span className="flex flex-wrap items-baseline gap-x-2 @3xl:flex-col">
          <Until at={next} className="tabular" />
          <span className="tabular text-xs text-dim">{inZone(next, undefined)}</span>
        </span>
      ) : (
        <span className="flex items-center gap-2 text-dim">
          {schedule.enabled ? t.noNext : <><Glyph shape="pause" tone="dim" />{t.off}</>}
        </span>
      )}
    </div>
  )
}

function LastRun({ run }: { run: ScheduleRun | null }) {
  const look = run && RUN_LOOK[run.state]
  return (
    <div className={FIGURE}>
      <span className={LABEL}>{t.last}</span>
      {run && look ? (
        <span className="flex flex-wrap items-baseline gap-x-2 @3xl:flex-col" title={run.reason ?? undefined}>
          <span className="flex items-center gap-2"><Glyph shape={look.shape} tone={look.tone} />{look.word}</span>
          <span className="tabular text-xs text-dim"><Ago at={run.startedAt} />{took(run) && ` · ${t.runs.took(took(run) ?? '')}`}</span>
        </span>
      ) : (
        <span className="text-dim">{t.neverRan}</span>
      )}
    </div>
  )
}
