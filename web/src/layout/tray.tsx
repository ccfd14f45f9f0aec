/**
 * Long work that this person asked for, at the bottom right of every page. It is drawn from operations that the API
 * tells of, so it survives navigation and reload. An end becomes a toast; a failure stays until it is dismissed.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { useLive, useSession } from '~/actions/context'
import { keys, operationQuery, serverQuery } from '~/api/queries'
import type { OperationView, ServerView } from '~/api/types'
import { CallOff } from '~/forms/operation-cancel'
import { isActive } from '~/lib/server-status'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { PlainIconButton } from '~/ui/button'
import { ProgressBar } from '~/ui/meter'
import { toast } from '~/ui/toast'

function useServerName(serverId: string): string {
  const { data } = useQuery({ ...serverQuery(serverId), staleTime: 60_000, retry: false })
  return data?.name ?? s.operation.aServer
}

/** The right to call it off is the server's to tell. */
function TrayCallOff({ operation }: { operation: OperationView }) {
  const { data } = useQuery({ ...serverQuery(operation.serverId), staleTime: 60_000, retry: false })
  const installs = operation.kind === 'install' || operation.kind === 'reinstall'
  if (!data || !installs || !isActive(operation)) return null
  return (
    <div className="mt-2 flex justify-end">
      <CallOff operation={operation} server={data} />
    </div>
  )
}

function OperationCard({ operation, onDismiss }: { operation: OperationView; onDismiss: () => void }) {
  const name = useServerName(operation.serverId)
  const failed = operation.state === 'failed'
  const { progress } = operation
  const title = failed ? s.operation.failed(s.operation.kind[operation.kind], name) : `${s.operation.kind[operation.kind]} · ${name}`
  return (
    <li className="pointer-events-auto animate-in rounded-lg border border-line-strong bg-raised p-3 shadow-raised">
      <div className="flex items-start gap-2">
        <Link {...to.server(operation.serverId)} className="min-w-0 flex-1 truncate rounded-sm text-sm font-medium hover:underline">
          {title}
        </Link>
        {failed && (
          <PlainIconButton label={s.common.dismiss} size="iconSm" className="-mt-1.5 -mr-1.5" onClick={onDismiss}>
            <X aria-hidden />
          </PlainIconButton>
        )}
      </div>
      <p className="tabular mt-0.5 truncate text-xs text-dim">
        {failed ? operation.failure?.message : (progress?.step ?? s.operation.state[operation.state])}
        {!failed && progress?.detail && ` · ${progress.detail}`}
      </p>
      {failed && operation.failure?.remedy && <p className="mt-0.5 text-xs text-dim">{operation.failure.remedy}</p>}
      <ProgressBar label={title} fraction={failed ? 1 : progress ? progress.fraction : null} tone={failed ? 'bad' : 'accent'} className="mt-2 h-1" />
      <TrayCallOff operation={operation} />
    </li>
  )
}

/** Tells once how an operation ended that was seen at work. */
function useEndings(operations: readonly OperationView[]): void {
  const queries = useQueryClient()
  const working = useRef(new Set<string>())
  useEffect(() => {
    for (const operation of operations) {
      if (isActive(operation)) working.current.add(operation.id)
      else if (working.current.delete(operation.id)) {
        const name = queries.getQueryData<ServerView>(keys.server(operation.serverId))?.name ?? s.operation.aServer
        if (operation.state === 'succeeded') toast({ title: s.operation.finished(name, s.operation.done[operation.kind]) })
      }
    }
  }, [operations, queries])
}

/** Frames may be missed while the link is down; what is shown at work is asked for now and then. */
function Recheck({ id }: { id: string }) {
  const live = useLive()
  const { data } = useQuery({ ...operationQuery(id), refetchInterval: 10_000, staleTime: 5_000 })
  useEffect(() => {
    if (data && !isActive(data)) live.heard(data)
  }, [data, live])
  return null
}

export function Tray() {
  const live = useLive()
  const { user } = useSession()
  const { serverId } = useParams({ strict: false })
  const all = useSyncExternalStore(live.operations.watch, live.operations.get)
  const mine = all.filter((operation) => operation.requestedBy?.id === user.id)
  useEndings(mine)
  // A server's own page shows its operation in full.
  const shown = mine.filter((operation) => operation.serverId !== serverId && (isActive(operation) || operation.state === 'failed')).slice(0, 4)
  return (
    <>
      {mine.filter(isActive).slice(0, 4).map((operation) => (
        <Recheck key={operation.id} id={operation.id} />
      ))}
      <ol aria-label={s.operation.tray} className="contents list-none">
        {shown.map((operation) => (
          <OperationCard key={operation.id} operation={operation} onDismiss={() => live.dismiss(operation.id)} />
        ))}
      </ol>
    </>
  )
}
