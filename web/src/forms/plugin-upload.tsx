/** Uploads a plugin. Its file is read here first, so that what it asks for is granted in words before anything is sent. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { FileUp, TriangleAlert } from 'lucide-react'
import { useId, useState } from 'react'
import { client, take } from '~/api/client'
import { ApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { PluginView } from '~/api/types'
import { bytes } from '~/lib/format'
import { readManifest, type Manifest } from '~/lib/plugin-manifest'
import { plugins as p } from '~/strings/plugins'
import { CapabilityScope } from '~/ui/capability-scope'
import { Button } from '~/ui/button'
import { cn } from '~/ui/cn'
import { Checkbox } from '~/ui/field'
import { Notice } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

/** What the plugin host looks at; the control plane refuses more. */
const MOST_BYTES = 32 * 1024 ** 2
type Chosen = { file: File; manifest: Manifest }

async function read(file: File): Promise<Chosen | string> {
  if (file.size > MOST_BYTES) return p.tooLarge(bytes(file.size), bytes(MOST_BYTES))
  const manifest = readManifest(new Uint8Array(await file.arrayBuffer()))
  return manifest ? { file, manifest } : p.notAPlugin
}

export function PluginUploadDialog({ plugins, onClose }: { plugins: PluginView[]; onClose: () => void }) {
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const [granted, setGranted] = useState<ReadonlySet<string>>(new Set())
  const manifest = chosen?.manifest
  const before = plugins.find((plugin) => plugin.manifestId === manifest?.id)
  // An update has what the version before it had, and waits where it asks for more.
  const inherits = before && !before.bundled ? before : null
  const upload = useMutation({
    mutationFn: ({ file, replace }: Chosen & { replace: boolean }) =>
      take(client.POST('/api/plugins', { params: { query: { ...(!inherits && { grant: [...granted].join(',') }), ...(replace && { replace }) } }, headers: { 'content-type': 'application/wasm' }, body: file as never, bodySerializer: (body: unknown) => body as Blob })),
    onSuccess: (plugin) => {
      void queries.invalidateQueries({ queryKey: keys.plugins })
      void queries.invalidateQueries({ queryKey: keys.blueprints })
      toast({ title: plugin.waiting ? p.waits(plugin.name, plugin.waiting.version) : p.installed(plugin.name) })
      onClose()
    },
  })
  const choose = (file: File | undefined) => {
    if (!file) return
    upload.reset()
    void read(file).then((result) => {
      const good = typeof result !== 'string'
      setChosen(good ? result : null)
      setWrong(good ? null : result)
      setGranted(new Set())
    })
  }
  // The control plane compares versions; the panel asks it, and asks the person only about what it refused.
  const conflict = chosen && before && upload.error instanceof ApiError && upload.error.code === 'conflict' ? before : null
  return (
    <FormDialog size="lg" title={p.uploadTitle} verb={p.install} busy={upload.isPending} error={conflict ? null : upload.error} disabledReason={conflict ? p.replaceBlocked : chosen ? null : p.fileHelp} onSubmit={() => chosen && upload.mutate({ ...chosen, replace: false })} onClose={onClose}>
      {conflict && chosen && <Takeover present={conflict} version={chosen.manifest.version} onReplace={() => upload.mutate({ ...chosen, replace: true })} />}
      <DropZone chosen={chosen?.file ?? null} error={wrong} drop={p.drop} label={p.file} accept=".wasm,application/wasm" onFile={choose} />
      {manifest && (
        <>
          <div>
            <h3 className="text-base">{manifest.name} <span className="tabular text-sm font-normal text-dim">{manifest.version}</span></h3>
            <p className="text-sm text-dim">{[manifest.author && p.by(manifest.author), manifest.licence].filter(Boolean).join(' · ')}</p>
            {manifest.description && <p className="mt-2 text-sm">{manifest.description}</p>}
            {before && !conflict && <p className="mt-2 text-sm text-info">{p.update(before.version, manifest.version)}</p>}
          </div>
          {inherits ? <Inherited capabilities={manifest.capabilities} from={inherits.version} /> : <GrantChoices capabilities={manifest.capabilities} granted={granted} onChange={setGranted} />}
        </>
      )}
    </FormDialog>
  )
}

