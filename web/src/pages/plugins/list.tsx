/** The plugins of this installation: what each brings, and what it was granted. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Blocks, Check, FileInput, Trash2, Upload, X } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { blueprintsQuery, keys, pluginsQuery } from '~/api/queries'
import type { BlueprintView, PluginView } from '~/api/types'
import { PluginImportDialog } from '~/forms/plugin-import'
import { PluginUploadDialog } from '~/forms/plugin-upload'
import { Page } from '~/layout/page'
import { bytes } from '~/lib/format'
import { s } from '~/strings'
import { conversion } from '~/strings/conversion'
import { CapabilityScope } from '~/ui/capability-scope'
import { GameIcon } from '~/ui/avatar'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Card, Facts } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { CopyButton } from '~/ui/copy-button'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'

export function PluginsPage() {
  const { data, error, refetch } = useQuery(pluginsQuery)
  const { data: blueprints } = useQuery(blueprintsQuery)
  const [uploading, setUploading] = useState(false)
  const [importing, setImporting] = useState(false)
  const [deleting, setDeleting] = useState<PluginView | null>(null)
  const upload = (
    <>
      <Button onClick={() => setImporting(true)}><FileInput aria-hidden />{conversion.open}</Button>
      <Button variant="primary" onClick={() => setUploading(true)}><Upload aria-hidden />{s.plugins.upload}</Button>
    </>
  )
  return (
    <Page title={s.plugins.title} lead={s.plugins.lead} actions={data?.items.length !== 0 && upload}>
      {error && !data ? (
        <ProblemCard error={error} onRetry={refetch} />
      ) : !data ? (
        <div role="status" aria-label={s.common.loading} className="grid gap-4 lg:grid-cols-2">{[0, 1].map((i) => <Skeleton key={i} className="h-72" />)}</div>
      ) : data.items.length === 0 ? (
        <Card flush><Empty icon={Blocks} title={s.plugins.empty} action={upload}>{s.plugins.emptyHelp}</Empty></Card>
      ) : (
        <ul className="grid items-start gap-4 lg:grid-cols-2">
          {data.items.map((plugin) => (
            <li key={plugin.id} className="min-w-0">
              <PluginCard plugin={plugin} blueprints={(blueprints?.items ?? []).filter((item) => item.plugin.id === plugin.id)} onDelete={() => setDeleting(plugin)} />
            </li>
          ))}
        </ul>
      )}
      {uploading && <PluginUploadDialog plugins={data?.items ?? []} onClose={() => setUploading(false)} />}
      {importing && <PluginImportDialog onClose={() => setImporting(false)} />}
      {deleting && <DeletePlugin plugin={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

function PluginCard({ plugin, blueprints, onDelete }: { plugin: PluginView; blueprints: BlueprintView[]; onDelete: () => void }) {
  return (
    <article aria-label={plugin.name} className="flex flex-col gap-4 rounded-lg border border-line bg-surface p-4">
      <header className="flex items-start gap-3.5">
        <GameIcon svg={blueprints[0]?.blueprint.icon ?? ''} name={plugin.name} className="size-11" />
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-baseline gap-x-2 text-base"><span className="min-w-0 break-words">{plugin.name}</span><span className="tabular text-xs font-normal text-dim">{plugin.version}</span></h2>
          <p className="truncate text-sm text-dim">{s.plugins.by(plugin.author)} · {s.plugins.servers(plugin.serverCount)}</p>
        </div>
        <IconButton size="iconSm" label={`${s.plugins.delete}: ${plugin.name}`} disabledReason={plugin.serverCount > 0 ? s.plugins.deleteBlocked(plugin.serverCount) : null} onClick={onDelete}><Trash2 aria-hidden /></IconButton>
      </header>
      <p className="text-sm">{plugin.description}</p>
      <section>
        <h3 className="mb-1.5 text-xs font-medium text-dim">{s.plugins.capabilities}</h3>
        <Capabilities plugin={plugin} />
      </section>
      <section>
        <h3 className="mb-1.5 text-xs font-medium text-dim">{s.plugins.blueprints}</h3>
        <p className="flex flex-wrap gap-1.5">{plugin.blueprints.map((blueprint) => <Badge key={blueprint.id}>{blueprint.name}</Badge>)}</p>
      </section>
      <Facts
        className="border-t border-line pt-4 text-xs"
        items={[
          { term: s.plugins.digest, value: <span className="flex items-center gap-1"><code className="truncate font-mono">{plugin.digest.slice(0, 16)}…</code><CopyButton text={plugin.digest} what={s.plugins.digest.toLowerCase()} className="-my-1.5" /></span> },
          { term: s.plugins.size, value: `${bytes(plugin.sizeBytes)}, ${s.plugins.contract.toLowerCase()} ${plugin.contract}` },
          { term: s.plugins.licence, value: plugin.licence },
          { term: s.people.since, value: <Ago at={plugin.installedAt} /> },
        ]}
      />
    </article>
  )
}

function Capabilities({ plugin }: { plugin: PluginView }) {
  if (plugin.capabilities.length === 0) return <p className="text-sm">{s.plugins.noCapabilities}</p>
  return (
    <ul className="flex flex-col gap-2">
      {plugin.capabilities.map((capability) => (
        <li key={capability.name} className="flex items-start gap-2 text-sm">
          {capability.granted ? <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" /> : <X aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />}
          <span className="min-w-0">
            {s.plugins.words[capability.name] ?? capability.name} <span className="text-xs text-dim">({capability.granted ? s.plugins.granted : s.plugins.refused})</span>
            <span className="block text-xs text-dim">{capability.reason}</span>
            <CapabilityScope {...capability} />
          </span>
        </li>
      ))}
    </ul>
  )
}

function DeletePlugin({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/plugins/{id}', { params: { path: { id: plugin.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: s.plugins.deleted })
      onClose()
    },
  })
  return <Confirm title={s.plugins.deleteTitle(plugin.name)} body={s.plugins.deleteBody} verb={s.plugins.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
