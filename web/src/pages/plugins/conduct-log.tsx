/** What a release wrote in one place, latest first: by kind, by server, by words. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeft, ScrollText } from 'lucide-react'
import { useState } from 'react'
import { pluginLogQuery } from '~/api/plugin-queries'
import type { PluginView, Schemas } from '~/api/types'
import { chosen, type Kinds, type Release } from '~/lib/conduct'
import { clock, dayAndTime, moment } from '~/lib/format'
import { to } from '~/routes/to'
import { conduct as c } from '~/strings/conduct'
import { Badge, type Tone } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Empty, Skeleton } from '~/ui/empty'
import { Field, Input, Select } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'

type Line = Schemas['PluginLine']
type Names = Record<string, string>

const TONE: Record<Line['kind'], Tone> = { debug: 'neutral', info: 'info', warn: 'warn', error: 'bad', stopped: 'bad' }

export function LogDialog({ plugin, release, onBack, onClose }: { plugin: PluginView; release: Release; onBack: () => void; onClose: () => void }) {
  const [kinds, setKinds] = useState<Kinds>('all')
  const [words, setWords] = useState('')
  const [server, setServer] = useState<string | null>(null)
  const whole = useQuery(pluginLogQuery(plugin.id, release.digest, release.nodeId, null))
  // Of one server all lines are shown, of all servers the latest.
  const { data, error, refetch } = useQuery({ ...pluginLogQuery(plugin.id, release.digest, release.nodeId, server), placeholderData: keepPreviousData })
  const names: Names = { ...whole.data?.servers, ...data?.servers }
  const lines = data ? chosen(data.items, kinds, words) : []
  return (
    <Dialog open onClose={onClose} size="xl" title={c.logTitle(plugin.name, release.place)} description={c.logHelp(release.version)}>
      <div className="grid grid-cols-2 gap-3 px-5 pt-1 pb-3 sm:grid-cols-[1fr_12rem_12rem]">
        <Field label={c.filter} className="max-sm:col-span-2"><Input type="search" placeholder={c.filterHint} value={words} onChange={({ target }) => setWords(target.value)} /></Field>
        <Field label={c.kinds}>
          <Select value={kinds} onChange={({ target }) => setKinds(target.value as Kinds)}>
            <option value="all">{c.all}</option>
            <option value="worse">{c.worse}</option>
            <option value="stops">{c.stops}</option>
          </Select>
        </Field>
        <Field label={c.server}>
          <Select value={server ?? ''} onChange={({ target }) => setServer(target.value || null)}>
            <option value="">{c.everyServer}</option>
            {Object.entries(names).sort(([, a], [, b]) => a.localeCompare(b, undefined, { numeric: true })).map(([id, name]) => <option key={id} value={id}>{name}</option>)}
          </Select>
        </Field>
      </div>
      <DialogBody className="gap-0 border-t border-line pt-0">
        {error && !data ? (
          <ProblemCard className="mt-4" error={error} onRetry={refetch} />
        ) : !data ? (
          <Skeleton className="mt-4 h-48" />
        ) : data.items.length === 0 ? (
          <Empty icon={ScrollText} title={c.noLines}>{c.noLinesHelp}</Empty>
        ) : lines.length === 0 ? (
          <Empty icon={ScrollText} title={c.noMatch}>{c.noMatchHelp}</Empty>
        ) : (
          <ul aria-label={c.logTitle(plugin.name, release.place)} className="flex flex-col divide-y divide-line">
            {lines.map((line, i) => <Row key={`${line.at} ${String(lines.length - i)}`} line={line} names={names} />)}
          </ul>
        )}
      </DialogBody>
      <DialogFooter>
        <p role="status" className="tabular text-sm text-dim sm:mr-auto sm:self-center">{data && data.items.length > 0 && c.shown(lines.length, data.items.length)}</p>
        <Button onClick={onBack}><ArrowLeft aria-hidden />{c.back}</Button>
      </DialogFooter>
    </Dialog>
  )
}

const isToday = (at: string) => new Date(at).toDateString() === new Date().toDateString()

const Row = ({ line, names }: { line: Line; names: Names }) => (
  <li className="grid gap-x-4 gap-y-1 py-2.5 sm:grid-cols-[11rem_minmax(0,1fr)]">
    <p className="flex items-center gap-2 self-start text-xs text-dim">
      <time dateTime={line.at} title={moment(line.at)} className="tabular font-mono">{isToday(line.at) ? clock(line.at) : dayAndTime(line.at)}</time>
      <Badge tone={TONE[line.kind]}>{c.kind[line.kind]}</Badge>
    </p>
    <div className="min-w-0">
      <p className="font-mono text-xs leading-5 break-words whitespace-pre-wrap">{line.text}</p>
      <p className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-dim">
        <code>{line.call}</code>
        {line.serverId && (names[line.serverId] ? <Link {...to.server(line.serverId)} className="text-accent hover:underline">{names[line.serverId]}</Link> : <span>{c.aServer(line.serverId)}</span>)}
      </p>
    </div>
  </li>
)
