/** Uploads a plugin. Its file is read here first, so that what it asks for is granted in words before anything is sent. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FileUp } from 'lucide-react'
import { useId, useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { PluginView } from '~/api/types'
import { bytes } from '~/lib/format'
import { readManifest, type Manifest } from '~/lib/plugin-manifest'
import { s } from '~/strings'
import { cn } from '~/ui/cn'
import { Checkbox } from '~/ui/field'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

const MOST_BYTES = 8 * 1024 ** 2
type Chosen = { file: File; manifest: Manifest }

async function read(file: File): Promise<Chosen | string> {
  if (file.size > MOST_BYTES) return s.plugins.tooLarge
  const manifest = readManifest(new Uint8Array(await file.arrayBuffer()))
  return manifest ? { file, manifest } : s.plugins.notAPlugin
}

export function PluginUploadDialog({ plugins, onClose }: { plugins: PluginView[]; onClose: () => void }) {
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const [granted, setGranted] = useState<ReadonlySet<string>>(new Set())
  const [replace, setReplace] = useState(false)
  const upload = useMutation({
    mutationFn: ({ file }: Chosen) =>
      take(client.POST('/api/plugins', { params: { query: { grant: [...granted].join(','), ...(replace && { replace }) } }, headers: { 'content-type': 'application/wasm' }, body: file as never, bodySerializer: (body: unknown) => body as Blob })),
    onSuccess: (plugin) => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: s.plugins.installed(plugin.name) })
      onClose()
    },
  })
  const choose = (file: File | undefined) => {
    if (!file) return
    void read(file).then((result) => {
      const good = typeof result !== 'string'
      setChosen(good ? result : null)
      setWrong(good ? null : result)
      setGranted(new Set())
      setReplace(false)
      upload.reset()
    })
  }
  const manifest = chosen?.manifest
  // Only the control plane knows what would be displaced; it is asked for after it has said so.
  const displaces = replace || (upload.error && toApiError(upload.error).code === 'conflict')
  const before = plugins.find((plugin) => plugin.manifestId === manifest?.id)
  return (
    <FormDialog size="lg" title={s.plugins.uploadTitle} verb={s.plugins.install} busy={upload.isPending} error={upload.error} disabledReason={chosen ? null : s.plugins.fileHelp} onSubmit={() => chosen && upload.mutate(chosen)} onClose={onClose}>
      <DropZone chosen={chosen?.file ?? null} error={wrong} onFile={choose} />
      {manifest && (
        <>
          <div>
            <h3 className="text-base">{manifest.name} <span className="tabular text-sm font-normal text-dim">{manifest.version}</span></h3>
            <p className="text-sm text-dim">{s.plugins.by(manifest.author)}{manifest.licence && ` · ${manifest.licence}`}</p>
            {manifest.description && <p className="mt-2 text-sm">{manifest.description}</p>}
            {before && <p className="mt-2 text-sm text-info">{s.plugins.update(before.version, manifest.version)}</p>}
          </div>
          <fieldset>
            <legend className="mb-2 text-sm font-medium">{s.plugins.asks}</legend>
            {manifest.capabilities.length === 0 ? (
              <p className="text-sm text-dim">{s.plugins.asksNothing}</p>
            ) : (
              <div className="flex flex-col gap-3">
                {manifest.capabilities.map(({ name, reason }) => (
                  <Checkbox
                    key={name}
                    checked={granted.has(name)}
                    onChange={(on) => setGranted((all) => new Set(on ? [...all, name] : [...all].filter((one) => one !== name)))}
                    label={<>{s.plugins.words[name] ?? name} <code className="ml-1 font-mono text-xs text-dim">{name}</code></>}
                    help={reason}
                  />
                ))}
                <p className="text-xs text-dim">{s.plugins.grantAll}</p>
              </div>
            )}
          </fieldset>
          {displaces && <Checkbox checked={replace} onChange={setReplace} label={s.plugins.replace} help={s.plugins.replaceHelp} />}
        </>
      )}
    </FormDialog>
  )
}

function DropZone({ chosen, error, onFile }: { chosen: File | null; error: string | null; onFile: (file: File | undefined) => void }) {
  const [over, setOver] = useState(false)
  const id = useId()
  return (
    <div>
      {/* Dropping is a second way to do what the file input inside does by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          onFile(event.dataTransfer.files[0])
        }}
        className={cn('flex cursor-pointer flex-col items-center gap-2 rounded-lg border border-dashed border-line-strong px-4 py-6 text-center text-sm hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent', over && 'border-accent bg-accent/5')}
      >
        <FileUp aria-hidden className="size-5 text-dim" />
        {chosen ? <span className="font-medium">{chosen.name} <span className="font-normal text-dim">{bytes(chosen.size)}</span></span> : s.plugins.drop}
        <input id={id} type="file" accept=".wasm,application/wasm" aria-label={s.plugins.file} aria-describedby={error ? `${id}-error` : undefined} className="sr-only" onChange={(event) => onFile(event.target.files?.[0])} />
      </label>
      {error && <p id={`${id}-error`} role="alert" className="mt-1.5 text-xs text-bad">{error}</p>}
    </div>
  )
}
