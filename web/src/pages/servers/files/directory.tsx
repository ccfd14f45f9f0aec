/** One directory: what is in it, and what can be done with that, one by one or many at once. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ellipsis, FilePlus, FolderInput, FolderOpen, FolderPlus, MonitorUp, Trash2, TriangleAlert } from 'lucide-react'
import { Suspense, lazy, useState, type KeyboardEvent } from 'react'
import { filesQuery } from '~/api/queries'
import type { FileEntry, Permission, ServerView } from '~/api/types'
import { gather, MOST_PIECES } from '~/lib/chosen'
import { bytes } from '~/lib/format'
import { base, join } from '~/lib/paths'
import { parted } from '~/lib/protected'
import { enqueue, type Outcome, type Upload } from '~/lib/uploads'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { files as f } from '~/strings/files'
import { sftp } from '~/strings/sftp'
import { Button, IconButton } from '~/ui/button'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { PickBar } from '~/ui/pick-bar'
import { Notice, ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { useServer } from '../layout'
import { Crumbs } from './crumbs'
import { FileDialog, type Asked } from './dialogs'
import { DropPlace } from './drop'
import { EntryIcon } from './entry-icon'
import { LockMark } from './lock-mark'
import { FileMenu } from './menu'
import { useRefresh } from './refresh'
import { UploadButtons } from './upload-buttons'
import { Uploads } from './uploads'

const SftpDialog = lazy(() => import('./sftp').then((module) => ({ default: module.SftpDialog })))

export const MOST_TEXT = 1024 ** 2
const none: ReadonlySet<string> = new Set()

export function Directory({ path }: { path: string }) {
  const server = useServer()
  const refresh = useRefresh(server.id)
  const { data, error, refetch } = useQuery(filesQuery(server.id, path))
  const [asked, setAsked] = useState<Asked | null>(null)
  const [picked, setPicked] = useState(none)
  const [connecting, setConnecting] = useState(false)
  const lacks = (right: Permission, reason: string) => (server.permissions.includes(right) ? null : reason)
  const [noWrite, noDelete] = [lacks('files.write', f.noWrite), lacks('files.delete', f.noDelete)]
  const entries = data?.entries ?? []
  const taken = new Set(entries.map((entry) => entry.name))
  // What is gone meanwhile is not selected any more.
  const chosen = entries.filter((entry) => picked.has(entry.name))
  const kept = parted(chosen).going.length > 0 ? null : f.protectedAll
  const all = () => setPicked(new Set(taken))
  const clear = () => setPicked(none)

  const ended = (upload: Upload, outcome: Outcome) => {
    if (outcome === 'whole') toast({ title: f.uploaded(upload.name), ...(upload.files > 1 && { detail: f.uploadedFiles(upload.files) }) })
    void refresh()
  }
  const send = (found: Parameters<typeof gather>[0]) => {
    if (found.length > MOST_PIECES) toast({ tone: 'bad', title: f.tooMany(MOST_PIECES), detail: f.tooManyDetail })
    else enqueue(server.id, path, gather(found, path), ended)
  }
  const askMany = (what: 'delete' | 'move') => setAsked({ do: what, directory: path, entries: chosen })

  return (
    <DropPlace name={path ? base(path) : f.root} disabled={noWrite !== null} onFound={send} onKeyDown={pickKeys({ all, clear, remove: !noDelete && !kept ? () => askMany('delete') : undefined })}>
      <section aria-label={f.title} className="rounded-lg border border-line bg-surface">
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3">
          <Crumbs serverId={server.id} path={path} />
          <Button size="sm" variant="ghost" className="ml-auto" onClick={() => setConnecting(true)}><MonitorUp aria-hidden />{sftp.open}</Button>
          <div className="flex flex-wrap items-center gap-2">
            <Button size="sm" disabledReason={noWrite} onClick={() => setAsked({ do: 'folder', directory: path })}><FolderPlus aria-hidden className="max-sm:hidden" />{f.newFolder}</Button>
            <Button size="sm" disabledReason={noWrite} onClick={() => setAsked({ do: 'file', directory: path })}><FilePlus aria-hidden className="max-sm:hidden" />{f.newFile}</Button>
            <UploadButtons disabledReason={noWrite} onFound={send} />
          </div>
        </header>
        <Uploads serverId={server.id} />
        {data?.truncated && <Notice tone="warn" title={f.truncated(data.entries.length)} icon={<TriangleAlert aria-hidden />} className="m-4" />}
        {error && !data ? (
          <ProblemCard error={error} onRetry={refetch} className="m-4" />
        ) : !data ? (
          <SkeletonRows rows={5} label={s.common.loading} />
        ) : entries.length === 0 ? (
          <Empty icon={FolderOpen} title={f.empty}>{noWrite ? f.emptyReader : f.emptyHelp}</Empty>
        ) : (
          <GridTable
            label={f.title}
            rows={entries}
            columns={columnsOf(server, path, taken, setAsked)}
            rowKey={(entry) => entry.name}
            rowHeight={44}
            {...(!(noWrite && noDelete) && { selection: { picked, onChange: setPicked, labelOf: (entry: FileEntry) => entry.name } })}
          />
        )}
      </section>
      {chosen.length > 0 && (
        <PickBar label={f.pickBar} count={chosen.length} onAll={chosen.length < entries.length ? all : undefined} onClear={clear}>
          <Button variant="ghost" disabledReason={noWrite ?? kept} onClick={() => askMany('move')} className="text-text max-sm:px-2"><FolderInput aria-hidden className="max-sm:hidden" />{f.move}</Button>
          <Button variant="ghost" disabledReason={noDelete ?? kept} onClick={() => askMany('delete')} className="text-bad max-sm:px-2"><Trash2 aria-hidden className="max-sm:hidden" />{f.remove}</Button>
        </PickBar>
      )}
      {connecting && <Suspense><SftpDialog server={server} onClose={() => setConnecting(false)} /></Suspense>}
      {asked && <FileDialog server={server} asked={asked} listed={taken} onClose={() => setAsked(null)} />}
    </DropPlace>
  )
}

type Keys = { all: () => void; clear: () => void; remove: (() => void) | undefined }

/** Inside the table, what file programs do too: Ctrl-A, Escape, Delete. */
const pickKeys = ({ all, clear, remove }: Keys) => (event: KeyboardEvent<HTMLElement>) => {
  const inTable = event.target instanceof Element && event.currentTarget.contains(event.target) && event.target.closest('[role=table], [role=toolbar]')
  if (!inTable || event.defaultPrevented) return
  if (event.key === 'a' && (event.ctrlKey || event.metaKey)) all()
  else if (event.key === 'Escape') clear()
  else if (event.key === 'Delete' && remove) remove()
  else return
  event.preventDefault()
}

