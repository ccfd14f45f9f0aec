/** Imports a game from an egg or a document: read in the sandbox and shown with what is lost, then granted and installed. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CircleCheck, LoaderCircle, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { ApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { ConvertedView, Loss } from '~/api/types'
import { bytes } from '~/lib/format'
import { conversion as t } from '~/strings/conversion'
import { plugins as p } from '~/strings/plugins'
import { Badge } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Textarea } from '~/ui/field'
import { Notice } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'
import { DropZone, GrantChoices, Takeover } from './plugin-upload'

/** What the control plane reads. */
const MOST_BYTES = 1024 ** 2
const octets = { headers: { 'content-type': 'application/octet-stream' }, bodySerializer: (body: unknown) => body as Blob }

export function PluginImportDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [file, setFile] = useState<File | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const [document, setDocument] = useState('')
  const [granted, setGranted] = useState<ReadonlySet<string>>(new Set())
  const convert = useMutation({
    mutationFn: ({ name, content }: { name: string; content: Blob }) => take(client.POST('/api/plugins/convert', { params: { query: { fileName: name } }, ...octets, body: content as never })),
    onSuccess: (view) => setDocument(view.document),
  })
  const install = useMutation({
    mutationFn: (replace: boolean) => take(client.POST('/api/plugins/documents', { params: { query: { grant: [...granted].join(','), ...(replace && { replace }) } }, ...octets, body: new Blob([document]) as never })),
    onSuccess: (plugin) => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: p.installed(plugin.name) })
      onClose()
    },
  })
  const begin = (name: string, content: Blob) => {
    install.reset()
    setGranted(new Set())
    convert.mutate({ name, content })
  }
  const choose = (chosen: File | undefined) => {
    if (!chosen) return
    const fits = chosen.size <= MOST_BYTES
    setFile(chosen)
    setWrong(fits ? null : t.tooLarge(bytes(chosen.size), bytes(MOST_BYTES)))
    if (fits) begin(chosen.name, chosen)
    else convert.reset()
  }
  const view = wrong === null ? convert.data : undefined
  const changed = view !== undefined && document !== view.document
  const conflict = view?.present && install.error instanceof ApiError && install.error.code === 'conflict' ? view.present : null
  const blocked = conflict ? p.replaceBlocked : convert.isPending ? t.beingRead : view ? (changed ? t.unchecked : null) : file ? t.unread : t.choose
  return (
    <FormDialog size="lg" title={t.title} verb={t.install} busy={install.isPending} error={conflict ? null : (convert.error ?? install.error)} disabledReason={blocked} onSubmit={() => install.mutate(false)} onClose={onClose}>
      {view && conflict && <Takeover present={{ name: view.name, ...conflict }} version={view.version} detail={install.error instanceof ApiError ? install.error.detail : null} onReplace={() => install.mutate(true)} />}
      <p className="text-sm text-dim">{t.lead}</p>
      <DropZone chosen={file} error={wrong} drop={t.drop} label={t.file} accept=".json,.yaml,.yml,.toml" onFile={choose} />
      <div role="status" className="empty:hidden">
        {convert.isPending && (
          <>
            <p className="flex items-center gap-2 text-sm font-medium"><LoaderCircle aria-hidden className="size-4 shrink-0 animate-spin-slow" /><span className="min-w-0 break-words">{t.reading(convert.variables.name)}</span></p>
            <p className="mt-0.5 pl-6 text-xs text-dim">{t.readingHelp}</p>
          </>
        )}
      </div>
      {view && (
        <>
          <Game view={view} />
          <Losses key={view.manifestId + view.version} losses={view.losses} />
          <GrantChoices capabilities={view.capabilities} granted={granted} onChange={setGranted} />
          <details>
            <summary className="cursor-pointer text-sm font-medium">{t.document}</summary>
            <p className="my-2 text-xs text-dim">{t.documentHelp}</p>
            <Textarea aria-label={t.document} spellCheck={false} rows={16} className="font-mono text-xs" value={document} onChange={(event) => setDocument(event.target.value)} />
            {changed && <Button size="sm" className="mt-2" onClick={() => begin('blueprint.json', new Blob([document]))}>{t.check}</Button>}
          </details>
        </>
      )}
    </FormDialog>
  )
}

const Game = ({ view }: { view: ConvertedView }) => (
  <div>
    <h3 className="text-base break-words">{view.name} <span className="tabular text-sm font-normal text-dim">{view.version}</span></h3>
    <p className="text-sm text-dim">{[view.author && p.by(view.author), view.importer ? t.readBy(view.importer) : t.written].filter(Boolean).join(' · ')}</p>
    {view.description && <p className="mt-2 text-sm break-words">{view.description}</p>}
    <p className="mt-2 flex flex-wrap items-center gap-1.5 text-xs text-dim">
      {view.blueprints.map((blueprint) => <Badge key={blueprint.id}>{blueprint.name}</Badge>)}
      {t.variables(view.blueprints.reduce((sum, blueprint) => sum + blueprint.variables.length, 0))}
    </p>
    {view.present && <p className="mt-2 text-sm text-info">{p.update(view.present.version, view.version)}</p>}
  </div>
)

/** So many are read at a glance. */
const GLANCE = 5

function Losses({ losses }: { losses: Loss[] }) {
  const [shown, setShown] = useState(GLANCE)
  if (losses.length === 0) return <p className="flex items-center gap-2 text-sm"><CircleCheck aria-hidden className="size-4 shrink-0 text-ok" />{t.nothingLost}</p>
  const lost = losses.filter(({ severity }) => severity === 'lost')
  const different = losses.filter(({ severity }) => severity === 'different')
  const title = [lost.length > 0 && t.lost(lost.length), different.length > 0 && t.different(different.length)].filter(Boolean).join(', ')
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <Notice tone={lost.length > 0 ? 'warn' : 'info'} title={title} icon={<TriangleAlert aria-hidden />}>{t.lossesHelp}</Notice>
      <ul className="flex flex-col divide-y divide-line rounded-lg border border-line">
        {[...lost, ...different].slice(0, shown).map((loss, index) => (
          <li key={index} className="flex flex-col gap-1 px-3 py-2.5 text-sm">
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <Badge tone={loss.severity === 'lost' ? 'warn' : 'neutral'}>{t.severity[loss.severity]}</Badge>
              {loss.at && <code className="min-w-0 font-mono text-xs break-all text-dim">{loss.at}</code>}
            </span>
            <span className="break-words">{loss.what}</span>
            <span className="text-xs break-words text-dim">{loss.meaning}</span>
          </li>
        ))}
      </ul>
      {losses.length > shown && <Button size="sm" className="self-start" onClick={() => setShown(losses.length)}>{t.all(losses.length)}</Button>}
    </section>
  )
}
