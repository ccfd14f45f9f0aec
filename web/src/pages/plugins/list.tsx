/** The plugins of this installation: what each brings, and what it was granted. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, BellRing, Blocks, CirclePause, CirclePlay, CloudDownload, Ellipsis, FileInput, History, KeyRound, ListChecks, OctagonAlert, RefreshCw, SearchX, ShieldCheck, ShieldQuestionMark, SlidersHorizontal, Trash2, TriangleAlert, Upload } from 'lucide-react'
import { Suspense, lazy, useEffect, useState } from 'react'
import { useLive } from '~/actions/context'
import { client, take } from '~/api/client'
import { holdsQuery } from '~/api/plugin-queries'
import { toApiError } from '~/api/problem'
import { blueprintsQuery, keys, pluginsQuery } from '~/api/queries'
import type { BlueprintView, PluginView } from '~/api/types'
import { PluginImportDialog } from '~/forms/plugin-import'
import { PluginUploadDialog } from '~/forms/plugin-upload'
import { Page } from '~/layout/page'
import { summary, type HeldVersion } from '~/lib/conduct'
import { bytes } from '~/lib/format'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { conduct } from '~/strings/conduct'
import { conversion } from '~/strings/conversion'
import { hooks } from '~/strings/hooks'
import { plugins as p } from '~/strings/plugins'
import { secrets as w } from '~/strings/secrets'
import { GameIcon } from '~/ui/avatar'
import { Badge } from '~/ui/badge'
import { Button, IconButton, buttonStyle } from '~/ui/button'
import { Card, Facts } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { CopyButton } from '~/ui/copy-button'
import { Empty, Skeleton } from '~/ui/empty'
import { Input } from '~/ui/field'
import { Menu, MenuItem } from '~/ui/menu'
import { Notice, ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { Capabilities, inWords } from './capabilities'
import { EventsDialog } from './events'
import { FailuresDialog } from './failures'
import { GrantsDialog } from './grants'
import { PullDialog } from './registry'
import { ReleasesDialog } from './releases'
import { SecretsDialog } from './secrets'
import { SettingsDialog } from './settings'

const ConductDialog = lazy(() => import('./conduct').then((module) => ({ default: module.ConductDialog })))

type Asked = { what: 'conduct' | 'delete' | 'grants' | 'releases' | 'failures' | 'disable' | 'secrets' | 'settings' | 'events'; id: string }

/** From so many on they are searched. */
const MANY = 7

/** What people know a plugin by. */
const told = ({ name, manifestId, author, description, blueprints }: PluginView) => [name, manifestId, author, description, ...blueprints.map((blueprint) => blueprint.name)].join(' ').toLowerCase()

