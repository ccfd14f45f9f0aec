/** Who played when, as far as the game tells of coming and going. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { CalendarClock } from 'lucide-react'
import { playerSessionsQuery } from '~/api/queries'
import type { Schemas, ServerView } from '~/api/types'
import { plain } from '~/lib/ansi'
import { dayAndTime, duration, moment } from '~/lib/format'
import { s } from '~/strings'
import { Avatar } from '~/ui/avatar'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { MoreSentinel } from '~/ui/more'
import { ProblemCard } from '~/ui/problem'
import { useNow } from '~/ui/time'

type Session = Schemas['PlayerSessionView']

const t = s.players.played
/** Names may be nothing but colours. */
const nameOf = ({ player }: Session) => plain(player) || '?'

function Length({ session: { since, until } }: { session: Session }) {
  const now = useNow()
  const seconds = ((until ? Date.parse(until) : now) - Date.parse(since)) / 1_000
  return <span className="tabular text-sm">{seconds < 1 ? t.moment : duration(seconds)}{!until && <span className="text-dim"> · {t.there}</span>}</span>
}

const columns: Column<Session>[] = [
  { id: 'player', header: s.players.name, track: 'minmax(10rem,2fr)', narrow: 'title', cell: (row) => <span className="flex items-center gap-3"><Avatar name={nameOf(row)} className="rounded-md" /><span className="min-w-0 truncate">{nameOf(row)}</span></span> },
  { id: 'length', header: t.length, track: 'minmax(8rem,1fr)', cell: (row) => <Length session={row} /> },
  { id: 'since', header: t.since, track: '9rem', narrow: 'corner', align: 'right', cell: (row) => <time dateTime={row.since} title={moment(row.since)} className="tabular text-xs whitespace-nowrap text-dim">{dayAndTime(row.since)}</time> },
]

export function Played({ server }: { server: ServerView }) {
  const { data, error, refetch, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(playerSessionsQuery(server.id))
  const rows = data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card flush title={t.title}>
      {error && !data ? (
        <ProblemCard error={error} onRetry={refetch} className="m-4" />
      ) : isPending ? (
        <SkeletonRows rows={3} label={s.common.loading} />
      ) : rows.length === 0 ? (
        <Empty icon={CalendarClock} title={t.none}>{t.noneHelp}</Empty>
      ) : (
        <GridTable label={t.title} rows={rows} columns={columns} rowKey={(row) => row.id} />
      )}
      {hasNextPage && <MoreSentinel busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
    </Card>
  )
}
