/** The versions of a plugin: which is current, which servers run which, and what can be done with each. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { releasesQuery } from '~/api/plugin-queries'
import { keys } from '~/api/queries'
import type { PluginView, Schemas } from '~/api/types'
import { plugins as p } from '~/strings/plugins'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Dialog, DialogBody } from '~/ui/dialog'
import { Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'

type Release = Schemas['ReleaseView']

export function ReleasesDialog({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const { data, error, refetch } = useQuery(releasesQuery(plugin.id))
  const [refused, setRefused] = useState<Schemas['NotMoved'][]>([])
  return (
    <Dialog open onClose={onClose} size="lg" title={p.releasesTitle(plugin.name)} description={p.releasesHelp}>
      <DialogBody>
        {error && !data ? (
          <ProblemCard error={error} onRetry={refetch} />
        ) : !data ? (
          <Skeleton className="h-40" />
        ) : (
          <ul className="flex flex-col divide-y divide-line">
            {data.items.map((release) => <ReleaseRow key={release.digest} plugin={plugin} release={release} onRefused={setRefused} />)}
          </ul>
        )}
        {refused.length > 0 && (
          <section role="alert" aria-label={p.notMoved(refused.length)} className="rounded-lg border border-warn/40 bg-warn/5 p-3 text-sm">
            <h3 className="text-sm">{p.notMoved(refused.length)}</h3>
            <ul className="mt-1 max-h-40 overflow-auto text-xs">
              {refused.map((one) => <li key={one.serverId} className="break-words"><span className="font-medium">{one.serverName}</span> <span className="text-dim">{one.detail}</span></li>)}
            </ul>
          </section>
        )}
      </DialogBody>
    </Dialog>
  )
}

function ReleaseRow({ plugin, release, onRefused }: { plugin: PluginView; release: Release; onRefused: (refused: Schemas['NotMoved'][]) => void }) {
  const queries = useQueryClient()
  const [removing, setRemoving] = useState(false)
  const changed = () => {
    void queries.invalidateQueries({ queryKey: keys.plugins })
    void queries.invalidateQueries({ queryKey: keys.blueprints })
    void queries.invalidateQueries({ queryKey: keys.servers })
  }
  const path = { params: { path: { id: plugin.id } } }
  const back = useMutation({
    mutationFn: () => take(client.POST('/api/plugins/{id}/rollback', { ...path, body: { digest: release.digest } })),
    onSuccess: () => {
      changed()
      toast({ title: p.madeCurrent(release.version) })
    },
  })
  const move = useMutation({
    mutationFn: () => take(client.POST('/api/plugins/{id}/move', { ...path, body: { to: release.digest } })),
    onSuccess: ({ moved, refused }) => {
      changed()
      onRefused(refused)
      toast({ title: p.moved(moved, release.version) })
    },
  })
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/plugins/{id}/releases/{digest}', { params: { path: { id: plugin.id, digest: release.digest } } })),
    onSuccess: () => {
      changed()
      setRemoving(false)
      toast({ title: p.removed(release.version) })
    },
  })
  const { standing, serverCount, failure } = release
  const problem = back.error ?? move.error
  const others = plugin.serverCount - serverCount
  const kept = standing === 'current' ? p.removeBlocked.current : serverCount > 0 ? p.removeBlocked.servers(serverCount) : null
  return (
    <li className="flex flex-col gap-2 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2 text-sm">
            <span className="tabular font-medium">{release.version}</span>
            <Badge tone={standing === 'current' ? 'ok' : standing === 'waiting' ? 'warn' : 'neutral'}>{p.standing[standing]}</Badge>
            {failure ? <Badge tone="bad">{p.failedFirst}</Badge> : !release.provedAt && <Badge tone="info">{p.unproved}</Badge>}
          </p>
          <p className="text-xs text-dim"><Ago at={release.installedAt} /> · {p.runs(serverCount)} · <code>{release.digest.slice(0, 12)}</code></p>
        </div>
        {standing !== 'waiting' && (
          <div className="flex flex-wrap items-center gap-2">
            {standing === 'former' && <Button size="sm" busy={back.isPending} onClick={() => back.mutate()}>{p.makeCurrent}</Button>}
            <Button size="sm" busy={move.isPending} disabledReason={failure ? failure.message : others === 0 ? p.nothingToMove : null} onClick={() => move.mutate()}>{p.moveAll}</Button>
            <IconButton size="iconSm" label={p.removeRelease(release.version)} disabledReason={kept} onClick={() => setRemoving(true)}><Trash2 aria-hidden /></IconButton>
          </div>
        )}
      </div>
      {failure && <p className="text-xs break-words text-bad">{failure.call}: {failure.message}</p>}
      {problem && <ProblemCard error={problem} />}
      {removing && (
        <Confirm
          title={p.removeReleaseTitle(plugin.name, release.version)}
          body={p.removeReleaseBody}
          verb={p.removeReleaseVerb}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate()}
          onClose={() => {
            remove.reset()
            setRemoving(false)
          }}
        />
      )}
    </li>
  )
}
