/** What is read of schedules. All of a server's stand beneath one key: a live frame says only that something of them is another. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { client, take } from './client'
import { scheduleKey, schedulesKey } from './queries'

export const schedulesQuery = (id: string) =>
  queryOptions({ queryKey: [...schedulesKey(id), 'list'], queryFn: ({ signal }) => take(client.GET('/api/servers/{id}/schedules', { params: { path: { id } }, signal })) })

const askFor = (id: string, scheduleId: string, signal: AbortSignal) => take(client.GET('/api/servers/{id}/schedules/{scheduleId}', { params: { path: { id, scheduleId } }, signal }))

export const scheduleQuery = (id: string, scheduleId: string) => queryOptions({ queryKey: scheduleKey(id, scheduleId), queryFn: ({ signal }) => askFor(id, scheduleId, signal), retry: false })

/** Asked for when the form opens, and never again behind the back of whoever fills it. */
export const editedScheduleQuery = (id: string, scheduleId: string) =>
  queryOptions({ queryKey: ['schedule', id, scheduleId], queryFn: ({ signal }) => askFor(id, scheduleId, signal), staleTime: Infinity, gcTime: 0, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false })

/** Runs on a page of the list. */
const RUNS = 20

export const scheduleRunsQuery = (id: string, scheduleId: string) =>
  infiniteQueryOptions({
    queryKey: [...schedulesKey(id), 'runs', scheduleId],
    queryFn: ({ pageParam, signal }) => take(client.GET('/api/servers/{id}/schedules/{scheduleId}/runs', { params: { path: { id, scheduleId }, query: { limit: RUNS, ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: '',
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

/** What an expression says stays so, but its next times come and pass. */
export const scheduleTimesQuery = (cron: string, timeZone: string) =>
  queryOptions({
    queryKey: ['schedule-times', cron, timeZone],
    queryFn: ({ signal }) => take(client.GET('/api/schedules/times', { params: { query: { cron, timeZone } }, signal })),
    enabled: cron !== '' && timeZone !== '',
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
