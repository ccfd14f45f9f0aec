/**
 * One text file. It is saved over the version that was opened, so that nobody's change is lost unseen; leaving with
 * something unsaved asks first.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useBlocker, useNavigate } from '@tanstack/react-router'
import { Download, Lock, Save, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { saveFile } from '~/api/files'
import { ApiError, toApiError } from '~/api/problem'
import { fileContentQuery, filesQuery } from '~/api/queries'
import type { FileContentView } from '~/api/types'
import { base, parent } from '~/lib/paths'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { files as f } from '~/strings/files'
import { Button, IconButton } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Dialog, DialogFooter } from '~/ui/dialog'
import { SkeletonRows } from '~/ui/empty'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { useServer } from '../layout'
import { CodeMirror, type Source } from './code-mirror'
import { Crumbs } from './crumbs'
import { fetchFile } from './menu'

export function Editor({ path }: { path: string }) {
  const server = useServer()
  const navigate = useNavigate()
  const { data, error, refetch } = useQuery(fileContentQuery(server.id, path))
  const [round, setRound] = useState(0)
  const close = () => void navigate(to.files(server.id, parent(path)))
  const download = <Button size="sm" onClick={() => fetchFile(server.id, path)}><Download aria-hidden />{f.download}</Button>
  const reload = () =>
    void refetch().then((answer) => {
      if (answer.error) toast({ tone: 'bad', title: toApiError(answer.error).title, detail: toApiError(answer.error).detail })
      else setRound((n) => n + 1)
    })
  // A failure to load it again takes nothing away from what is being edited.
  if (data) return <Text key={round} path={path} opened={data} onReload={reload} onClose={close} />
  return (
    <section aria-label={f.editor(base(path))} className="rounded-lg border border-line bg-surface">
      <header className="flex items-center justify-between gap-4 border-b border-line px-4 py-3">
        <Crumbs serverId={server.id} path={path} />
        <IconButton size="iconSm" label={f.close} onClick={close}><X aria-hidden /></IconButton>
      </header>
      {error ? <ProblemCard error={inWords(error)} className="m-4" {...(isRefused(error) ? { action: download } : { onRetry: refetch })} /> : <SkeletonRows rows={4} label={s.common.loading} />}
    </section>
  )
}

const isRefused = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 'file_refused'

/** What cannot be edited can be downloaded still, so that is what to do about it. */
const inWords = (error: unknown) => (isRefused(error) ? new ApiError({ ...error, code: error.code, ...(error.detail.includes('is not text') ? { title: f.notText, detail: f.notTextHelp } : { title: f.cannotShow, detail: error.detail }), remedy: '' }) : error)

type TextProps = { path: string; opened: FileContentView; onReload: () => void; onClose: () => void }

function Text({ path, opened, onReload, onClose }: TextProps) {
  const server = useServer()
  const queries = useQueryClient()
  const source = useRef<Source>(null)
  const [first] = useState(opened)
  const [kept, setKept] = useState<Pick<FileContentView, 'text' | 'version'>>(opened)
  const [dirty, setDirty] = useState(false)
  const noWrite = opened.protected ? f.protectedWhy : server.permissions.includes('files.write') ? null : f.noWrite
  const save = useMutation({
    mutationFn: async (version: string) => {
      const text = source.current?.text() ?? kept.text
      return { text, saved: await saveFile(server.id, path, text, version) }
    },
    onSuccess: ({ text, saved }) => {
      setKept({ text, version: saved.version })
      setDirty(source.current?.text() !== text)
      void queries.invalidateQueries({ queryKey: filesQuery(server.id, parent(path)).queryKey })
      toast({ title: f.saved, detail: path })
    },
  })
  const blocker = useBlocker({ shouldBlockFn: () => dirty, enableBeforeUnload: () => dirty, withResolver: true })
  const trySave = () => {
    if (dirty && !noWrite && !save.isPending) save.mutate(kept.version)
  }
  const conflict = save.error instanceof ApiError && save.error.code === 'file_changed'
  return (
    <section aria-label={f.editor(base(path))} className="flex h-[max(24rem,calc(100dvh-17rem))] flex-col rounded-lg border border-line bg-surface">
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3">
        <Crumbs serverId={server.id} path={path} />
        <div className="flex items-center gap-2">
          {dirty && <span role="status" className="text-xs text-warn">{f.unsaved}</span>}
          <Button size="sm" onClick={() => fetchFile(server.id, path)}><Download aria-hidden />{f.download}</Button>
          <Button size="sm" variant="primary" busy={save.isPending} disabledReason={noWrite ?? (dirty ? null : f.unchanged)} onClick={trySave}><Save aria-hidden />{f.save}</Button>
          <IconButton size="iconSm" label={f.close} onClick={onClose}><X aria-hidden /></IconButton>
        </div>
      </header>
      {opened.protected && <Notice tone="info" title={f.protectedTitle} icon={<Lock aria-hidden />} className="m-4">{f.protectedHelp}</Notice>}
      {save.error && !conflict && <ProblemCard error={save.error} className="m-4" />}
      <CodeMirror ref={source} label={f.editor(base(path))} text={first.text} readOnly={noWrite !== null} onChange={(text) => setDirty(text !== kept.text)} onSave={trySave} />
      {conflict && (
        <Dialog open onClose={() => save.reset()} title={f.conflictTitle} description={f.conflictBody(base(path))}>
          <DialogFooter>
            <Button autoFocus onClick={() => save.reset()}>{f.back}</Button>
            <Button onClick={onReload}>{f.reload}</Button>
            <Button variant="danger" onClick={() => save.mutate('*')}>{f.overwrite}</Button>
          </DialogFooter>
        </Dialog>
      )}
      {blocker.status === 'blocked' && <Confirm title={f.leaveTitle} body={f.leaveBody} verb={f.leave} busy={false} onConfirm={blocker.proceed} onClose={blocker.reset} />}
    </section>
  )
}
