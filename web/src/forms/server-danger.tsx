/** Suspending, reinstalling, deleting: each says what it takes away before it does. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useFollowOperation } from '~/actions/servers'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { refusal } from '~/lib/server-status'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

const path = (server: ServerView) => ({ params: { path: { id: server.id } } })

const Row = ({ title, help, children }: { title: string; help: string; children: ReactNode }) => (
  <div className="flex flex-wrap items-center justify-between gap-4 p-4">
    <div className="min-w-0 flex-1 basis-64">
      <h3 className="text-sm">{title}</h3>
      <p className="text-sm text-dim">{help}</p>
    </div>
    {children}
  </div>
)

export function ReinstallServer({ server }: { server: ServerView }) {
  const [asking, setAsking] = useState(false)
  const follow = useFollowOperation()
  const queries = useQueryClient()
  const reinstall = useMutation({
    mutationFn: () => take(client.POST('/api/servers/{id}/reinstall', path(server))),
    onSuccess: (accepted) => {
      follow(accepted.operationId)
      void queries.invalidateQueries({ queryKey: keys.server(server.id), exact: true })
      setAsking(false)
    },
  })
  return (
    <Row title={s.settings.reinstall} help={s.settings.reinstallHelp}>
      <Button variant="dangerGhost" disabledReason={refusal(server.actions, 'reinstall')} onClick={() => setAsking(true)}>{s.settings.reinstall}</Button>
      {asking && (
        <Confirm title={s.settings.reinstallTitle(server.name)} body={s.settings.reinstallHelp} verb={s.settings.reinstall} busy={reinstall.isPending} error={reinstall.error} onConfirm={() => reinstall.mutate()} onClose={() => setAsking(false)} />
      )}
    </Row>
  )
}

export function DeleteServer({ server }: { server: ServerView }) {
  const [asking, setAsking] = useState(false)
  const follow = useFollowOperation()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/servers/{id}', path(server))),
    onSuccess: async (accepted) => {
      follow(accepted.operationId)
      toast({ tone: 'info', title: `${s.settings.deleteStarted} ${server.name}` })
      await navigate(to.servers())
      void queries.invalidateQueries({ queryKey: keys.servers })
    },
  })
  return (
    <Row title={s.settings.delete} help={s.settings.deleteHelp}>
      <Button variant="dangerGhost" disabledReason={refusal(server.actions, 'delete')} onClick={() => setAsking(true)}>{s.settings.delete}</Button>
      {asking && (
        <Confirm title={s.settings.deleteTitle(server.name)} body={s.settings.deleteBody} typed={server.name} verb={s.settings.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={() => setAsking(false)} />
      )}
    </Row>
  )
}

export function HoldServer({ server }: { server: ServerView }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const held = server.holds.some((hold) => hold.by === 'administrator')
  const change = useMutation({
    mutationFn: () => (held ? take(client.DELETE('/api/servers/{id}/hold', path(server))) : take(client.PUT('/api/servers/{id}/hold', { ...path(server), body: { reason: reason.trim() } }))),
    onSuccess: (updated) => {
      queries.setQueryData(keys.server(server.id), updated)
      setReason('')
      toast({ title: held ? s.settings.released : s.settings.held })
    },
  })
  return (
    <Card title={s.settings.hold} help={s.settings.holdHelp}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          if (held || reason.trim()) change.mutate()
        }}
      >
        {change.error && <ProblemCard error={change.error} />}
        <div className="flex flex-wrap items-end gap-3">
          {!held && (
            <Field label={s.settings.holdReason} className="min-w-0 flex-1 basis-64" error={change.error ? toApiError(change.error).field('reason') : null}>
              <Input value={reason} onChange={(event) => setReason(event.target.value)} maxLength={500} autoComplete="off" />
            </Field>
          )}
          <Button type="submit" variant={held ? 'primary' : 'dangerGhost'} busy={change.isPending} disabledReason={!held && !reason.trim() ? s.rules.required : null}>
            {held ? s.settings.release : s.settings.holdSubmit}
          </Button>
        </div>
      </form>
    </Card>
  )
}
