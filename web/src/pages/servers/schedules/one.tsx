/** One schedule: what it does and when, and how it was followed. */
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router'
import { CalendarX2, CircleStop, Pencil, Play } from 'lucide-react'
import { offeredQuery } from '~/actions/offered'
import { toApiError } from '~/api/problem'
import { scheduleQuery } from '~/api/schedule-queries'
import type { ScheduleView, ServerView } from '~/api/types'
import { inZone, timesWords } from '~/lib/schedule-words'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import { Button, buttonStyle } from '~/ui/button'
import { Card, Facts } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { Switch } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { Ago, Until } from '~/ui/time'
import { useServer } from '../layout'
import { useScheduleActs } from './acting'
import { useArrival } from './arrival'
import { ScheduleMenu } from './menu'
import { Runs } from './runs'
import { Steps } from './steps'

const route = getRouteApi('/app/servers/$serverId/schedules/$scheduleId')

export function SchedulePage() {
  const server = useServer()
  const { scheduleId } = route.useParams()
  const { data, error, refetch } = useQuery(scheduleQuery(server.id, scheduleId))
  if (error && toApiError(error).status === 404) return <GoneSchedule server={server} />
  if (!data) return <div className="mx-auto max-w-6xl">{error ? <ProblemCard error={error} onRetry={refetch} /> : <Card flush title={t.title}><SkeletonRows rows={3} label={s.common.loading} /></Card>}</div>
  return <OneSchedule key={data.id} server={server} schedule={data} />
}

export const GoneSchedule = ({ server }: { server: ServerView }) => (
  <Empty icon={CalendarX2} title={t.gone} action={<Link {...to.schedules(server.id)} className={buttonStyle()}>{t.toList}</Link>}>{t.goneHelp}</Empty>
)

function OneSchedule({ server, schedule }: { server: ServerView; schedule: ScheduleView }) {
  const navigate = useNavigate()
  const heading = useArrival<HTMLHeadingElement>()
  const acts = useScheduleActs(server, schedule)
  const { data: offer } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') && schedule.steps.some(({ type }) => type === 'action') })
  return (
    <div className="mx-auto flex max-w-6xl flex-col gap-5">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <div className="flex min-w-0 items-center gap-3.5">
          <Switch label={t.isOn(schedule.name)} checked={acts.toggle.enabled} disabledReason={acts.toggle.reason} onChange={acts.toggle.perform} />
          <h2 ref={heading} tabIndex={-1} className="min-w-0 text-lg break-words outline-none">{schedule.name}</h2>
        </div>
        <div className="flex items-center gap-2">
          {acts.callOff.shown && <Button busy={acts.callOff.busy} disabledReason={acts.callOff.reason} onClick={acts.callOff.perform}><CircleStop aria-hidden />{t.callOff}</Button>}
          <Button variant="primary" busy={acts.run.busy} disabledReason={acts.run.reason} onClick={acts.run.perform}><Play aria-hidden />{t.runNow}</Button>
          {acts.edit.reason ? <Button disabledReason={acts.edit.reason}><Pencil aria-hidden />{t.edit}</Button> : <Link {...to.editSchedule(server.id, schedule.id)} className={buttonStyle()}><Pencil aria-hidden />{t.edit}</Link>}
          <ScheduleMenu server={server} schedule={schedule} acts={acts} place="page" onDeleted={() => void navigate(to.schedules(server.id))} />
        </div>
      </header>
      {/* What it is comes first for who hears or scrolls it; many steps leave the runs where they are. */}
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-5 lg:order-last">
          <Card title={t.when.title}><When schedule={schedule} /></Card>
          <Card title={t.steps}><Steps steps={schedule.steps} offer={offer} /></Card>
        </div>
        <Runs server={server} schedule={schedule} />
      </div>
    </div>
  )
}

function When({ schedule }: { schedule: ScheduleView }) {
  const [next] = schedule.next
  return (
    <Facts
      items={[
        { term: t.facts.times, value: <span className="flex flex-wrap items-baseline gap-x-2">{timesWords(schedule)}<code className="font-mono text-xs whitespace-nowrap text-dim">{schedule.cron}</code></span> },
        { term: t.facts.zone, value: schedule.timeZone },
        { term: t.facts.next, value: next ? <><Until at={next} className="tabular" /> <span className="tabular text-dim">· {inZone(next, undefined)}</span></> : schedule.enabled ? t.noNext : t.off },
        { term: t.facts.states, value: t.availability[schedule.when] },
        { term: t.facts.author, value: schedule.author.name },
        { term: t.facts.updated, value: <Ago at={schedule.updatedAt} /> },
      ]}
    />
  )
}
