/** A drain that goes on: how far it is, with each of its servers, and what can be done about it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { drainedServersQuery } from '~/api/drain-queries'
import { keys } from '~/api/queries'
import type { DrainServerView, NodeDrainView, NodeView } from '~/api/types'
import { dayAndTime } from '~/lib/format'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { drains as t } from '~/strings/drains'
import { Button } from '~/ui/button'
import { Card, Facts } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Glyph, type GlyphShape, type GlyphTone } from '~/ui/glyph'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { Ago, Until } from '~/ui/time'
import { toast } from '~/ui/toast'
import { DrainDialog } from './dialog'

type State = NonNullable<DrainServerView['state']>

const LOOK: Record<State, { shape: GlyphShape; tone: GlyphTone }> = {
  waiting: { shape: 'disc', tone: 'ok' },
  saving: { shape: 'half', tone: 'warn' },
  stopping: { shape: 'half', tone: 'warn' },
  backing_up: { shape: 'half', tone: 'info' },
  drained: { shape: 'ring', tone: 'dim' },
}

const RUNS: ReadonlySet<DrainServerView['observed']> = new Set(['starting', 'running', 'stopping'])

function StateCell({ server }: { server: DrainServerView }) {
  const { state } = server
  return (
    <span className="flex items-start gap-2 text-sm">
      <span className="mt-1"><Glyph {...(state ? LOOK[state] : RUNS.has(server.observed) ? LOOK.waiting : LOOK.backing_up)} /></span>
      <span className="min-w-0">
        {state ? t.states[state] : RUNS.has(server.observed) ? t.runs : t.worked}
        {server.trouble.map((text) => (
          <span key={text} className="flex items-start gap-1.5 text-xs break-words text-warn">
            <TriangleAlert aria-hidden className="mt-0.5 size-3 shrink-0" />
            <span className="min-w-0">{text}</span>
          </span>
        ))}
      </span>
    </span>
  )
}

const columns: Column<DrainServerView>[] = [
  { id: 'name', header: t.server, track: 'minmax(8rem,1fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => <Link {...to.server(row.id)} className="row-link block truncate text-sm font-medium after:absolute after:inset-0">{row.name}</Link> },
  { id: 'state', header: t.state, track: 'minmax(12rem,2fr)', sort: (row) => Object.keys(LOOK).indexOf(row.state ?? 'waiting'), cell: (row) => <StateCell server={row} /> },
  { id: 'players', header: t.players, track: '5rem', narrow: 'corner', sort: (row) => row.players ?? -1, cell: (row) => <span className="tabular text-sm text-dim">{row.players ?? '–'}</span> },
]

export function DrainCard({ node, drain }: { node: NodeView; drain: NodeDrainView }) {
  const { data, error, refetch } = useQuery(drainedServersQuery(node.id))
  const [dialog, setDialog] = useState<'change' | 'end' | null>(null)
  const close = () => setDialog(null)
  const { progress } = drain
  return (
    <Card
      title={drain.done ? t.done : t.going}
      help={drain.done ? t.doneHelp : undefined}
      className="mb-5"
      flush
      actions={
        <>
          <Button onClick={() => setDialog('change')}>{t.change}</Button>
          <Button variant={drain.done ? 'primary' : 'secondary'} onClick={() => setDialog('end')}>{t.end}</Button>
        </>
      }
    >
      <div className="grid gap-x-10 gap-y-3 border-b border-line p-4 lg:grid-cols-2">
        <Facts
          items={[
            { term: t.servers, value: <Left drain={drain} /> },
            { term: t.until, value: <>{dayAndTime(drain.deadline)} {!drain.done && <span className="text-dim">(<Until at={drain.deadline} />)</span>}</> },
            { term: t.since, value: <><Ago at={drain.beganAt} />, {t.by(drain.by)}</> },
          ]}
        />
        <Facts
          items={[
            { term: t.told, value: drain.message || t.nobodyTold },
            { term: t.backedUp, value: t.makes[String(drain.backup)] },
            ...(progress.troubled > 0 ? [{ term: t.trouble, value: <span className="text-warn">{t.troubled(progress.troubled)}</span> }] : []),
          ]}
        />
        {!drain.heard && <p className="text-sm text-warn lg:col-span-2">{t.unheard}</p>}
      </div>
      {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : data?.items.length === 0 ? <p className="p-4 text-sm text-dim">{t.noServers}</p> : data ? <GridTable label={t.servers} rows={data.items} columns={columns} rowKey={(row) => row.id} /> : <p className="p-4 text-sm text-dim">{s.common.loading}</p>}
      {dialog === 'change' && <DrainDialog node={node} onClose={close} />}
      {dialog === 'end' && <EndDrain node={node} onClose={close} />}
    </Card>
  )
}

function Left({ drain }: { drain: NodeDrainView }) {
  return (
    <span className="flex items-center gap-1.5">
      {drain.done && <CircleCheck aria-hidden className="size-4 text-ok" />}
      {t.left(drain.progress.running)}
    </span>
  )
}

function EndDrain({ node, onClose }: { node: NodeView; onClose: () => void }) {
  const queries = useQueryClient()
  const end = useMutation({
    mutationFn: () => take(client.DELETE('/api/nodes/{id}/drain', { params: { path: { id: node.id } } })),
    onSuccess: (freed) => {
      queries.setQueryData([...keys.nodes, node.id], freed)
      void queries.invalidateQueries({ queryKey: keys.nodes })
      toast({ title: t.ended(node.name) })
      onClose()
    },
  })
  return <Confirm title={t.endTitle(node.name)} body={t.endBody} verb={t.end} busy={end.isPending} error={end.error} onConfirm={() => end.mutate()} onClose={onClose} />
}
