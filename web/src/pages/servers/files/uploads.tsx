/** What is being uploaded to this server, and what did not get there. */
import { FolderClosed, X } from 'lucide-react'
import { bytes } from '~/lib/format'
import { again, callOff, isTaken, missedName, shownPath, useUploads, type Upload } from '~/lib/uploads'
import type { Missed } from '~/lib/upload-run'
import { s } from '~/strings'
import { files as f } from '~/strings/files'
import { Button, IconButton } from '~/ui/button'
import { ProgressBar } from '~/ui/meter'

export function Uploads({ serverId }: { serverId: string }) {
  const uploads = useUploads(serverId)
  if (uploads.length === 0) return null
  return (
    <ul aria-label={f.uploads} className="divide-y divide-line border-b border-line bg-sunken/60">
      {uploads.map((upload) => (
        <Row key={upload.id} upload={upload} />
      ))}
    </ul>
  )
}

const why = (missed: Missed) => (isTaken(missed) ? f.exists : `${missed.error.detail || missed.error.title} ${missed.error.remedy}`)

function Row({ upload }: { upload: Upload }) {
  const { id, name, missed, files, done, bytes: all, sent } = upload
  const failed = upload.state === 'ended'
  const several = files !== 1 || missed.length > 1
  const taken = missed.filter(isTaken).length
  const fraction = all > 0 ? sent / all : files > 0 ? done / files : null
  return (
    <li className="flex items-start gap-3 px-4 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <span className="flex min-w-0 items-center gap-2 text-sm">
            {several && <FolderClosed aria-hidden className="size-4 shrink-0 text-accent" />}
            <span className="truncate" title={shownPath(upload)}>{shownPath(upload)}</span>
          </span>
          <span className="tabular text-xs text-dim">{words(upload)}</span>
        </div>
        {failed ? <Account upload={upload} several={several} /> : <ProgressBar label={f.uploading(name)} fraction={fraction} className="mt-1.5" />}
        {failed && (
          <div className="mt-2 flex flex-wrap gap-2">
            {taken > 0 && <Button size="sm" onClick={() => again(id, 'replace')}>{several ? f.replaceSome(taken) : f.replace}</Button>}
            {taken < missed.length && <Button size="sm" onClick={() => again(id, 'retry')}>{s.common.retry}</Button>}
          </div>
        )}
      </div>
      <IconButton size="iconSm" label={failed ? f.dismiss(name) : f.cancelUpload(name)} onClick={() => callOff(id)}><X aria-hidden /></IconButton>
    </li>
  )
}

const MOST_SHOWN = 100

/** What did not get there: of one file why, of several also which. */
function Account({ upload, several }: { upload: Upload; several: boolean }) {
  const { missed, files } = upload
  const [first] = missed
  if (!first) return null
  if (!several) return <p role="alert" className="mt-0.5 text-xs break-words text-bad">{why(first)}</p>
  // Where one thing ended all of it, it need not be said of each.
  const common = missed.every((one) => one.error.code === first.error.code)
  const lost = missed.filter(({ piece }) => piece.file).length
  return (
    <>
      <p role="alert" className="mt-0.5 text-xs break-words text-bad">{[`${f.missed(lost, files)}.`, common && why(first)].filter(Boolean).join(' ')}</p>
      <details className="mt-1 text-xs">
        <summary className="w-fit cursor-pointer rounded-sm text-dim hover:text-text">{f.missedShow}</summary>
        {/* A scrolling list is reached by keyboard as any field is. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <ul aria-label={f.missedShow} tabIndex={0} className="mt-1 max-h-48 divide-y divide-line overflow-y-auto rounded-md border border-line bg-surface">
          {missed.slice(0, MOST_SHOWN).map((one) => (
            <li key={one.piece.path} className="px-3 py-1.5">
              <span className="block font-mono break-all">{missedName(one, upload)}</span>
              {!common && <span className="block text-dim">{why(one)}</span>}
            </li>
          ))}
          {missed.length > MOST_SHOWN && <li className="px-3 py-1.5 text-dim">{f.further(missed.length - MOST_SHOWN)}</li>}
        </ul>
      </details>
    </>
  )
}

function words({ pause, state, files, done, sent, bytes: all }: Upload): string {
  if (pause !== null) return f.waitingLimit(pause)
  if (state === 'waiting') return f.waiting
  const size = `${bytes(sent)} / ${bytes(all)}`
  return files === 1 ? size : `${f.ofFiles(done, files)} · ${size}`
}
