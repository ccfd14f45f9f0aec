/** With which user names private registries are asked. Passwords are written, and never read. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { LockKeyhole, Plus } from 'lucide-react'
import { useId, useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { loginsQuery } from '~/api/trust-queries'
import type { Schemas } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { useForm } from '~/lib/form'
import { covers, type Rules } from '~/lib/trust'
import { s } from '~/strings'
import { trust as t } from '~/strings/trust'
import { Badge } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { SkeletonRows } from '~/ui/empty'
import { Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { Part, Row } from './rows'

type Login = Schemas['RegistryLoginView']

export function Logins({ rules }: { rules: Rules }) {
  const { data, error, refetch } = useQuery(loginsQuery)
  const [editing, setEditing] = useState<Login | 'new' | null>(null)
  const [removing, setRemoving] = useState<Login | null>(null)
  if (!data) return <Card flush title={t.logins} help={t.loginsHelp}>{error ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : <SkeletonRows rows={1} label={s.common.loading} />}</Card>
  const isAllowed = (login: Login) => rules.registries.some(({ prefix }) => covers(prefix, login.registry) || covers(login.registry, prefix))
  return (
    <Part
      title={t.logins} help={t.loginsHelp} icon={LockKeyhole} none={t.noLogins} noneHelp={t.noLoginsHelp} empty={data.items.length === 0}
      add={<Button size="sm" onClick={() => setEditing('new')}><Plus aria-hidden />{t.addLogin}</Button>}
      dialogs={(
        <>
          {editing && <LoginDialog login={editing === 'new' ? null : editing} rules={rules} onClose={() => setEditing(null)} />}
          {removing && <RemoveLogin login={removing} onClose={() => setRemoving(null)} />}
        </>
      )}
    >
      {data.items.map((login) => (
        <Row key={login.id} icon={LockKeyhole} name={login.registry} title={<code className="font-mono">{login.registry}</code>} note={!isAllowed(login) && <Badge tone="warn">{t.notAllowed}</Badge>} editLabel={`${t.replace}: ${login.registry}`} onEdit={() => setEditing(login)} onRemove={() => setRemoving(login)}>
          <p className="mt-0.5 text-sm wrap-anywhere">{login.username}{login.tokenService && <span className="text-dim">, {t.tokensBy(login.tokenService)}</span>}</p>
          <p className="mt-0.5 text-xs text-dim"><Ago at={login.updatedAt} /></p>
        </Row>
      ))}
    </Part>
  )
}

function LoginDialog({ login, rules, onClose }: { login: Login | null; rules: Rules; onClose: () => void }) {
  const queries = useQueryClient()
  const list = useId()
  const needed = (value: string) => (value.trim() ? null : s.rules.required)
  const form = useForm({ registry: login?.registry ?? '', username: login?.username ?? '', password: '', tokenService: login?.tokenService ?? '' }, { registry: needed, username: needed, password: (value) => (value ? null : s.rules.required) })
  const { registry, username, password, tokenService } = form.values
  const save = useMutation({
    mutationFn: () => take(client.PUT('/api/trust/logins', { body: { registry: registry.trim(), username: username.trim(), password, ...(tokenService.trim() && { tokenService: tokenService.trim() }) } })),
    onSuccess: (kept) => {
      void queries.invalidateQueries({ queryKey: loginsQuery.queryKey })
      toast({ title: t.loginSaved(kept.registry) })
      onClose()
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  return (
    <FormDialog title={login ? t.replaceLogin(login.registry) : t.addLogin} verb={t.save} busy={save.isPending} error={problem && problem.fields.length === 0 ? problem : null} onSubmit={() => form.send() && save.mutate()} onClose={onClose}>
      <Field label={t.registry} help={t.loginRegistryHelp} error={form.error('registry', problem)} required>
        <Input {...form.control('registry')} autoFocus={!login} readOnly={login !== null} list={list} autoComplete="off" spellCheck={false} autoCapitalize="none" placeholder="ghcr.io/acme" className="font-mono" />
      </Field>
      <datalist id={list}>{rules.registries.map(({ prefix }) => <option key={prefix} value={prefix} />)}</datalist>
      <Field label={t.username} error={form.error('username', problem)} required>
        <Input {...form.control('username')} autoComplete="off" spellCheck={false} autoCapitalize="none" />
      </Field>
      <Field label={t.password} help={t.passwordHelp} error={form.error('password', problem)} required>
        <Input {...form.control('password')} type="password" autoFocus={login !== null} autoComplete="new-password" />
      </Field>
      <Field label={t.tokenService} note={t.optional} help={t.tokenServiceHelp} error={form.error('tokenService', problem)}>
        <Input {...form.control('tokenService')} autoComplete="off" spellCheck={false} autoCapitalize="none" className="font-mono" />
      </Field>
    </FormDialog>
  )
}

function RemoveLogin({ login, onClose }: { login: Login; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/trust/logins/{id}', { params: { path: { id: login.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: loginsQuery.queryKey })
      toast({ title: t.loginRemoved(login.registry) })
      onClose()
    },
  })
  return <Confirm title={t.removeLogin(login.registry)} body={t.removeLoginBody} verb={s.common.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