type Asked = { name: string; reason: string; hosts: string[]; names: string[]; quotaKib?: number | null }
type GrantChoicesProps = { capabilities: Asked[]; granted: ReadonlySet<string>; onChange: (granted: ReadonlySet<string>) => void }

/** What a plugin asks for, in words, each to be granted or not. */
export const GrantChoices = ({ capabilities, granted, onChange }: GrantChoicesProps) => (
  <fieldset>
    <legend className="mb-2 text-sm font-medium">{p.asks}</legend>
    {capabilities.length === 0 ? (
      <p className="text-sm text-dim">{p.asksNothing}</p>
    ) : (
      <div className="flex flex-col gap-3">
        {capabilities.map(({ name, reason, hosts, names, quotaKib }) => (
          <Checkbox
            key={name}
            checked={granted.has(name)}
            onChange={(on) => onChange(new Set(on ? [...granted, name] : [...granted].filter((one) => one !== name)))}
            label={<>{p.words[name] ?? name} <code className="ml-1 font-mono text-xs text-dim">{name}</code></>}
            help={<>{reason} <CapabilityScope hosts={hosts} names={names} quotaKib={quotaKib} /></>}
          />
        ))}
        <p className="text-xs text-dim">{p.grantAll}</p>
      </div>
    )}
  </fieldset>
)

/** What an update asks for that has what the release before it had. */
const Inherited = ({ capabilities, from }: { capabilities: Asked[]; from: string }) => (
  <section>
    <h3 className="mb-2 text-sm font-medium">{p.asks}</h3>
    {capabilities.length === 0 ? (
      <p className="text-sm text-dim">{p.asksNothing}</p>
    ) : (
      <ul className="flex flex-col gap-2 text-sm">
        {capabilities.map(({ name, reason, hosts, names, quotaKib }) => (
          <li key={name}>{p.words[name] ?? name} <span className="block text-xs text-dim">{reason} <CapabilityScope hosts={hosts} names={names} quotaKib={quotaKib} /></span></li>
        ))}
        <li className="text-xs text-dim">{p.inherits(from)}</li>
      </ul>
    )}
  </section>
)

/** What a file would take the place of without being its update, and the one button that means it. */
export function Takeover({ present, version, onReplace }: { present: Pick<PluginView, 'name' | 'version' | 'bundled'>; version: string; onReplace: () => void }) {
  const title = present.bundled ? p.takesBundled(present.name) : p.goesBack(present.name, present.version)
  return (
    <Notice tone="warn" title={title} icon={<TriangleAlert aria-hidden />} action={<Button size="sm" variant="dangerGhost" onClick={onReplace}>{p.replace}</Button>}>
      {present.bundled ? p.takesBundledHelp(present.version) : p.goesBackHelp(version)}
    </Notice>
  )
}

type DropZoneProps = { chosen: File | null; error: string | null; /** What stands in it while nothing is chosen. */ drop: string; label: string; accept: string; onFile: (file: File | undefined) => void }

export function DropZone({ chosen, error, drop, label, accept, onFile }: DropZoneProps) {
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
        {chosen ? <span className="font-medium">{chosen.name} <span className="font-normal text-dim">{bytes(chosen.size)}</span></span> : drop}
        <input id={id} type="file" accept={accept} aria-label={label} aria-describedby={error ? `${id}-error` : undefined} className="sr-only" onChange={(event) => onFile(event.target.files?.[0])} />
      </label>
      {error && <p id={`${id}-error`} role="alert" className="mt-1.5 text-xs text-bad">{error}</p>}
    </div>
  )
}
