/** Who plays, as the game tells it. Names are the game's, and never trusted to be more than text. */
import { useQuery } from '@tanstack/react-query'
import { CirclePause, Ghost, Hourglass, PowerOff, Users } from 'lucide-react'
import { useLive } from '~/actions/context'
import { useSample } from '~/api/live'
import { serverHoldsQuery } from '~/api/page-queries'
import { playersQuery } from '~/api/queries'
import type { Player } from '~/api/types'
import { milliseconds } from '~/lib/format'
import { plain } from '~/lib/ansi'
import { tellingOf } from '~/lib/players'
import { s } from '~/strings'
import { pluginHold } from '~/strings/plugin-hold'
import { Avatar } from '~/ui/avatar'
import { Card } from '~/ui/card'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { useServer } from './layout'
import { Played } from './played'

const scoreOf = ({ score }: Player) => String(score ?? '–')
const pingOf = ({ pingMs }: Player) => (pingMs === null || pingMs === undefined ? '–' : milliseconds(pingMs))

const columns: Column<Player>[] = [
  { id: 'name', header: s.players.name, track: 'minmax(10rem,3fr)', sort: (row) => row.name, narrow: 'title', cell: (row) => <span className="flex items-center gap-3"><Avatar name={plain(row.name) || '?'} className="rounded-md" /><span className="min-w-0"><span className="block truncate">{plain(row.name)}</span><span className="tabular block truncate text-xs text-dim @3xl:hidden">{`${s.players.score} ${scoreOf(row)} · ${s.players.ping} ${pingOf(row)}`}</span></span></span> },
  { id: 'score', narrow: 'hide', header: s.players.score, track: '6rem', align: 'right', sort: (row) => row.score ?? -Infinity, cell: (row) => <span className="tabular">{scoreOf(row)}</span> },
  { id: 'ping', narrow: 'hide', header: s.players.ping, track: '6rem', align: 'right', sort: (row) => row.pingMs ?? Infinity, cell: (row) => <span className="tabular text-dim">{pingOf(row)}</span> },
]

export function PlayersPage() {
  const server = useServer()
  const running = server.observed.state === 'running'
  const { data, error, refetch, isPending } = useQuery(playersQuery(server.id))
  const { data: holds } = useQuery(serverHoldsQuery(server.id))
  const held = holds?.items.some((hold) => hold.onNode) === true
  const live = useSample(useLive(), server)?.game
  const telling = tellingOf(live)
  // The live sample is the newer one wherever it lists players itself.
  const players = live?.listsPlayers ? live.playerList : (data?.players ?? [])
  const count = live?.players ?? data?.count ?? null
  const max = live?.maxPlayers ?? data?.maxPlayers ?? null

  if (error && !data) return <ProblemCard error={error} onRetry={refetch} />
  return (
    <div className="flex flex-col gap-5">
      <Card
        flush
        title={s.players.title}
        actions={
          running && count !== null ? (
            <span className="tabular text-sm text-dim" role="status">
              {s.servers.players(count, max)}
              {(live?.bots ?? 0) > 0 && <> · {s.players.bots(live?.bots ?? 0)}</>}
              {data?.at && <> · {s.players.asked('')}<Ago at={data.at} /></>}
            </span>
          ) : undefined
        }
      >
        {isPending ? (
          <SkeletonRows rows={3} label={s.common.loading} />
        ) : !running ? (
          <Empty icon={PowerOff} title={s.players.off}>{s.players.offHelp}</Empty>
        ) : players.length > 0 ? (
          <GridTable label={s.players.title} rows={players} columns={columns} rowKey={(row) => row.id ?? row.name} />
        ) : count !== null && count > 0 ? (
          <Empty icon={Users} title={s.players.unknown}>{s.players.unknownHelp(count)}</Empty>
        ) : count === null && telling === 'untold' ? (
          <Empty icon={Users} title={s.players.untold}>{s.players.untoldHelp}</Empty>
        ) : count === null && held ? (
          <Empty icon={CirclePause} title={pluginHold.unasked}>{pluginHold.unaskedHelp}</Empty>
        ) : count === null ? (
          <Empty icon={Hourglass} title={s.overview.playersNone}>{s.players.unaskedHelp}</Empty>
        ) : (
          <Empty icon={Ghost} title={s.players.empty}>{s.players.emptyHelp}</Empty>
        )}
      </Card>
      <Played server={server} />
    </div>
  )
}
