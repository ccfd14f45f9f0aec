/** One action as it is asked for: its questions, the call, and the answers that somebody gives. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { BROADCAST, offeredQuery } from '~/actions/offered'
import { client, take } from '~/api/client'
import { tabKey } from '~/api/page-queries'
import { toApiError } from '~/api/problem'
import type { OfferedAction, OfferedActionsView, ServerView, Variable } from '~/api/types'
import { variableProblem } from '~/lib/validate'
import { s } from '~/strings'
import { actions as a } from '~/strings/actions'

export type Wanted = { title: string; help: string; verb: string; form: Variable[]; confirm?: string | null | undefined; reason?: string | null | undefined; send: (form: Record<string, string>) => Promise<{ messages: string[] }>; problemKey: (key: string) => string }

const MESSAGE = { key: 'text', label: a.broadcastField, help: '', group: '', kind: { type: 'text', minLength: 1, maxLength: 256, pattern: null, patternHelp: null }, defaultValue: null, required: true, viewable: 'members', editable: 'members', needsReinstall: false, needsRestart: false } as const satisfies Variable

export function wanted(server: ServerView, offer: OfferedActionsView, id: string): Wanted | null {
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

/** The answers to an action's questions, and the call that they go with. */
export function useAsking(want: Wanted, server: ServerView, begin: Readonly<Record<string, string>> = {}) {
  const queries = useQueryClient()
  const [values, setValues] = useState<Readonly<Record<string, string>>>(begin)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const valueOf = (variable: Variable) => values[variable.key] ?? variable.defaultValue ?? ''
  const own = (variable: Variable) => variableProblem(variable, valueOf(variable), false)
  const act = useMutation({
    mutationFn: () => want.send(Object.fromEntries(want.form.map((variable) => [variable.key, valueOf(variable)]))),
    // What is offered may be another after it was done, and so may what the plugin's pages say.
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: offeredQuery(server).queryKey })
      void queries.invalidateQueries({ queryKey: tabKey(server.id) })
    },
  })
  const problem = act.error ? toApiError(act.error) : null
  return {
    act,
    reason: want.reason ?? (want.form.some((variable) => own(variable) !== null) ? s.common.fixFirst : null),
    field: (variable: Variable) => ({
      variable,
      value: valueOf(variable),
      error: (left.has(variable.key) ? own(variable) : null) ?? problem?.field(want.problemKey(variable.key)) ?? null,
      disabledReason: act.isPending ? '' : null,
      onChange: (value: string) => setValues((all) => ({ ...all, [variable.key]: value })),
      onLeave: () => setLeft((all) => new Set([...all, variable.key])),
    }),
    /** The questions stand there as at the beginning. */
    reset: () => {
      setValues(begin)
      setLeft(new Set())
    },
  }
}
