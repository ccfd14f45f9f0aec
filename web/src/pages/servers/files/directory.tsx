/** One directory: what is in it, and what can be done with that. Files may be dropped anywhere on it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Cog, Ellipsis, File as FileIcon, FilePlus, FolderClosed, FolderOpen, FolderPlus, Link2, MonitorUp, TriangleAlert, Upload as UploadIcon } from 'lucide-react'
import { Suspense, lazy, useRef, useState, type DragEvent } from 'react'
import { filesQuery } from '~/api/queries'
import type { FileEntry, ServerView } from '~/api/types'
import { bytes } from '~/lib/format'
import { join, spell } from '~/lib/paths'
import { enqueue, type Upload } from '~/lib/uploads'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { files as f } from '~/strings/files'
import { sftp } from '~/strings/sftp'
import { Button, IconButton } from '~/ui/button'
import { cn } from '~/ui/cn'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { Notice, ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { useServer } from '../layout'
import { Crumbs } from './crumbs'
import { FileDialog, type Asked } from './dialogs'
import { FileMenu } from './menu'
import { Uploads } from './uploads'

const SftpDialog = lazy(() => import('./sftp').then((module) => ({ default: module.SftpDialog })))

export const MOST_TEXT = 1024 ** 2
const ICON = { file: FileIcon, directory: FolderClosed, link: Link2, other: Cog }

/** What is dropped, if it is files; a folder has no bytes of its own. */
function dropped(event: DragEvent): File[] {
  const items = [...event.dataTransfer.items].filter((item) => item.kind === 'file')
  if (items.some((item) => item.webkitGetAsEntry()?.isDirectory)) toast({ tone: 'bad', title: f.noFolders })
  return items.filter((item) => !item.webkitGetAsEntry()?.isDirectory).flatMap((item) => item.getAsFile() ?? [])
}

export function Directory({ path }: { path: string }) {
  const server = useServer()
  const queries = useQueryClient()
  const { data, error } = useQuery(filesQuery(server.id, path))
  const [asked, setAsked] = useState<Asked | null>(null)
  const [over, setOver] = useState(false)
  const [connecting, setConnecting] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const noWrite = server.permissions.includes('files.write') ? null : f.noWrite
  const done = (upload: Upload) => {
    toast({ title: f.uploaded(upload.name) })
    void queries.invalidateQueries({ queryKey: filesQuery(upload.serverId, path).queryKey })
  }
  const send = (files: File[]) => enqueue(server.id, files, (file) => join(path, spell(file.name)), done)
  const taken = new Set(data?.entries.map((entry) => entry.name))

  return (
    // Dropping is a second way to do what the upload button does by keyboard.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={cn('mx-auto max-w-5xl rounded-lg', over && 'outline-2 outline-offset-2 outline-accent')}
      onDragOver={(event) => {
        if (noWrite || !event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node | null) && setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        if (!noWrite) send(dropped(event))
      }}
    >
      <section aria-label={f.title} className="rounded-lg border border-line bg-surface">
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3">
          <Crumbs serverId={server.id} path={path} />
          <Button size="sm" variant="ghost" className="ml-auto" onClick={() => setConnecting(true)}><MonitorUp aria-hidden />{sftp.open}</Button>
          <div className="flex flex-wrap items-center gap-2">
            <Button size="sm" disabledReason={noWrite} onClick={() => setAsked({ do: 'folder', directory: path })}><FolderPlus aria-hidden />{f.newFolder}</Button>
            <Button size="sm" disabledReason={noWrite} onClick={() => setAsked({ do: 'file', directory: path })}><FilePlus aria-hidden />{f.newFile}</Button>
            <Button size="sm" variant="primary" disabledReason={noWrite} onClick={() => input.current?.click()}><UploadIcon aria-hidden />{f.upload}</Button>
            <input
              ref={input}
              type="file"
              multiple
              hidden
              aria-label={f.uploadInput}
              onChange={(event) => {
                send([...(event.target.files ?? [])])
                event.target.value = ''
              }}
            />
          </div>
        </header>
        <Uploads serverId={server.id} onDone={done} />
        {data?.truncated && <Notice tone="warn" title={f.truncated(data.entries.length)} icon={<TriangleAlert aria-hidden />} className="m-4" />}
        {error ? <ProblemCard error={error} className="m-4" /> : !data ? <SkeletonRows rows={5} label={s.common.loading} /> : data.entries.length === 0 ? <Empty icon={FolderOpen} title={f.empty}>{over ? f.drop : f.emptyHelp}</Empty> : (
          <GridTable label={f.title} rows={data.entries} columns={columnsOf(server, path, taken, setAsked)} rowKey={(entry) => entry.name} rowHeight={44} />
        )}
      </section>
      {connecting && <Suspense><SftpDialog server={server} onClose={() => setConnecting(false)} /></Suspense>}
      {asked && <FileDialog server={server} asked={asked} onClose={() => setAsked(null)} />}
    </div>
  )
}

function columnsOf(server: ServerView, path: string, taken: ReadonlySet<string>, ask: (asked: Asked) => void): Column<FileEntry>[] {
  return [
    { id: 'name', header: f.name, track: 'minmax(10rem,3fr)', narrow: 'title', sort: (entry) => `${entry.kind === 'directory' ? '0' : '1'}${entry.name}`, cell: (entry) => <Name server={server} path={join(path, entry.name)} entry={entry} /> },
    { id: 'size', header: f.size, track: '6rem', align: 'right', sort: (entry) => (entry.kind === 'file' ? entry.bytes : -1), cell: (entry) => <span className="tabular text-sm text-dim">{entry.kind === 'file' ? bytes(entry.bytes) : f.kind[entry.kind]}</span> },
    { id: 'modified', header: f.modified, track: '8rem', sort: (entry) => entry.modified, cell: (entry) => <Ago at={entry.modified} className="text-sm text-dim" /> },
    { id: 'actions', header: s.common.more, track: '2.5rem', quiet: true, narrow: 'corner', cell: (entry) => (
      <FileMenu server={server} path={join(path, entry.name)} entry={entry} taken={taken} ask={ask} trigger={<IconButton size="iconSm" label={`${s.common.more}: ${entry.name}`}><Ellipsis aria-hidden /></IconButton>} />
    ) },
  ]
}

/** A folder opens, a file goes to the editor; what neither can be done with is only named. */
function Name({ server, path, entry }: { server: ServerView; path: string; entry: FileEntry }) {
  const Icon = ICON[entry.kind]
  const link = entry.kind === 'directory' ? to.files(server.id, path) : entry.kind === 'file' && entry.bytes <= MOST_TEXT && server.permissions.includes('files.read') ? to.files(server.id, '', path) : null
  return (
    <span className="flex min-w-0 items-center gap-2.5">
      <Icon aria-hidden className={cn('size-4 shrink-0', entry.kind === 'directory' ? 'text-accent' : 'text-dim')} />
      {link ? <Link {...link} activeProps={{}} className="truncate text-sm hover:underline" title={entry.name}>{entry.name}</Link> : <span className="truncate text-sm" title={entry.name}>{entry.name}</span>}
      <span className="sr-only">{f.kind[entry.kind]}</span>
    </span>
  )
}
