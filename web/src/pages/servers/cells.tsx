/** Cells of the server list that change by the second. Each watches its own server, so that a sample redraws one cell. */
import { MoreHorizontal, Users } from 'lucide-react'
import { lazy, type ReactNode } from 'react'
import { useLive } from '~/actions/context'
import { useSample } from '~/api/live'
import type { ServerView } from '~/api/types'
import { address, bytes, mebibytes, percent } from '~/lib/format'
import { mayHavePlayers } from '~/lib/server-status'
import { s } from '~/strings'
import { PlainIconButton } from '~/ui/button'
import { CopyButton } from '~/ui/copy-button'
import { LazyMenu } from '~/ui/lazy-menu'
import { Meter } from '~/ui/meter'

/** On a narrow screen a line that says nothing is left out; the table looks for the mark. */
const Nothing = () => <span data-nothing className="text-sm text-dim">–</span>

/** Numbers of a game that does not run are from the past, so they are not shown. */
const isUp = (server: ServerView) => server.node.connected && ['starting', 'running', 'stopping'].includes(server.observed.state)

export function PlayersCell({ server, nothing = <Nothing /> }: { server: ServerView; nothing?: ReactNode }) {
  const game = useSample(useLive(), server)?.game
  if (!mayHavePlayers(server) || game?.players === null || game?.players === undefined) return nothing
  const max = game.maxPlayers ?? null
  return (
    <span className="tabular flex items-center gap-1.5 text-sm" data-testid="players">
      <Users aria-hidden className="size-3.5 text-dim" />
      <span className="sr-only">{s.servers.players(game.players, max)}</span>
      <span aria-hidden>
        <span className={game.players > 0 ? 'font-medium' : 'text-dim'}>{game.players}</span>
        {max !== null && <span className="text-dim">/{max}</span>}
      </span>
    </span>
  )
}

export function CpuCell({ server }: { server: ServerView }) {
  const statistics = useSample(useLive(), server)?.statistics
  if (!isUp(server) || !statistics) return <Nothing />
  const max = server.limits.cpuPercent
  return <Meter label={s.servers.columns.cpu} value={statistics.cpuPercent} max={max} text={percent(statistics.cpuPercent)} {...(max > 0 && { detail: `/ ${percent(max)}` })} />
}

export function MemoryCell({ server }: { server: ServerView }) {
  const statistics = useSample(useLive(), server)?.statistics
  if (!isUp(server) || !statistics) return <Nothing />
  const max = server.limits.memoryMib
  return <Meter label={s.servers.columns.memory} value={statistics.memoryBytes} max={max * 1024 * 1024} text={bytes(statistics.memoryBytes)} {...(max > 0 && { detail: `/ ${mebibytes(max)}` })} />
}

export function AddressCell({ server }: { server: ServerView }) {
  const primary = server.endpoints[0]
  if (!primary) return <span className="text-sm text-dim">{s.servers.noAddress}</span>
  const text = address(primary)
  return (
    <span className="relative z-10 inline-flex max-w-full items-center gap-0.5">
      <code className="truncate font-mono text-xs">{text}</code>
      <CopyButton text={text} what={s.server.address} />
    </span>
  )
}

const fetchRowMenu = () => import('./row-menu')
const ServerRowMenu = lazy(() => fetchRowMenu().then((module) => ({ default: module.ServerRowMenu })))

export function RowMenu({ server }: { server: ServerView }) {
  const trigger = (
    <PlainIconButton label={`${s.common.more}: ${server.name}`} size="iconSm">
      <MoreHorizontal aria-hidden />
    </PlainIconButton>
  )
  return (
    <div className="relative z-10">
      <LazyMenu trigger={trigger} preload={() => void fetchRowMenu()}>
        {(openedBy) => <ServerRowMenu server={server} trigger={trigger} openedBy={openedBy} />}
      </LazyMenu>
    </div>
  )
}
