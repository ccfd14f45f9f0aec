/** Choosing what to upload: files, or a whole folder where the browser can hand one over. */
import { FolderUp, Upload as UploadIcon } from 'lucide-react'
import { useRef } from 'react'
import { ofField, type gather } from '~/lib/chosen'
import { files as f } from '~/strings/files'
import { Button } from '~/ui/button'
import { toast } from '~/ui/toast'

const FOLDERS = 'webkitdirectory' in HTMLInputElement.prototype

type UploadButtonsProps = { disabledReason: string | null; onFound: (found: Parameters<typeof gather>[0]) => void }

export function UploadButtons({ disabledReason, onFound }: UploadButtonsProps) {
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  return (
    <>
      <Button size="sm" variant="primary" disabledReason={disabledReason} onClick={() => files.current?.click()}><UploadIcon aria-hidden />{f.upload}</Button>
      {FOLDERS && <Button size="sm" disabledReason={disabledReason} onClick={() => folder.current?.click()}><FolderUp aria-hidden className="max-sm:hidden" />{f.uploadFolder}</Button>}
      <Field ref={files} label={f.uploadInput} multiple onFiles={(chosen) => onFound(ofField(chosen))} />
      {FOLDERS && (
        <Field
          ref={folder}
          label={f.uploadFolderInput}
          webkitdirectory=""
          onFiles={(chosen) => (chosen.length === 0 ? toast({ tone: 'info', title: f.emptyFolder, detail: f.emptyFolderDetail }) : onFound(ofField(chosen)))}
        />
      )}
    </>
  )
}

type FieldProps = React.ComponentPropsWithRef<'input'> & { label: string; webkitdirectory?: string; onFiles: (files: File[]) => void }

const Field = ({ label, onFiles, ...rest }: FieldProps) => (
  <input
    type="file"
    hidden
    aria-label={label}
    onChange={(event) => {
      onFiles([...(event.target.files ?? [])])
      event.target.value = ''
    }}
    {...rest}
  />
)
