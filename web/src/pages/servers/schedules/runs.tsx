/** How a schedule was followed, latest first. One that is under way, and the latest, lie open. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { ChevronRight, History } from 'lucide-react'
import { useState } from 'react'
import { scheduleRunsQuery } from '~/api/schedule-queries'
import type { ScheduleRun, ScheduleView, ServerView } from '~/api/types'
import { RUN_LOOK, STEP_LOOK, took } from '~/lib/schedule-words'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { Glyph } from '~/ui/glyph'
import { ProblemCard } from '~/ui/problem'
import { Ago, Since } from '~/ui/time'

const r = t.runs

export function Runs({ server, schedule }: { server: ServerView; schedule: ScheduleView }) {
  const query = useInfiniteQuery(scheduleRunsQuery(server.id, schedule.id))
  const runs = query.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card flush title={r.title}>
      {query.error && !query.data ? <ProblemCard error={query.error} onRetry={query.refetch} className="m-4" /> : query.isPending ? <SkeletonRows rows={3} label={s.common.loading} /> : runs.length === 0 ? <Empty heading="h3" icon={History} title={r.none}>{r.noneHelp}</Empty> : (
        <ul aria-label={r.title} className="@container divide-y divide-line">{runs.map((run, i) => <Run key={run.id} run={run} begins={i === 0 || run.state === 'running' ? 'open' : 'closed'} />)}</ul>
      )}
      {query.hasNextPage && (
        <div className="flex justify-center border-t border-line p-3">
          <Button size="sm" variant="ghost" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{r.more}</Button>
        </div>
      )}
    </Card>
  )
}

const causeOf = ({ cause }: ScheduleRun): string => (cause.type === 'clock' ? r.clock : r.by(cause.name))

function Run({ run, begins }: { run: ScheduleRun; begins: 'open' | 'closed' }) {
  const [open, setOpen] = useState(begins === 'open')
  const look = RUN_LOOK[run.state]
  const done = run.steps.filter(({ state }) => state === 'succeeded').length
  return (
    <li>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)} className="group">
        <summary className="grid list-none grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-0.5 px-4 py-3 text-sm -outline-offset-2 hover:bg-hover @2xl:grid-cols-[auto_8rem_minmax(0,1fr)_8rem_7rem]">
          <ChevronRight aria-hidden className="size-3.5 text-dim transition-transform group-open:rotate-90" />
          <span className="flex items-center gap-2 font-medium"><Glyph shape={look.shape} tone={look.tone} />{look.word}</span>
          <span className="min-w-0 truncate text-dim @max-2xl:col-start-2 @max-2xl:row-start-2">{causeOf(run)}{run.steps.length > 0 ? ` · ${r.steps(done, run.steps.length)}` : <span className="group-open:hidden"> · {run.reason ?? r.noSteps}</span>}</span>
          <span className="tabular text-xs whitespace-nowrap text-dim @max-2xl:hidden">{run.state === 'running' ? <>{r.since} <Since at={run.startedAt} /></> : took(run) && r.took(took(run) ?? '')}</span>
          <Ago at={run.startedAt} className="text-right text-xs whitespace-nowrap text-dim" />
        </summary>
        <div className="flex flex-col gap-2.5 px-4 pt-0.5 pb-4 pl-10.5">
          {run.reason && <p className="max-w-prose text-sm break-words">{run.reason}</p>}
          <StepRuns run={run} />
          <p className="tabular text-xs text-dim empty:hidden @2xl:hidden">{run.state === 'running' ? <>{r.since} <Since at={run.startedAt} /></> : took(run) && r.took(took(run) ?? '')}</p>
        </div>
      </details>
    </li>
  )
}

const StepRuns = ({ run }: { run: ScheduleRun }) =>
  run.steps.length === 0 ? null : (
    <ol className="flex flex-col gap-1.5">
      {run.steps.map((step, i) => {
        const look = STEP_LOOK[step.state]
        return (
          <li key={i} className="flex gap-2.5 text-sm">
            <Glyph shape={look.shape} tone={look.tone} className="mt-1" />
            <div className="min-w-0">
              <p className="break-words"><span className={step.state === 'waiting' || step.state === 'skipped' ? 'text-dim' : undefined}>{step.title}</span> <span className="text-xs text-dim">{look.word}</span></p>
              {step.message && <p className="text-xs break-words text-dim">{step.message}</p>}
            </div>
          </li>
        )
      })}
    </ol>
  )
