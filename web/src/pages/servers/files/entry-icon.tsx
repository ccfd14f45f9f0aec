/** What kind of thing an entry is, at a glance and for those who cannot see it. */
import { Cog, File as FileIcon, FolderClosed, Link2 } from 'lucide-react'
import type { FileEntry } from '~/api/types'
import { files as f } from '~/strings/files'
import { cn } from '~/ui/cn'

const ICON = { file: FileIcon, directory: FolderClosed, link: Link2, other: Cog }

export function EntryIcon({ kind }: { kind: FileEntry['kind'] }) {
  const Icon = ICON[kind]
  return (
    <>
      <Icon aria-hidden className={cn('size-4 shrink-0', kind === 'directory' ? 'text-accent' : 'text-dim')} />
      <span className="sr-only">{f.kind[kind]}</span>
    </>
  )
}
