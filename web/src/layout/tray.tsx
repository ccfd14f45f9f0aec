/**
 * Long work that this person asked for, at the bottom right of every page. It is drawn from operations that the API
 * tells of, so it survives navigation and reload. An end becomes a toast; a failure stays until it is dismissed.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
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

function useServer(serverId: string): ServerView | undefined {
  return useQuery({ ...serverQuery(serverId), staleTime: 60_000, retry: false }).data
}

function OperationCard({ operation, onDismiss }: { operation: OperationView; onDismiss: () => void }) {
  const server = useServer(operation.serverId)
  const name = server?.name ?? s.operation.aServer
  const failed = operation.state === 'failed'
  const { progress } = operation
  const title = failed ? s.operation.failed(s.operation.kind[operation.kind], name) : `${s.operation.kind[operation.kind]} · ${name}`
  return (
    <li className="pointer-events-auto animate-in rounded-lg border border-line-strong bg-raised p-3 shadow-raised">
      <div className="flex items-start gap-2">
        <Link {...to.server(operation.serverId)} className="min-w-0 flex-1 truncate rounded-sm text-sm font-medium hover:underline">
          {title}
        </Link>
        {!failed && progress && <span className="tabular shrink-0 text-xs leading-5 text-dim">{`${String(Math.round(progress.fraction * 100))} %`}</span>}
        {!failed && <CallOff operation={operation} server={server} look="icon" />}
        {failed && (
          <PlainIconButton label={s.common.dismiss} size="iconSm" className="-mt-1.5 -mr-1.5" onClick={onDismiss}>
            <X aria-hidden />
          </PlainIconButton>
        )}
      </div>
      <p className="tabular mt-0.5 truncate text-xs text-dim">
        {failed ? operation.failure?.message : progress ? `${s.operation.step(progress.stepIndex, progress.stepCount)} · ${progress.step}` : s.operation.state[operation.state]}
        {!failed && progress?.detail && ` · ${progress.detail}`}
      </p>
      {failed && operation.failure?.remedy && <p className="mt-0.5 text-xs text-dim">{operation.failure.remedy}</p>}
      <ProgressBar label={title} fraction={failed ? 1 : progress ? progress.fraction : null} tone={failed ? 'bad' : 'accent'} className="mt-2 h-1" />
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

const KEPT = 'gantry.operations'
const kept = (): string[] => {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? '[]')
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

/** What the tray showed before a reload is asked for again: one that waits for its node sends no frames. */
function useKept(shown: readonly OperationView[]): void {
  const live = useLive()
  const queries = useQueryClient()
  const [restored, setRestored] = useState(false)
  useEffect(() => {
    const asked = kept().map((id) => queries.fetchQuery({ ...operationQuery(id), staleTime: 0 }).then((operation) => live.heard(operation)))
    void Promise.allSettled(asked).then(() => setRestored(true))
  }, [live, queries])
  const ids = shown.map((operation) => operation.id).join()
  useEffect(() => {
    if (!restored) return
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(ids.split(',').filter(Boolean)))
    } catch {
      // Storage may be forbidden; frames bring back what is at work.
    }
  }, [ids, restored])
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
  useKept(mine.filter((operation) => isActive(operation) || operation.state === 'failed'))
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
