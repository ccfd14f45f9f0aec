/** What is done to a server by itself: all of its schedules. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Archive, CalendarClock, MessageSquare, Plus, RotateCw, Save, type LucideIcon } from 'lucide-react'
import { offeredQuery } from '~/actions/offered'
import { schedulesQuery } from '~/api/schedule-queries'
import type { OfferedActionsView, ServerView } from '~/api/types'
import { refusalOf } from '~/lib/schedule-steps'
import { SCHEDULE_STARTS, to, type ScheduleStart } from '~/routes/to'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import { Button, buttonStyle } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { useServer } from '../layout'
import { cannotAdd } from './acting'
import { RowHeads, ScheduleRow } from './row'

/** Times come and pass while one looks. */
const OFTEN = 60_000

export function SchedulesPage() {
  const server = useServer()
  const { data, error, refetch } = useQuery({ ...schedulesQuery(server.id), refetchInterval: OFTEN })
  const items = data?.items ?? []
  const reason = cannotAdd(server, items.length)
  return (
    <div className="mx-auto max-w-5xl">
      <Card flush title={t.title} help={t.help} actions={items.length > 0 && <NewButton server={server} reason={reason} />}>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={3} label={s.common.loading} /> : items.length === 0 ? <Nothing server={server} reason={reason} /> : (
          <div className="@container">
            <RowHeads />
            <ul aria-label={t.title} className="divide-y divide-line">{items.map((schedule) => <ScheduleRow key={schedule.id} server={server} schedule={schedule} />)}</ul>
          </div>
        )}
      </Card>
    </div>
  )
}

const NewButton = ({ server, reason }: { server: ServerView; reason: string | null }) =>
  reason ? (
    <Button size="sm" disabledReason={reason}><Plus aria-hidden />{t.add}</Button>
  ) : (
    <Link {...to.newSchedule(server.id)} className={buttonStyle({ size: 'sm' })}><Plus aria-hidden />{t.add}</Link>
  )

const ICONS: Record<ScheduleStart, LucideIcon> = { restart: RotateCw, say: MessageSquare, save: Save, backup: Archive }

/** Whether a start is one that the caller may have, of a game that can do it. */
function isPossible(start: ScheduleStart, server: ServerView, offer: OfferedActionsView | undefined): boolean {
  switch (start) {
    case 'restart':
      return server.permissions.includes('power.restart')
    case 'say':
      return refusalOf('broadcast', server, offer) === null && Boolean(offer?.broadcast)
    case 'save':
      return refusalOf('command', server, offer) === null
    case 'backup':
      return refusalOf('backup', server, offer) === null
  }
}

function Nothing({ server, reason }: { server: ServerView; reason: string | null }) {
  const { data: offer } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') })
  if (reason) return <Empty icon={CalendarClock} title={t.none}>{t.noneRead}</Empty>
  const starts = SCHEDULE_STARTS.filter((start) => isPossible(start, server, offer))
  return (
    <Empty
      icon={CalendarClock}
      title={t.none}
      action={
        <>
          {starts.map((start) => {
            const Icon = ICONS[start]
            return <Link key={start} {...to.newSchedule(server.id, { start })} className={buttonStyle()}><Icon aria-hidden />{t.start[start]}</Link>
          })}
          <Link {...to.newSchedule(server.id)} className={buttonStyle({ variant: 'ghost' })}><Plus aria-hidden />{t.add}</Link>
        </>
      }
    >
      {t.noneHelp}
    </Empty>
  )
}
