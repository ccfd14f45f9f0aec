/** How a plugin fares in each place: what it used, what stopped it, whether it is on hold, and its log. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, CirclePause, ScrollText, Unplug } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { conductQuery, holdsQuery } from '~/api/plugin-queries'
import { toApiError } from '~/api/problem'
import type { PluginView } from '~/api/types'
import { holds, releases, stops, stoppedTimes, type Held, type Release } from '~/lib/conduct'
import { bytes, clock } from '~/lib/format'
import { to } from '~/routes/to'
import { conduct as c } from '~/strings/conduct'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Dialog, DialogBody } from '~/ui/dialog'
import { Empty, Skeleton } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { Notice, ProblemCard } from '~/ui/problem'
import { Ago, useNow } from '~/ui/time'
import { toast } from '~/ui/toast'
import { Busiest } from './busiest'
import { LogDialog } from './conduct-log'
import { Figure, counted, time } from './figures'
import { Records } from './records'

/** Holds that are drawn: where a plugin fails everywhere, the first of them say it all. */
const HOLDS = 12
const NAMED = 4

export function ConductDialog({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const { data, error, refetch } = useQuery(conductQuery(plugin.id))
  const [reading, setReading] = useState<Release | null>(null)
  if (reading) return <LogDialog plugin={plugin} release={reading} onBack={() => setReading(null)} onClose={onClose} />
  const held = data ? holds(data, plugin.digest) : []
  const rows = data ? releases(data, plugin.digest) : []
  return (
    <Dialog open onClose={onClose} size="xl" title={c.title(plugin.name)} description={c.help}>
      <DialogBody>
        {error && !data ? (
          <ProblemCard error={error} onRetry={refetch} />
        ) : !data ? (
          <Skeleton className="h-48" />
        ) : (
          <>
            {held.slice(0, HOLDS).map((one) => <HoldNotice key={one.key} plugin={plugin} held={one} />)}
            {held.length > HOLDS && <p className="text-sm text-dim">{c.moreHolds(held.length - HOLDS)}</p>}
            {data.silent.length > 0 && (
              <Notice tone="info" title={c.silent(data.silent.slice(0, NAMED), data.silent.length - NAMED)} icon={<Unplug aria-hidden />}>
                {c.silentHelp}
              </Notice>
            )}
            {rows.length === 0 ? (
              <Empty icon={Activity} title={c.none}>{c.noneHelp}</Empty>
            ) : (
              <>
                <GridTable className="shrink-0 rounded-lg border border-line" label={c.title(plugin.name)} rows={rows} rowKey={(row) => row.key} columns={columns(setReading)} />
                <p className="text-xs text-dim">{c.legend}</p>
                <Busiest conduct={data} plugin={plugin} />
              </>
            )}
            <Records plugin={plugin} isQuiet={rows.length === 0} />
          </>
        )}
      </DialogBody>
    </Dialog>
  )
}

const columns = (read: (release: Release) => void): Column<Release>[] => [
  {
    id: 'place', header: c.place, track: 'minmax(8rem,2.2fr)', narrow: 'title',
    cell: (row) => (
      <span className="flex min-w-0 flex-col">
        <span className="truncate font-medium">{row.nodeId ? <Link {...to.node(row.nodeId)} className="hover:underline">{row.place}</Link> : row.place}</span>
        <span className="tabular flex flex-wrap gap-x-1.5 text-xs text-dim">{c.version(row.version)}{!row.inUse && <Badge>{c.earlier}</Badge>}</span>
      </span>
    ),
  },
  counted('calls', c.calls, (row) => row.figures.calls, 'minmax(4rem,1.2fr)'),
  counted('declined', c.declined, (row) => row.figures.declined),
  {
    id: 'stopped', header: c.stopped, track: 'minmax(5.5rem,1.6fr)', align: 'right',
    cell: ({ figures }) => {
      const times = stoppedTimes(figures.stopped)
      return (
        <span className="block">
          <Figure nothing={times === 0}>{times.toLocaleString('en')}</Figure>
          {times > 0 && <span className="block text-xs break-words text-dim max-md:ml-2 max-md:inline">{stops(figures.stopped)}</span>}
        </span>
      )
    },
  },
  counted('refused', c.refused, (row) => row.figures.refused),
  counted('broken', c.broken, (row) => row.figures.broken),
  { id: 'cpu', header: c.cpu, track: 'minmax(4.5rem,1fr)', align: 'right', cell: ({ figures }) => <Figure nothing={figures.cpuMs === 0}>{time(figures.cpuMs)}</Figure> },
  { id: 'memory', header: c.memory, track: 'minmax(4.5rem,1fr)', align: 'right', cell: ({ figures }) => <Figure nothing={figures.memoryPeakBytes === 0}>{bytes(figures.memoryPeakBytes)}</Figure> },
  counted('host', c.hostCalls, (row) => row.figures.hostCalls, 'minmax(4.5rem,1.2fr)'),
  { id: 'logged', header: c.logged, track: 'minmax(4rem,1fr)', align: 'right', cell: ({ figures }) => <Figure nothing={figures.logBytes === 0}>{bytes(figures.logBytes)}</Figure> },
  { id: 'read', header: c.readLog, quiet: true, track: '2rem', narrow: 'corner', cell: (row) => <IconButton size="iconSm" label={c.readLogOf(row.place, row.version)} onClick={() => read(row)}><ScrollText aria-hidden /></IconButton> },
]

function HoldNotice({ plugin, held: { release, hold, server } }: { plugin: PluginView; held: Held }) {
  const queries = useQueryClient()
  const now = useNow()
  const lift = useMutation({
    mutationFn: () => take(client.POST('/api/plugins/{id}/lift', { params: { path: { id: plugin.id } }, body: { digest: release.digest, nodeId: release.nodeId, serverId: hold.serverId ?? null } })),
    onSuccess: async () => {
      await Promise.all([queries.invalidateQueries({ queryKey: conductQuery(plugin.id).queryKey }), queries.invalidateQueries({ queryKey: holdsQuery.queryKey })])
      toast({ title: c.lifted(plugin.name) })
    },
  })
  const title = hold.serverId ? c.holdServer(server ?? c.aServer(hold.serverId), release.place, release.version) : c.holdAll(release.place, release.version)
  return (
    <Notice tone="bad" title={title} icon={<CirclePause aria-hidden />} action={<Button size="sm" busy={lift.isPending} onClick={() => lift.mutate()}>{c.lift}</Button>}>
      <p className="text-text first-letter:uppercase">{hold.reason}</p>
      <p className="mt-1 flex flex-wrap gap-x-3 text-xs">
        {!release.inUse && <Badge>{c.earlier}</Badge>}
        <code>{hold.call}</code>
        <span>{c.since} <Ago at={hold.since} /></span>
        <span className="tabular">{Date.parse(hold.until) > now ? c.next(clock(hold.until)) : c.due}</span>
        <span>{c.times(hold.times)}</span>
        {hold.serverId && server && <Link {...to.server(hold.serverId)} className="text-accent hover:underline">{c.toServer(server)}</Link>}
      </p>
      {lift.error && <ProblemCard className="mt-3" error={toApiError(lift.error)} />}
    </Notice>
  )
}