export function PluginsPage() {
  const { data, error, refetch } = useQuery(pluginsQuery)
  const { data: blueprints } = useQuery(blueprintsQuery)
  // What runs is shown without it: a node that answers late must not hold the page up.
  const { data: holds } = useQuery(holdsQuery)
  const [adding, setAdding] = useState<'upload' | 'import' | 'pull' | null>(null)
  const [asked, setAsked] = useState<Asked | null>(null)
  const live = useLive()
  useEffect(() => live.follow('plugins'), [live])
  const [text, setText] = useState('')
  const isMany = (data?.items.length ?? 0) >= MANY
  const words = isMany ? text.toLowerCase().split(/\s+/) : []
  const shown = data?.items.filter((plugin) => words.every((word) => told(plugin).includes(word))) ?? []
  // What is on the page may change beneath an open dialog, which shows it as it stands.
  const subject = data?.items.find((plugin) => plugin.id === asked?.id)
  const close = () => setAsked(null)
  const upload = (
    <>
      <Link {...to.trust()} className={buttonStyle()}><ShieldCheck aria-hidden />{p.trust}</Link>
      <Button onClick={() => setAdding('pull')}><CloudDownload aria-hidden />{p.pull}</Button>
      <Button onClick={() => setAdding('import')}><FileInput aria-hidden />{conversion.open}</Button>
      <Button variant="primary" onClick={() => setAdding('upload')}><Upload aria-hidden />{p.upload}</Button>
    </>
  )
  return (
    <Page title={p.title} lead={p.lead} actions={data?.items.length !== 0 && upload}>
      {isMany && <Input type="search" aria-label={p.search} placeholder={p.search} value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" spellCheck={false} className="mb-4 sm:w-80" />}
      {error && !data ? (
        <ProblemCard error={error} onRetry={refetch} />
      ) : !data ? (
        <div role="status" aria-label={s.common.loading} className="grid gap-4 lg:grid-cols-2">{[0, 1].map((i) => <Skeleton key={i} className="h-72" />)}</div>
      ) : data.items.length === 0 ? (
        <Card flush><Empty icon={Blocks} title={p.empty} action={upload}>{p.emptyHelp}</Empty></Card>
      ) : shown.length === 0 ? (
        <Card flush><Empty icon={SearchX} title={p.noMatch} action={<Button onClick={() => setText('')}>{s.common.clearFilter}</Button>}>{p.noMatchHelp}</Empty></Card>
      ) : (
        <ul className="grid items-start gap-4 lg:grid-cols-2">
          {shown.map((plugin) => (
            <li key={plugin.id} className="min-w-0">
              <PluginCard plugin={plugin} held={summary(holds?.items ?? [], plugin.id)} blueprints={(blueprints?.items ?? []).filter((item) => item.plugin.id === plugin.id)} onAsk={(what) => setAsked({ what, id: plugin.id })} />
            </li>
          ))}
        </ul>
      )}
      {adding === 'upload' && <PluginUploadDialog plugins={data?.items ?? []} onClose={() => setAdding(null)} />}
      {adding === 'import' && <PluginImportDialog onClose={() => setAdding(null)} />}
      {adding === 'pull' && <PullDialog onClose={() => setAdding(null)} />}
      {subject && asked?.what === 'delete' && <DeletePlugin plugin={subject} onClose={close} />}
      {subject && asked?.what === 'disable' && <DisablePlugin plugin={subject} onClose={close} />}
      {subject && asked?.what === 'grants' && <GrantsDialog key={subject.waiting?.digest ?? subject.digest} plugin={subject} onClose={close} />}
      {subject && asked?.what === 'releases' && <ReleasesDialog plugin={subject} onClose={close} />}
      {subject && asked?.what === 'secrets' && <SecretsDialog plugin={subject} onClose={close} />}
      {subject && asked?.what === 'settings' && <SettingsDialog plugin={subject} onClose={close} />}
      {subject && asked?.what === 'events' && <EventsDialog plugin={subject} onClose={close} />}
      {subject && asked?.what === 'conduct' && <Suspense><ConductDialog plugin={subject} onClose={close} /></Suspense>}
      {subject && asked?.what === 'failures' && <FailuresDialog plugin={subject} onClose={close} />}
    </Page>
  )
}

type CardProps = { plugin: PluginView; held: HeldVersion[]; blueprints: BlueprintView[]; onAsk: (what: Asked['what']) => void }

function PluginCard({ plugin, held, blueprints, onAsk }: CardProps) {
  return (
    <article aria-label={plugin.name} className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-4">
      <header className="flex items-start gap-3.5">
        <GameIcon svg={blueprints[0]?.blueprint.icon ?? ''} name={plugin.name} className="size-11" />
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-baseline gap-x-2 text-base">
            <span className="min-w-0 break-words">{plugin.name}</span>
            <span className="tabular text-xs font-normal text-dim">{plugin.version}</span>
            {!plugin.hasGames && <Badge tone="info">{hooks.onlyListens}</Badge>}
            {plugin.disabledAt && <Badge tone="warn">{p.disabled}</Badge>}
            {held.length > 0 && <Badge tone="bad">{conduct.onHold(held.map((one) => one.version))}</Badge>}
          </h2>
          <p className="truncate text-sm text-dim">{[plugin.author && p.by(plugin.author), plugin.hasGames && p.servers(plugin.serverCount)].filter(Boolean).join(' · ')}</p>
        </div>
        <CardMenu plugin={plugin} onAsk={onAsk} />
      </header>
      <Notices plugin={plugin} held={held} onAsk={onAsk} />
      <p className="text-sm">{plugin.description}</p>
      <section>
        <h3 className="mb-1.5 text-xs font-medium text-dim">{p.capabilities}</h3>
        <Capabilities plugin={plugin} />
      </section>
      {plugin.hasGames && (
        <section>
          <h3 className="mb-1.5 text-xs font-medium text-dim">{p.blueprints}</h3>
          <p className="flex flex-wrap gap-1.5">{plugin.blueprints.map((blueprint) => <Badge key={blueprint.id}>{blueprint.name}</Badge>)}</p>
        </section>
      )}
      {plugin.listens && (
        <section>
          <h3 className="mb-1.5 text-xs font-medium text-dim">{hooks.listens}</h3>
          <p className="mb-3 text-sm break-words">{hooks.hears(plugin.listens)}</p>
          <p className="flex flex-wrap gap-2">
            <Button size="sm" onClick={() => onAsk('settings')}><SlidersHorizontal aria-hidden />{hooks.settings}</Button>
            <Button size="sm" onClick={() => onAsk('events')}><BellRing aria-hidden />{hooks.events}</Button>
          </p>
        </section>
      )}
      <Facts
        className="border-t border-line pt-4 text-xs"
        items={[
          { term: p.digest, value: <span className="flex items-center gap-1"><code className="truncate font-mono">{plugin.digest.slice(0, 16)}…</code><CopyButton text={plugin.digest} what={p.digest.toLowerCase()} className="-my-1.5" /></span> },
          { term: p.size, value: `${bytes(plugin.sizeBytes)}, ${p.contract.toLowerCase()} ${plugin.contract}` },
          ...(plugin.licence ? [{ term: p.licence, value: plugin.licence }] : []),
          ...(plugin.origin?.reference ? [{ term: p.from, value: <code className="font-mono break-all">{plugin.origin.reference}</code> }] : []),
          { term: s.people.since, value: <Ago at={plugin.installedAt} /> },
        ]}
      />
    </article>
  )
}

function CardMenu({ plugin, onAsk }: Pick<CardProps, 'plugin' | 'onAsk'>) {
  const enable = useSwitch(plugin, 'enable')
  const check = useMutation({
    mutationFn: () => take(client.POST('/api/plugins/{id}/check', { params: { path: { id: plugin.id } } })),
    onSuccess: (found) => toast(found.isInstalled ? { title: p.upToDate(found.reference) } : { title: p.found(found.version), detail: p.foundHelp }),
    onError: (error) => toast({ title: toApiError(error).detail ?? toApiError(error).title, tone: 'bad' }),
  })
  return (
    <Menu trigger={<IconButton size="iconSm" label={p.more(plugin.name)}><Ellipsis aria-hidden /></IconButton>}>
      <MenuItem icon={<History aria-hidden />} onSelect={() => onAsk('releases')}>{p.releases}</MenuItem>
      <MenuItem icon={<ListChecks aria-hidden />} disabledReason={plugin.capabilities.length === 0 && !plugin.waiting ? p.noCapabilities : null} onSelect={() => onAsk('grants')}>{p.changeGrants}</MenuItem>
      {plugin.capabilities.some((one) => one.name === 'secrets') && <MenuItem icon={<KeyRound aria-hidden />} onSelect={() => onAsk('secrets')}>{w.open}</MenuItem>}
      {plugin.origin?.reference && <MenuItem icon={<RefreshCw aria-hidden />} onSelect={() => check.mutate()}>{p.check}</MenuItem>}
      <MenuItem icon={<Activity aria-hidden />} onSelect={() => onAsk('conduct')}>{conduct.open}</MenuItem>
      <MenuItem icon={<OctagonAlert aria-hidden />} onSelect={() => onAsk('failures')}>{p.failures}</MenuItem>
      {plugin.disabledAt ? (
        <MenuItem icon={<CirclePlay aria-hidden />} onSelect={() => enable.mutate()}>{p.enable}</MenuItem>
      ) : (
        <MenuItem icon={<CirclePause aria-hidden />} onSelect={() => onAsk('disable')}>{p.disable}</MenuItem>
      )}
      <MenuItem danger icon={<Trash2 aria-hidden />} disabledReason={plugin.serverCount > 0 ? p.deleteBlocked(plugin.serverCount) : null} onSelect={() => onAsk('delete')}>{p.delete}</MenuItem>
    </Menu>
  )
}

/** What waits for a decision, and what was decided by itself. */
function Notices({ plugin, held, onAsk }: Omit<CardProps, 'blueprints'>) {
  const { waiting, givenUp, disabledAt } = plugin
  const question = waiting?.asks.filter((ask) => !ask.granted).map((ask) => inWords(ask.name)) ?? []
  return (
    <>
      {held.map(({ version, text }) => (
        <Notice key={version} tone="bad" title={text} icon={<CirclePause aria-hidden />} action={<Button size="sm" onClick={() => onAsk('conduct')}>{conduct.why}</Button>}>
          {conduct.heldHelp}
        </Notice>
      ))}
      {waiting && (
        <Notice tone="warn" title={p.asksMore(waiting.version, plugin.version)} icon={<ShieldQuestionMark aria-hidden />} action={<Button size="sm" onClick={() => onAsk('grants')}>{p.review}</Button>}>
          {p.asksMoreHelp(plugin.version, question)}
        </Notice>
      )}
      {givenUp && (
        <Notice tone="bad" title={p.givenUp(givenUp.version)} icon={<TriangleAlert aria-hidden />}>
          <p className="text-text">{givenUp.failure.message}</p>
          <p>{p.givenUpGone(plugin.version)}</p>
          <p className="mt-1 flex flex-wrap gap-x-3 text-xs">
            <code>{givenUp.failure.call}</code>
            <code>{givenUp.failure.code}</code>
            <span>{p.where(givenUp.failure.serverName ?? null, givenUp.failure.nodeName ?? null)}</span>
            <Ago at={givenUp.at} />
          </p>
        </Notice>
      )}
      {disabledAt && <Notice tone="info" title={p.disabledHelp} icon={<CirclePause aria-hidden />} />}
    </>
  )
}

function useSwitch(plugin: PluginView, to: 'enable' | 'disable', done?: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => take(client.POST(to === 'enable' ? '/api/plugins/{id}/enable' : '/api/plugins/{id}/disable', { params: { path: { id: plugin.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: to === 'enable' ? p.nowEnabled(plugin.name) : p.nowDisabled(plugin.name) })
      done?.()
    },
  })
}

function DisablePlugin({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const disable = useSwitch(plugin, 'disable', onClose)
  return <Confirm title={p.disableTitle(plugin.name)} body={p.disableBody} verb={p.disable} busy={disable.isPending} error={disable.error} onConfirm={() => disable.mutate()} onClose={onClose} />
}

function DeletePlugin({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/plugins/{id}', { params: { path: { id: plugin.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: p.deleted })
      onClose()
    },
  })
  return <Confirm title={p.deleteTitle(plugin.name)} body={p.deleteBody} verb={p.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
