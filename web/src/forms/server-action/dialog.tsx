/** One action: its questions, what it asks before it is done, that it is under way, and what the game says afterwards. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { LoaderCircle, TriangleAlert } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { BROADCAST, offeredQuery } from '~/actions/offered'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import type { OfferedAction, OfferedActionsView, ServerView, Variable } from '~/api/types'
import { variableProblem } from '~/lib/validate'
import { s } from '~/strings'
import { actions as a } from '~/strings/actions'
import { Button } from '~/ui/button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Notice } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { FormDialog } from '../form-dialog'
import { VariableField } from '../variable-field'

type Wanted = { title: string; help: string; verb: string; form: Variable[]; confirm?: string | null | undefined; reason?: string | null | undefined; send: (form: Record<string, string>) => Promise<{ messages: string[] }>; problemKey: (key: string) => string }

const MESSAGE = { key: 'text', label: a.broadcastField, help: '', group: '', kind: { type: 'text', minLength: 1, maxLength: 256, pattern: null, patternHelp: null }, defaultValue: null, required: true, viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: false } as const satisfies Variable

function wanted(server: ServerView, offer: OfferedActionsView, id: string): Wanted | null {
  const path = { id: server.id }
  if (id === BROADCAST) {
    return offer.broadcast ? {
      title: a.broadcast, help: a.broadcastHelp, verb: a.send, form: [MESSAGE], reason: offer.broadcast.reason, problemKey: (key) => key,
      send: ({ text = '' }) => take(client.POST('/api/servers/{id}/broadcast', { params: { path }, body: { text } })),
    } : null
  }
  const found = offer.items.find(({ action }) => action.id === id)
  if (!found) return null
  const action: OfferedAction = found.action
  return {
    title: action.title, help: action.help, verb: action.title, form: action.form, confirm: action.confirm, reason: found.reason, problemKey: (key) => `form.${key}`,
    send: (form) => take(client.POST('/api/servers/{id}/actions/{action}', { params: { path: { ...path, action: id } }, body: { form } })),
  }
}

type ActionDialogProps = { server: ServerView; offer: OfferedActionsView; action: string; onClose: () => void }

export function ActionDialog({ server, offer, action, onClose }: ActionDialogProps) {
  const want = wanted(server, offer, action)
  return want && <Ask want={want} server={server} onClose={onClose} />
}

function Ask({ want, server, onClose }: { want: Wanted; server: ServerView; onClose: () => void }) {
  const queries = useQueryClient()
  const [values, setValues] = useState<Record<string, string>>({})
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  /** Whoever closed it while it was at work is told elsewhere. */
  const open = useRef(true)
  useEffect(() => {
    open.current = true
    return () => {
      open.current = false
    }
  }, [])
  const valueOf = (variable: Variable) => values[variable.key] ?? variable.defaultValue ?? ''
  const own = (variable: Variable) => variableProblem(variable, valueOf(variable), false)
  const act = useMutation({
    mutationFn: () => want.send(Object.fromEntries(want.form.map((variable) => [variable.key, valueOf(variable)]))),
    onSuccess: ({ messages }) => {
      if (messages.length === 0 && open.current) onClose()
      if (messages.length === 0 || !open.current) toast({ title: a.done(want.title), detail: messages.join(' ') })
    },
    onError: (error) => {
      const problem = toApiError(error)
      if (!open.current) toast({ tone: 'bad', title: a.failed(want.title), detail: problem.detail })
    },
    // What is offered may be another after it was done.
    onSettled: () => void queries.invalidateQueries({ queryKey: offeredQuery(server).queryKey }),
  })
  const problem = act.error ? toApiError(act.error) : null
  const reason = want.reason ?? (want.form.some((variable) => own(variable) !== null) ? s.common.fixFirst : null)
  if (act.data) return <Said title={want.title} messages={act.data.messages} onClose={onClose} />
  return (
    <FormDialog title={want.title} {...(want.help && { description: want.help })} verb={want.verb} busy={act.isPending} error={act.error} disabledReason={reason} {...(act.isPending && { leave: s.common.close })} onSubmit={() => act.mutate()} onClose={onClose}>
      {want.form.map((variable) => (
        <VariableField
          key={variable.key}
          variable={variable}
          value={valueOf(variable)}
          error={(left.has(variable.key) ? own(variable) : null) ?? problem?.field(want.problemKey(variable.key)) ?? null}
          disabledReason={act.isPending ? '' : null}
          onChange={(value) => setValues((all) => ({ ...all, [variable.key]: value }))}
          onLeave={() => setLeft((all) => new Set([...all, variable.key]))}
        />
      ))}
      {want.reason && <Notice tone="warn" title={want.reason} icon={<TriangleAlert aria-hidden />} />}
      {want.confirm && <Notice tone="warn" title={want.confirm} icon={<TriangleAlert aria-hidden />} />}
      <p role="status" className="flex items-start gap-2 text-sm text-dim empty:hidden">
        {act.isPending && (
          <>
            <LoaderCircle aria-hidden className="mt-0.5 size-4 shrink-0 animate-spin" />
            {a.atIt}
          </>
        )}
      </p>
    </FormDialog>
  )
}

function Said({ title, messages, onClose }: { title: string; messages: string[]; onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title={a.done(title)} description={a.said}>
      <DialogBody>
        {messages.map((message, i) => (
          <p key={i} className="text-sm break-words whitespace-pre-line">{message}</p>
        ))}
      </DialogBody>
      <DialogFooter>
        <Button autoFocus variant="primary" onClick={onClose}>{s.common.close}</Button>
      </DialogFooter>
    </Dialog>
  )
}