function columnsOf(server: ServerView, path: string, taken: ReadonlySet<string>, ask: (asked: Asked) => void): Column<FileEntry>[] {
  return [
    { id: 'name', header: f.name, track: 'minmax(10rem,3fr)', narrow: 'title', sort: (entry) => `${entry.kind === 'directory' ? '0' : '1'}${entry.name}`, cell: (entry) => <Name server={server} path={join(path, entry.name)} entry={entry} /> },
    { id: 'size', header: f.size, track: '6rem', align: 'right', narrow: 'hide', sort: (entry) => (entry.kind === 'file' ? entry.bytes : -1), cell: (entry) => <span className="tabular text-sm text-dim">{sizeWord(entry)}</span> },
    { id: 'modified', header: f.modified, track: '8rem', narrow: 'hide', sort: (entry) => entry.modified, cell: (entry) => <Ago at={entry.modified} className="text-sm text-dim" /> },
    { id: 'actions', header: s.common.more, track: '2.5rem', quiet: true, narrow: 'corner', cell: (entry) => (
      <FileMenu server={server} path={join(path, entry.name)} entry={entry} taken={taken} ask={ask} trigger={<IconButton size="iconSm" label={`${s.common.more}: ${entry.name}`}><Ellipsis aria-hidden /></IconButton>} />
    ) },
  ]
}

const sizeWord = (entry: FileEntry) => (entry.kind === 'file' ? bytes(entry.bytes) : f.kind[entry.kind])

/** A folder opens, a file goes to the editor; what neither can be done with is only named. Narrow, size and age stand beneath. */
function Name({ server, path, entry }: { server: ServerView; path: string; entry: FileEntry }) {
  const link = entry.kind === 'directory' ? to.files(server.id, path) : entry.kind === 'file' && entry.bytes <= MOST_TEXT && server.permissions.includes('files.read') ? to.files(server.id, '', path) : null
  return (
    <span className="flex min-w-0 items-center gap-2.5">
      <EntryIcon kind={entry.kind} />
      <span className="min-w-0">
        {link ? <Link {...link} activeProps={{}} className="block truncate text-sm hover:underline" title={entry.name}>{entry.name}</Link> : <span className="block truncate text-sm" title={entry.name}>{entry.name}</span>}
        <span className="tabular block truncate text-xs text-dim @3xl:hidden">{entry.kind === 'file' && `${bytes(entry.bytes)} · `}<Ago at={entry.modified} /></span>
      </span>
      {entry.protected && <LockMark />}
    </span>
  )
}
