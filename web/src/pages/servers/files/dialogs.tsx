/** What is asked before files change: a name, a place, or whether it is meant. */
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { saveFile } from '~/api/files'
import { ApiError } from '~/api/problem'
import type { FileEntry, ServerView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { aimed, isName, join, parent } from '~/lib/paths'
import { to } from '~/routes/to'
import { files as f } from '~/strings/files'
import { Field, Input } from '~/ui/field'
import { toast } from '~/ui/toast'
import { MoveMany, RemoveMany } from './dialogs-many'
import { NoFolder, explained, makeFolder, makeFolders } from './folder'
import { useRefresh } from './refresh'

export type Asked =
  | { do: 'folder' | 'file'; directory: string }
  | { do: 'rename'; path: string }
  | { do: 'copy'; path: string; free: string }
  | { do: 'delete' | 'move'; directory: string; entries: readonly FileEntry[] }

export type DialogProps<A> = { server: ServerView; asked: A; onClose: () => void }

/** `listed` are the names that are there at this moment. */
export function FileDialog({ server, asked, listed, onClose }: DialogProps<Asked> & { listed: ReadonlySet<string> }) {
  if ('entries' in asked) {
    const Many = asked.do === 'delete' ? RemoveMany : MoveMany
    return <Many server={server} asked={asked} listed={listed} onClose={onClose} />
  }
  if (asked.do === 'rename' || asked.do === 'copy') return <Move server={server} asked={asked} onClose={onClose} />
  return <Create server={server} asked={asked} onClose={onClose} />
}

/** Nothing is replaced from here, so the field can only be given another name. */
const isTaken = (error: unknown) => error instanceof ApiError && error.code === 'file_exists'

const params = (server: ServerView) => ({ params: { path: { id: server.id } } })

function Create({ server, asked, onClose }: DialogProps<Extract<Asked, { do: 'folder' | 'file' }>>) {
  const [name, setName] = useState('')
  const refresh = useRefresh(server.id)
  const navigate = useNavigate()
  const path = join(asked.directory, name)
  const create = useMutation({
    mutationFn: async () => {
      if (asked.do === 'file') await saveFile(server.id, path, '')
      else await makeFolder(server.id, path)
    },
    onSuccess: () => {
      refresh()
      onClose()
      if (asked.do === 'file' && server.permissions.includes('files.read')) void navigate(to.files(server.id, '', path))
      else toast({ title: f.made, detail: path })
    },
  })
  return (
    <FormDialog size="sm" title={asked.do === 'file' ? f.newFile : f.newFolder} verb={f.create} busy={create.isPending} error={isTaken(create.error) ? null : create.error} disabledReason={isName(name) ? null : f.badName} onSubmit={() => create.mutate()} onClose={onClose}>
      <Field label={f.name} error={isTaken(create.error) ? f.taken : name && !isName(name) ? f.badName : null}>
        <Input value={name} onChange={(event) => (setName(event.target.value), create.reset())} autoFocus autoComplete="off" spellCheck={false} />
      </Field>
    </FormDialog>
  )
}

function Move({ server, asked, onClose }: DialogProps<Extract<Asked, { do: 'rename' | 'copy' }>>) {
  const [typed, setTyped] = useState(asked.do === 'copy' ? asked.free : asked.path)
  const path = aimed(asked.path, typed)
  const refresh = useRefresh(server.id)
  const renames = asked.do === 'rename'
  /** The folder that it is to go to and that would have to be made. */
  const [absent, setAbsent] = useState<string | null>(null)
  const move = useMutation({
    mutationFn: async () => {
      const body = { from: asked.path, to: path }
      if (absent !== null) await makeFolders(server.id, absent)
      try {
        return await (renames ? take(client.POST('/api/servers/{id}/files/rename', { ...params(server), body: { ...body, replace: false } })) : take(client.POST('/api/servers/{id}/files/copy', { ...params(server), body })))
      } catch (error) {
        throw await explained(error, server.id, parent(path))
      }
    },
    onError: (error) => setAbsent(error instanceof NoFolder ? error.folder : null),
    onSuccess: ({ skipped }) => {
      refresh()
      toast(skipped > 0 ? { tone: 'info', title: f.copied, detail: f.copiedWithout(skipped) } : { title: renames ? f.renamed : f.copied, detail: path })
      onClose()
    },
  })
  const wrong = path.split('/').every(isName) ? null : f.badPath
  const told = isTaken(move.error) ? f.taken : absent !== null ? f.noFolder(absent) : null
  const verb = renames ? f.rename : f.copy
  return (
    <FormDialog title={verb} verb={absent === null ? verb : renames ? f.makeAndMove : f.makeAndCopy} busy={move.isPending} error={told ? null : move.error} disabledReason={wrong} onSubmit={() => move.mutate()} onClose={onClose}>
      <Field label={renames ? f.newName : f.copyTo} help={<><span className="mb-0.5 block text-text">{!wrong && path !== asked.path && <Outcome words={!renames ? f.copiesTo : parent(path) === parent(asked.path) ? f.becomes : f.movesTo} path={path} />}</span>{f.newNameHelp}</>} error={told}>
        <Input value={typed} onChange={(event) => (setTyped(event.target.value), setAbsent(null), move.reset())} autoFocus autoComplete="off" spellCheck={false} className="font-mono" />
      </Field>
    </FormDialog>
  )
}

/** What will be, in full, before it is. */
const Outcome = ({ words, path }: { words: string; path: string }) => <>{words} <code className="font-mono break-all">{path}</code></>
