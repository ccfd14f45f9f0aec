/**
 * One file as a form. Only what was changed is sent, over the version that was read: where the file has changed since,
 * nothing is written, and what was entered stays on top of what the file has then.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import { useServerActions } from '~/actions/servers'
import { client, take } from '~/api/client'
import { configFileQuery } from '~/api/page-queries'
import { toApiError } from '~/api/problem'
import type { ConfigFieldView, ConfigFileView, ServerView, Variable } from '~/api/types'
import { VariableField } from '~/forms/variable-field'
import { begun, mayBeSent } from '~/lib/config-form'
import { byGroup, variableProblem } from '~/lib/validate'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { pages } from '~/strings/pages'
import { About } from '~/ui/about'
import { Button, buttonStyle } from '~/ui/button'
import { Card } from '~/ui/card'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

const p = pages.config

type ConfigFormProps = { server: ServerView; file: ConfigFileView; version: string; /** Why nothing can be saved just now. */ cannot: string | null; /** Whether it was read. */ onRead: () => Promise<boolean> }

export function ConfigForm({ server, file, version, cannot, onRead }: ConfigFormProps) {
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>({})
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  /** When the process was started that does not know what was saved. */
  const [waiting, setWaiting] = useState<string | null>(null)
  const valueOf = (item: ConfigFieldView) => draft[item.question.key] ?? begun(item)
  const isChanged = (item: ConfigFieldView) => item.editable && draft[item.question.key] !== undefined && mayBeSent(item, valueOf(item))
  const own = (item: ConfigFieldView) => variableProblem(needed(item), valueOf(item), item.isSet && item.question.kind.type === 'secret')
  const changed = file.items.filter(isChanged)
  const save = useMutation({
    mutationFn: () => {
      const values = Object.fromEntries(changed.map((item) => [item.question.key, valueOf(item)]))
      return take(client.PATCH('/api/servers/{id}/config-files/{file}', { params: { path: { id: server.id, file: file.id } }, body: { version, values } }))
    },
    onSuccess: async ({ needsRestart }) => {
      toast({ title: needsRestart ? p.savedRestart : p.saved })
      if (needsRestart) setWaiting(server.observed.startedAt ?? null)
      // The form goes on with what the file says by now, and only then forgets what was entered.
      await queries.refetchQueries({ queryKey: configFileQuery(server.id, file.id).queryKey })
      setDraft({})
      setLeft(new Set())
    },
  })
  const readAgain = useMutation({ mutationFn: onRead, onSuccess: (read) => (read ? save.reset() : undefined) })
  const problem = save.error ? toApiError(save.error) : null
  const error = (item: ConfigFieldView) => {
    const { key } = item.question
    const mine = left.has(key) || isChanged(item) ? own(item) : null
    return (isChanged(item) ? mine : null) ?? problem?.field(`values.${key}`) ?? (draft[key] === undefined && item.editable ? misfitOf(item) : null)
  }
  const wrong = changed.some((item) => own(item) !== null)
  const editable = file.items.some((item) => item.editable)
  const reason = cannot ?? (wrong ? s.common.fixFirst : changed.length === 0 ? s.common.nothingChanged : null)
  const groups = byGroup(file.items.map((item) => ({ group: item.question.group, item })))
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (!reason && !save.isPending) save.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <header className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2 className="text-base">{file.title}</h2>
          {file.help && <p className="mt-0.5 max-w-prose text-sm text-dim">{file.help}</p>}
        </div>
        <Link {...to.files(server.id, folderOf(file.path), file.path)} className={buttonStyle({ size: 'sm' })}><About words={p.openFile} of={file.path} /></Link>
      </header>
      {groups.map(({ group, items }) => (
        <Card key={group} title={group || (groups.length > 1 ? p.others : p.title)}>
          <div className="grid gap-x-6 gap-y-5 sm:grid-cols-2">
            {items.map(({ item }) => (
              <VariableField
                key={item.question.key}
                variable={needed(item)}
                value={valueOf(item)}
                isSet={item.isSet}
                error={error(item)}
                disabledReason={item.editable ? null : [misfitOf(item), item.reason].filter(Boolean).join(' ')}
                note={noteOf(item, isChanged(item))}
                onChange={(value) => setDraft((all) => ({ ...all, [item.question.key]: value }))}
                onLeave={() => setLeft((all) => new Set([...all, item.question.key]))}
              />
            ))}
          </div>
        </Card>
      ))}
      {/* Beside the button that brings them: on a phone the top of the form is far away. */}
      {waiting !== null && waiting === server.observed.startedAt && <Waits server={server} />}
      {problem?.code === 'file_changed' ? (
        <Notice tone="warn" title={p.changed} icon={<RotateCw aria-hidden />} action={<Button size="sm" busy={readAgain.isPending} onClick={() => readAgain.mutate()}>{p.readAgain}</Button>}>
          {p.changedHelp}
        </Notice>
      ) : (
        problem && <ProblemCard error={problem} />
      )}
      {editable && (
        <div>
          <Button type="submit" variant="primary" busy={save.isPending} disabledReason={reason}>{p.save}</Button>
        </div>
      )}
    </form>
  )
}

const folderOf = (path: string) => path.split('/').slice(0, -1).join('/')

/** Whatever the question says of leaving it empty: a form can take nothing out of a file. Nothing chosen is a choice where what stands there is none. */
function needed({ question, misfit }: ConfigFieldView): Variable {
  const required = !['text', 'multiline', 'secret'].includes(question.kind.type)
  return { ...question, required: question.kind.type === 'one_of' && misfit ? false : required || question.required }
}

function misfitOf({ misfit, value, question }: ConfigFieldView): string | null {
  if (!misfit) return null
  // A field that cannot show it says it.
  const hidden = value && (question.kind.type === 'boolean' || question.kind.type === 'one_of')
  return hidden ? `${misfit} ${p.standsThere(value)}` : misfit
}

function noteOf({ isSet, question, misfit }: ConfigFieldView, isChanged: boolean): string | null {
  if (isChanged) return misfit ? p.replaced : question.needsRestart ? s.settings.needsRestart : null
  return isSet ? null : p.unset
}

function Waits({ server }: { server: ServerView }) {
  const { restart } = useServerActions(server)
  return (
    <Notice tone="info" title={p.waits} icon={<RotateCw aria-hidden />} action={<Button size="sm" className="shrink-0" disabledReason={restart.disabledReason} busy={restart.busy ?? false} onClick={restart.perform}>{s.settings.restartNow}</Button>}>
      {p.waitsHelp}
    </Notice>
  )
}
