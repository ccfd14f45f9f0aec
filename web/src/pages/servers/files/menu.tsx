/** What can be done with one file or folder. */
import { useNavigate } from '@tanstack/react-router'
import { Copy, Download, Eye, FolderInput, SquarePen, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { downloadAddress } from '~/api/files'
import type { FileEntry, ServerView } from '~/api/types'
import { base, copyName, join, parent } from '~/lib/paths'
import { to } from '~/routes/to'
import { files as f } from '~/strings/files'
import { Menu, MenuItem, MenuLine } from '~/ui/menu'
import type { Asked } from './dialogs'
import { MOST_TEXT } from './directory'

/** Has the browser fetch a file; what goes wrong is the browser's to say. */
export function fetchFile(serverId: string, path: string): void {
  const link = document.createElement('a')
  link.href = downloadAddress(serverId, path)
  link.download = base(path)
  link.click()
}

type FileMenuProps = { server: ServerView; path: string; entry: FileEntry; taken: ReadonlySet<string>; trigger: ReactNode; ask: (asked: Asked) => void }

export function FileMenu({ server, path, entry, taken, trigger, ask }: FileMenuProps) {
  const navigate = useNavigate()
  const lacks = (right: 'files.read' | 'files.write' | 'files.delete', reason: string) => (server.permissions.includes(right) ? null : reason)
  const [noRead, noWrite, noDelete] = [lacks('files.read', f.noRead), lacks('files.write', f.noWrite), lacks('files.delete', f.noDelete)]
  const kept = entry.protected ? f.protectedWhy : null
  const noBytes = (words: Record<Exclude<FileEntry['kind'], 'file'>, string>) => noRead ?? (entry.kind === 'file' ? null : words[entry.kind])
  return (
    <Menu trigger={trigger}>
      <MenuItem icon={kept ? <Eye aria-hidden /> : <SquarePen aria-hidden />} disabledReason={noBytes(f.cannotEdit) ?? (entry.bytes > MOST_TEXT ? f.tooLargeToEdit : null)} onSelect={() => void navigate(to.files(server.id, '', path))}>{kept ? f.view : f.edit}</MenuItem>
      <MenuItem icon={<Download aria-hidden />} disabledReason={noBytes(f.cannotDownload)} onSelect={() => fetchFile(server.id, path)}>{f.download}</MenuItem>
      <MenuLine />
      <MenuItem icon={<FolderInput aria-hidden />} disabledReason={noWrite ?? kept} onSelect={() => ask({ do: 'rename', path })}>{f.rename}</MenuItem>
      <MenuItem icon={<Copy aria-hidden />} disabledReason={noWrite} onSelect={() => ask({ do: 'copy', path, free: join(parent(path), copyName(entry.name, taken)) })}>{f.copy}</MenuItem>
      <MenuLine />
      <MenuItem danger icon={<Trash2 aria-hidden />} disabledReason={noDelete ?? kept} onSelect={() => ask({ do: 'delete', directory: parent(path), entries: [entry] })}>{f.remove}</MenuItem>
    </Menu>
  )
}
