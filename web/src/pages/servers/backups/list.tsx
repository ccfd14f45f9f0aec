/** All files of a server as they were at some times, and back to them. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Archive, CalendarClock, Plus } from 'lucide-react'
import { useState } from 'react'
import { backupsQuery } from '~/api/backup-queries'
import type { BackupsView, ServerView } from '~/api/types'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { backups as t } from '~/strings/backups'
import { Button, buttonStyle } from '~/ui/button'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { useServer } from '../layout'
import { lacks } from './acting'
import { MakeBackup } from './make'
import { BackupRow, RowHeads } from './row'

export function BackupsPage() {
  const server = useServer()
  const { data, error, refetch } = useQuery(backupsQuery(server.id))
  return (
    <div className="mx-auto max-w-5xl">
      <Card flush title={t.title} help={t.help} actions={data && data.items.length > 0 && <Make server={server} view={data} />}>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={3} label={s.common.loading} /> : data.items.length === 0 ? <Nothing server={server} view={data} /> : (
          <div className="@container">
            <RowHeads />
            <ul aria-label={t.title} className="divide-y divide-line">{data.items.map((backup) => <BackupRow key={backup.id} server={server} view={data} backup={backup} />)}</ul>
          </div>
        )}
      </Card>
    </div>
  )
}

/** Failed ones take no place. */
const counted = ({ items }: BackupsView) => items.filter(({ state }) => state === 'running' || state === 'ready').length

function Make({ server, view }: { server: ServerView; view: BackupsView }) {
  return (
    <span className="flex items-center gap-3">
      <span className="tabular text-sm text-dim" title={t.countHelp}>{t.count(counted(view), view.limit)}<span className="sr-only"> {t.countHelp}</span></span>
      <MakeButton server={server} view={view} />
    </span>
  )
}

function MakeButton({ server, view }: { server: ServerView; view: BackupsView }) {
  const [making, setMaking] = useState(false)
  return (
    <>
      <Button size="sm" variant="primary" disabledReason={lacks(server, 'backups.create') ?? view.refusal} onClick={() => setMaking(true)}><Plus aria-hidden />{t.make}</Button>
      {making && <MakeBackup server={server} onClose={() => setMaking(false)} />}
    </>
  )
}

function Nothing({ server, view }: { server: ServerView; view: BackupsView }) {
  if (lacks(server, 'backups.create')) return <Empty icon={Archive} title={t.none}>{t.noneRead}</Empty>
  const mayPlan = server.permissions.includes('schedules.create') && view.limit > 0
  return (
    <Empty
      icon={Archive}
      title={t.none}
      action={
        <>
          <MakeButton server={server} view={view} />
          {mayPlan && <Link {...to.newSchedule(server.id, { start: 'backup' })} className={buttonStyle({ size: 'sm' })}><CalendarClock aria-hidden />{t.nightly}</Link>}
        </>
      }
    >
      {t.noneHelp}
    </Empty>
  )
}
