/** What is being uploaded to this server, and what did not get there. */
import { X } from 'lucide-react'
import { bytes } from '~/lib/format'
import { callOff, replaceFile, useUploads, type Upload } from '~/lib/uploads'
import { files as f } from '~/strings/files'
import { Button, IconButton } from '~/ui/button'
import { ProgressBar } from '~/ui/meter'

export function Uploads({ serverId, onDone }: { serverId: string; onDone: (upload: Upload) => void }) {
  const uploads = useUploads(serverId)
  if (uploads.length === 0) return null
  return (
    <ul aria-label={f.uploads} className="divide-y divide-line border-b border-line bg-sunken/60">
      {uploads.map((upload) => (
        <li key={upload.id} className="flex items-center gap-3 px-4 py-2">
          <div className="min-w-0 flex-1">
            <div className="flex flex-wrap items-baseline justify-between gap-x-4">
              <span className="truncate text-sm">{upload.path}</span>
              <span className="tabular text-xs text-dim">{words(upload)}</span>
            </div>
            {upload.error ? (
              <p role="alert" className="text-xs text-bad">{upload.error.code === 'file_exists' ? f.exists : `${upload.error.detail || upload.error.title} ${upload.error.remedy}`}</p>
            ) : (
              <ProgressBar label={f.uploading(upload.name)} fraction={upload.file.size > 0 ? upload.sent / upload.file.size : null} className="mt-1.5" />
            )}
          </div>
          {upload.error?.code === 'file_exists' && <Button size="sm" onClick={() => replaceFile(upload.id, onDone)}>{f.replace}</Button>}
          <IconButton size="iconSm" label={upload.error ? f.dismiss(upload.name) : f.cancelUpload(upload.name)} onClick={() => callOff(upload.id)}><X aria-hidden /></IconButton>
        </li>
      ))}
    </ul>
  )
}

function words(upload: Upload): string {
  if (upload.pause !== null) return f.waitingLimit(upload.pause)
  if (upload.state === 'waiting') return f.waiting
  return `${bytes(upload.sent)} / ${bytes(upload.file.size)}`
}
