/** The addresses of the form: a new schedule, and one that is there. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Lock } from 'lucide-react'
import { offeredQuery } from '~/actions/offered'
import { toApiError } from '~/api/problem'
import { editedScheduleQuery, schedulesQuery } from '~/api/schedule-queries'
import type { ServerView } from '~/api/types'
import { cannotAdd } from '~/pages/servers/schedules/acting'
import { GoneSchedule } from '~/pages/servers/schedules/one'
import { useServer } from '~/pages/servers/layout'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import { Card } from '~/ui/card'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { ScheduleForm } from './form'
import { begun, copied, stored } from './starts'

const newRoute = getRouteApi('/app/servers/$serverId/schedules/new')
const editRoute = getRouteApi('/app/servers/$serverId/schedules/$scheduleId/edit')

const Loading = () => (
  <div className="mx-auto max-w-4xl">
    <Card><div role="status" aria-label={s.common.loading} className="flex flex-col gap-4">{Array.from({ length: 4 }, (_, i) => <Skeleton key={i} className="h-12" />)}</div></Card>
  </div>
)

/** What the game offers; pending only for whoever may use it. A plugin that does not answer takes nothing else away. */
function useOffer(server: ServerView) {
  const { data, isLoading } = useQuery({ ...offeredQuery(server), enabled: server.permissions.includes('actions.use') })
  return { offer: data, isLoading }
}

export function NewSchedulePage() {
  const server = useServer()
  const { start, copy } = newRoute.useSearch()
  const { offer, isLoading } = useOffer(server)
  const list = useQuery(schedulesQuery(server.id))
  if (isLoading || list.isPending) return <Loading />
  if (!list.data) return <div className="mx-auto max-w-4xl"><ProblemCard error={list.error} onRetry={list.refetch} /></div>
  const reason = cannotAdd(server, list.data.items.length)
  if (reason) return <Empty icon={Lock} title={t.form.cannotAdd}>{reason}</Empty>
  const other = list.data.items.find(({ id }) => id === copy)
  return <ScheduleForm key={`${start ?? ''} ${copy ?? ''}`} server={server} offer={offer} initial={other ? copied(other) : begun(start, server, offer)} />
}

export function EditSchedulePage() {
  const server = useServer()
  const { scheduleId } = editRoute.useParams()
  const { offer, isLoading } = useOffer(server)
  const { data, error, refetch } = useQuery(editedScheduleQuery(server.id, scheduleId))
  if (error && !data) return toApiError(error).status === 404 ? <GoneSchedule server={server} /> : <div className="mx-auto max-w-4xl"><ProblemCard error={error} onRetry={refetch} /></div>
  if (isLoading || !data) return <Loading />
  if (!data.editable) return <Empty icon={Lock} title={t.form.cannot}>{data.reason}</Empty>
  return <ScheduleForm key={data.version} server={server} offer={offer} schedule={data} initial={stored(data)} onReload={() => void refetch()} />
}
