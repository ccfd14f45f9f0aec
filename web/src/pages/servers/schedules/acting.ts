/** What can be done to a schedule, and why not. Each is asked for once and told here; where it shows is the pages' affair. */
import { useMutation, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useSession } from '~/actions/context'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { schedulesKey } from '~/api/queries'
import { scheduleQuery, scheduleRunsQuery, schedulesQuery } from '~/api/schedule-queries'
import type { Page, Permission, ScheduleRun, ScheduleView, ServerView } from '~/api/types'
import { stepWords } from '~/lib/schedule-words'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import { toast } from '~/ui/toast'

/** Schedules of one server. */
export const MOST_SCHEDULES = 25

const lacks = (server: ServerView, right: Permission): string | null => (server.permissions.includes(right) ? null : t.needs(right))

/** Why a schedule cannot be added. */
export const cannotAdd = (server: ServerView, count: number): string | null => lacks(server, 'schedules.create') ?? (count >= MOST_SCHEDULES ? t.full(MOST_SCHEDULES) : null)

const refused = (title: string) => (error: unknown) => {
  const problem = toApiError(error)
  toast({ tone: 'bad', title, detail: problem.detail || problem.remedy })
}

/** A run as it begins, until its node tells of it. */
const begunBy = (name: string, id: string, schedule: ScheduleView): ScheduleRun => ({
  id, scheduleId: schedule.id, cause: { type: 'person', name }, state: 'running', reason: null, startedAt: new Date().toISOString(), endedAt: null,
  steps: schedule.steps.map((step) => ({ title: stepWords(step), state: 'waiting', message: null })),
})

/** Has a schedule followed. The run that the answer names stands in the lists at once. */
function useRun(server: ServerView, schedule: ScheduleView) {
  const queries = useQueryClient()
  const { user } = useSession()
  return useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/schedules/{scheduleId}/run', { params: { path: { id: server.id, scheduleId: schedule.id } } })),
    onSuccess: ({ runId }) => {
      const run = begunBy(user.name, runId, schedule)
      const known = (runs: readonly ScheduleRun[]) => runs.some(({ id }) => id === runId)
      const begun = (view: ScheduleView): ScheduleView => (view.id === schedule.id && view.lastRun?.id !== runId ? { ...view, lastRun: run } : view)
      queries.setQueryData(schedulesQuery(server.id).queryKey, (page) => page && { ...page, items: page.items.map(begun) })
      queries.setQueryData(scheduleQuery(server.id, schedule.id).queryKey, (view) => view && begun(view))
      queries.setQueryData<InfiniteData<Page<ScheduleRun>>>(scheduleRunsQuery(server.id, schedule.id).queryKey, (data) =>
        data && !data.pages.some(({ items }) => known(items)) ? { ...data, pages: data.pages.map((page, i) => (i === 0 ? { ...page, items: [run, ...page.items] } : page)) } : data,
      )
      toast({ title: t.begun(schedule.name) })
    },
    onError: refused(t.notRun(schedule.name)),
  })
}

/** Ends the run that is under way. Its node tells the rest. */
function useCallOff(server: ServerView, schedule: ScheduleView) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/schedules/{scheduleId}/call-off', { params: { path: { id: server.id, scheduleId: schedule.id } } })),
    onSuccess: () => toast({ title: t.calledOff(schedule.name) }),
    onError: refused(t.notCalledOff(schedule.name)),
    onSettled: () => queries.invalidateQueries({ queryKey: schedulesKey(server.id) }),
  })
}

export function useScheduleActs(server: ServerView, schedule: ScheduleView) {
  const queries = useQueryClient()
  const run = useRun(server, schedule)
  const callOff = useCallOff(server, schedule)
  const toggle = useMutation({
    mutationFn: (enabled: boolean) => take(client.PATCH('/api/servers/{id}/schedules/{scheduleId}', { params: { path: { id: server.id, scheduleId: schedule.id } }, body: { enabled } })),
    onSuccess: (saved) => {
      queries.setQueryData(schedulesQuery(server.id).queryKey, (page) => page && { ...page, items: page.items.map((view) => (view.id === saved.id ? saved : view)) })
      queries.setQueryData(scheduleQuery(server.id, schedule.id).queryKey, saved)
      toast({ title: saved.enabled ? t.switchedOn(saved.name) : t.switchedOff(saved.name) })
    },
    onError: refused(t.notSwitched(schedule.name)),
    onSettled: () => queries.invalidateQueries({ queryKey: schedulesKey(server.id) }),
  })
  const foreign = schedule.editable ? null : (schedule.reason ?? t.form.cannot)
  const away = server.node.connected ? null : `${s.server.nodeAway}.`
  return {
    run: { reason: foreign ?? away ?? (schedule.lastRun?.state === 'running' ? t.running : null), busy: run.isPending, perform: () => run.mutate() },
    // While it is being run there is this in its place. It takes no right of the steps: they only end.
    callOff: { shown: schedule.lastRun?.state === 'running', reason: lacks(server, 'schedules.update') ?? away, busy: callOff.isPending, perform: () => callOff.mutate() },
    // Off is always possible: what happens no more takes no right of whoever ends it.
    toggle: { reason: lacks(server, 'schedules.update') ?? (schedule.enabled ? null : foreign), enabled: toggle.isPending ? toggle.variables : schedule.enabled, perform: (enabled: boolean) => toggle.mutate(enabled) },
    edit: { reason: foreign },
    duplicate: { reason: lacks(server, 'schedules.create') },
    remove: { reason: lacks(server, 'schedules.delete') },
  }
}
