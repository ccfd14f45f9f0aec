/**
 * Uploads a plugin: a component, or a package of one with its signatures. Its file is read here first, so that what it asks for is
 * granted in words before anything is sent, and what the trust policy says of such files stands beside it.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { FileUp, ShieldCheck, TriangleAlert } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { ApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import { sendFile } from '~/api/sending'
import { trustQuery } from '~/api/trust-queries'
import type { PluginView } from '~/api/types'
import { bytes } from '~/lib/format'
import { readManifest, type Manifest } from '~/lib/plugin-manifest'
import { isTar, readPackage } from '~/lib/plugin-package'
import type { Rules } from '~/lib/trust'
import { ofFile, type FileKind } from '~/lib/trust-words'
import { to } from '~/routes/to'
import { plugins as p } from '~/strings/plugins'
import { trust as t } from '~/strings/trust'
import { CapabilityScope } from '~/ui/capability-scope'
import { Button } from '~/ui/button'
import { cn } from '~/ui/cn'
import { Checkbox } from '~/ui/field'
import { ProgressBar } from '~/ui/meter'
import { Notice } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

/** What the plugin host looks at; the control plane refuses more. */
const MOST_BYTES = 32 * 1024 ** 2
type Chosen = { file: File; manifest: Manifest; kind: FileKind }
const MEDIA_TYPE = { component: 'application/wasm', signed: 'application/x-tar', unsigned: 'application/x-tar' }

async function read(file: File): Promise<Chosen | string> {
  if (file.size > MOST_BYTES) return p.tooLarge(bytes(file.size), bytes(MOST_BYTES))
  const content = new Uint8Array(await file.arrayBuffer())
  const packed = readPackage(content)
  const manifest = readManifest(packed?.component ?? content)
  if (manifest) return { file, manifest, kind: !packed ? 'component' : packed.isSigned ? 'signed' : 'unsigned' }
  return isTar(content) ? p.notAPackage : p.notAPlugin
}

/** An upload, how far it is, and that it ends with the dialog. */
function useUpload(onDone: (plugin: PluginView) => void) {
  const [sent, setSent] = useState(0)
  const call = useRef<AbortController | null>(null)
  useEffect(() => () => call.current?.abort(), [])
  const upload = useMutation({
    mutationFn: ({ file, kind, query }: Pick<Chosen, 'file' | 'kind'> & { query: Record<string, string> }) => {
      call.current = new AbortController()
      setSent(0)
      return sendFile<PluginView>({ method: 'POST', address: `/api/plugins?${new URLSearchParams(query).toString()}`, mediaType: MEDIA_TYPE[kind], file, onProgress: setSent, signal: call.current.signal })
    },
    onSuccess: onDone,
  })
  return { upload, sent }
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
  const { upload, sent } = useUpload((plugin) => {
    void queries.invalidateQueries({ queryKey: keys.plugins })
    void queries.invalidateQueries({ queryKey: keys.blueprints })
    toast({ title: plugin.waiting ? p.waits(plugin.name, plugin.waiting.version) : p.installed(plugin.name) })
    onClose()
  })
  const send = ({ file, kind }: Chosen, replace: boolean) => upload.mutate({ file, kind, query: { ...(!inherits && { grant: [...granted].join(',') }), ...(replace && { replace: 'true' }) } })
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
  const isUntrusted = upload.error instanceof ApiError && upload.error.code === 'plugin_untrusted'
  return (
    <FormDialog size="lg" title={p.uploadTitle} verb={p.install} busy={upload.isPending} error={conflict ? null : upload.error} errorAction={isUntrusted && <PolicyLink />} disabledReason={conflict ? p.replaceBlocked : chosen ? null : p.fileHelp} onSubmit={() => chosen && send(chosen, false)} onClose={onClose}>
      {conflict && chosen && <Takeover present={conflict} version={chosen.manifest.version} detail={upload.error instanceof ApiError ? upload.error.detail : null} onReplace={() => send(chosen, true)} />}
      <DropZone chosen={chosen?.file ?? null} error={wrong} drop={p.drop} label={p.file} accept=".wasm,.tar,application/wasm,application/x-tar" onFile={choose} />
      {chosen && upload.isPending && <Progress sent={sent} of={chosen.file.size} />}
      {manifest && (
        <>
          <div>
            <h3 className="text-base">{manifest.name} <span className="tabular text-sm font-normal text-dim">{manifest.version}</span></h3>
            <p className="text-sm text-dim">{[manifest.author && p.by(manifest.author), manifest.licence].filter(Boolean).join(' · ')}</p>
            {manifest.description && <p className="mt-2 text-sm">{manifest.description}</p>}
            {before && !conflict && <p className="mt-2 text-sm text-info">{p.update(before.version, manifest.version)}</p>}
          </div>
          {!isUntrusted && <OfPolicy kind={chosen.kind} plugin={manifest.id} />}
          {inherits ? <Inherited capabilities={manifest.capabilities} from={inherits.version} /> : <GrantChoices capabilities={manifest.capabilities} granted={granted} onChange={setGranted} />}
        </>
      )}
    </FormDialog>
  )
}

/** Where the policy is that refused it. */
export const PolicyLink = () => <Link {...to.trust()} className="rounded-sm text-sm font-medium text-accent hover:underline">{t.look}</Link>

const Progress = ({ sent, of }: { sent: number; of: number }) => (
  <div role="status" className="flex flex-col gap-1.5 text-xs text-dim">
    <span className="tabular">{sent < of ? p.sending(bytes(sent), bytes(of)) : p.examining}</span>
    <ProgressBar label={p.sendingLabel} fraction={sent < of ? sent / of : null} />
  </div>
)

/** What the trust policy says of files like this one. */
function OfPolicy({ kind, plugin }: { kind: FileKind; plugin: string }) {
  const { data } = useQuery(trustQuery)
  if (!data) return null
  const { text, isRefused } = ofFile(kind, plugin, data.rules as unknown as Rules)
  return (
    <p className="flex items-start gap-2 text-sm">
      {isRefused ? <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" /> : <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />}
      <span>{kind === 'signed' && p.hasSignatures} {kind === 'unsigned' && p.hasNoSignature} {text} <PolicyLink /></span>
    </p>
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

/** Without what programs are told to do. */
const inWords = (detail: string) => detail.replace(/ Upload it with replace=true.*$/s, '')

/** What a file would take the place of without being its update, and the one button that means it. */
export function Takeover({ present, version, detail, onReplace }: { present: Pick<PluginView, 'name' | 'version' | 'bundled'>; version: string; /** Why it is no update, where the control plane has said so. */ detail?: string | null; onReplace: () => void }) {
  const title = present.bundled ? p.takesBundled(present.name) : detail ? p.isThere(present.name, present.version) : p.goesBack(present.name, present.version)
  return (
    <Notice tone="warn" title={title} icon={<TriangleAlert aria-hidden />} action={<Button size="sm" variant="dangerGhost" onClick={onReplace}>{p.replace}</Button>}>
      {present.bundled ? p.takesBundledHelp(present.version) : detail ? `${inWords(detail)} ${p.takesPlace(version)}` : p.goesBackHelp(version)}
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
