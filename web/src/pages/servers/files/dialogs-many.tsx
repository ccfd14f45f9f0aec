/** Deleting and moving what was selected, be it one thing or many, and an account of what was not done. */
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { client, take } from '~/api/client'
import type { FileEntry, ServerView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { deleteAll } from '~/lib/deletions'
import { moveAll, whyNot, type Unmoved } from '~/lib/moves'
import { patience } from '~/lib/patience'
import { isName, join } from '~/lib/paths'
import { parted } from '~/lib/protected'
import { files as f } from '~/strings/files'
import { Confirm } from '~/ui/confirm'
import { Field, Input } from '~/ui/field'
import { toast } from '~/ui/toast'
import { EntryIcon } from './entry-icon'
import { NoFolder, explained, makeFolders } from './folder'
import { useRefresh } from './refresh'

type ManyProps = { server: ServerView; asked: { directory: string; entries: readonly FileEntry[] }; listed: ReadonlySet<string>; onClose: () => void }

const UNSTOPPED = new AbortController().signal
const params = (server: ServerView) => ({ params: { path: { id: server.id } } })

export function RemoveMany({ server, asked: { directory, entries }, listed, onClose }: ManyProps) {
  const refresh = useRefresh(server.id)
  const { going, staying } = parted(entries)
  // What a first try deleted is not asked for again.
  const left = going.filter((entry) => listed.has(entry.name))
  const remove = useMutation({
    mutationFn: async () => {
      const patient = patience(UNSTOPPED, () => undefined)
      const names = left.map((entry) => entry.name)
      const stayed = await deleteAll(names, directory, (paths) => patient(() => take(client.POST('/api/servers/{id}/files/delete', { ...params(server), body: { paths } }))))
      return { names, stayed }
    },
    onSuccess: ({ names, stayed }) => {
      if (stayed.length > 0) return
      toast(names.length > 1 ? { title: f.removedMany(names.length) } : { title: f.removed, detail: join(directory, names[0] ?? '') })
      onClose()
    },
    // Some may be gone, and a folder half.
    onSettled: refresh,
  })
  const [only] = left
  const stayed = remove.data?.stayed ?? []
  const folders = left.filter((entry) => entry.kind === 'directory').length
  const gone = going.length - left.length
  const one = entries.length === 1 && only
  return (
    <Confirm
      title={one ? f.removeTitle(only.name) : f.removeManyTitle(left.length)}
      body={one ? (folders > 0 ? f.removeFolder : f.removeFile) : f.removeMany(folders)}
      verb={f.remove}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      {!one && (
        <>
          {gone > 0 && (remove.isError || stayed.length > 0) && <p role="status" className="text-sm">{stayed.length > 0 ? f.removedSome(gone) : f.removeHalf(gone)}</p>}
          {stayed.length > 0 ? <NotDone title={f.notRemoved} undone={stayed} /> : <Names label={f.names} entries={left} />}
          <Staying entries={staying} />
        </>
      )}
    </Confirm>
  )
}

const Staying = ({ entries }: { entries: readonly FileEntry[] }) =>
  entries.length > 0 && (
    <>
      <p className="text-sm">{f.protectedStay(entries.length)}</p>
      <Names label={f.protectedStay(entries.length)} entries={entries} />
    </>
  )

const Names = ({ label, entries }: { label: string; entries: readonly FileEntry[] }) => (
  // A scrolling list is reached by keyboard as any field is.
  // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
  <ul aria-label={label} tabIndex={0} className="max-h-60 divide-y divide-line overflow-y-auto rounded-md border border-line bg-surface">
    {entries.map((entry) => (
      <li key={entry.name} className="flex items-center gap-2.5 px-3 py-1.5 text-sm">
        <EntryIcon kind={entry.kind} />
        <span className="min-w-0 break-all">{entry.name}</span>
      </li>
    ))}
  </ul>
)

export function MoveMany({ server, asked: { directory, entries }, onClose }: ManyProps) {
  const [text, setText] = useState(directory)
  const { going, staying } = parted(entries)
  const [names, setNames] = useState(going.map((entry) => entry.name))
  const [unmoved, setUnmoved] = useState<{ all: number; left: Unmoved[] } | null>(null)
  /** The folder that they are to go to and that would have to be made. */
  const [absent, setAbsent] = useState<string | null>(null)
  const refresh = useRefresh(server.id)
  const call = useRef(new AbortController())
  const into = text.trim().replace(/^\/+|\/+$/g, '')
  const hindered = whyNot(names, directory, into)
  const wrong = into !== '' && !into.split('/').every(isName) ? f.badPath : hindered === null ? null : 'itself' in hindered ? f.moveInto(hindered.itself) : f.moveSame
  const move = useMutation({
    mutationFn: async () => {
      if (absent !== null) await makeFolders(server.id, absent)
      const rename = (from: string, to: string) => take(client.POST('/api/servers/{id}/files/rename', { ...params(server), body: { from, to, replace: false } }))
      const left = await moveAll(names, directory, into, rename, patience(call.current.signal, () => undefined))
      const [first] = left
      const why = first && (await explained(first.error, server.id, into))
      if (why instanceof NoFolder) throw why
      return left
    },
    onError: (error) => setAbsent(error instanceof NoFolder ? error.folder : null),
    onSuccess: (left) => {
      setAbsent(null)
      if (left.length === 0) {
        toast({ title: f.movedMany(names.length), detail: into })
        return onClose()
      }
      setUnmoved({ all: names.length, left })
      setNames(left.map(({ name }) => name))
    },
    onSettled: refresh,
  })
  return (
    <FormDialog title={unmoved ? f.movedPart(unmoved.all - unmoved.left.length, unmoved.all) : f.moveTitle(names.length)} verb={absent === null ? f.move : f.makeAndMove} busy={move.isPending} error={absent === null ? move.error : null} disabledReason={wrong} onSubmit={() => move.mutate()} onClose={onClose}>
      {unmoved ? <NotDone title={f.notMoved} undone={unmoved.left} /> : <Names label={f.names} entries={going} />}
      <Staying entries={staying} />
      <Field label={f.moveTo} help={f.moveHelp} error={absent === null ? null : f.noFolder(absent)}>
        <Input value={text} onChange={(event) => (setText(event.target.value), setAbsent(null), move.reset())} autoFocus autoComplete="off" spellCheck={false} className="font-mono" />
      </Field>
    </FormDialog>
  )
}

type Undone = { name: string; error: { detail: string; title?: string } }

const NotDone = ({ title, undone }: { title: string; undone: readonly Undone[] }) => (
  <section aria-label={title} role="alert">
    <p className="text-sm">{title}</p>
    <ul className="mt-2 max-h-60 divide-y divide-line overflow-y-auto rounded-md border border-line bg-surface">
      {undone.map(({ name, error }) => (
        <li key={name} className="px-3 py-1.5 text-sm">
          <span className="block font-medium break-all">{name}</span>
          <span className="block text-xs text-dim">{error.detail || error.title}</span>
        </li>
      ))}
    </ul>
  </section>
)
