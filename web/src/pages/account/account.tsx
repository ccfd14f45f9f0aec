import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useSession } from '~/actions/context'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { sessionQuery } from '~/api/queries'
import { Page } from '~/layout/page'
import { isEmail, useForm } from '~/lib/form'
import { passwordProblem } from '~/lib/password'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { AppPasswords } from './app-passwords'
import { SshKeys } from './ssh-keys'

export const AccountPage = () => (
  <Page title={s.account.title} width="form">
    <div className="flex flex-col gap-5">
      <Profile />
      <Password />
      <SshKeys />
      <AppPasswords />
    </div>
  </Page>
)

function Profile() {
  const { user } = useSession()
  const queries = useQueryClient()
  const router = useRouter()
  const form = useForm({ name: user.name, email: user.email, current: '' }, {
    name: (value) => (value.trim() ? null : s.rules.required),
    email: (value) => (isEmail(value) ? null : s.rules.email),
  })
  const newEmail = form.values.email.trim() !== user.email
  const save = useMutation({
    mutationFn: () => take(client.PATCH('/api/account', { body: { name: form.values.name.trim(), ...(newEmail && { email: form.values.email.trim(), currentPassword: form.values.current }) } })),
    onSuccess: async () => {
      await queries.refetchQueries({ queryKey: sessionQuery.queryKey })
      await router.invalidate()
      form.set('current', '')
      toast({ title: s.account.saved })
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const unchanged = form.values.name.trim() === user.name && !newEmail
  return (
    <Card title={s.account.profile} help={s.account.profileHelp}>
      <form
        className="flex max-w-md flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (form.send() && !unchanged && !save.isPending) save.mutate()
        }}
      >
        {problem && <ProblemCard error={problem} />}
        <Field label={s.common.name} error={form.error('name', problem)} required>
          <Input {...form.control('name')} autoComplete="name" />
        </Field>
        <Field label={s.common.email} error={form.error('email', problem)} required>
          <Input {...form.control('email')} type="email" autoComplete="email" spellCheck={false} />
        </Field>
        {newEmail && (
          <Field label={s.account.currentPassword} error={problem?.field('currentPassword')} required>
            <Input {...form.control('current')} type="password" autoComplete="current-password" />
          </Field>
        )}
        <div>
          <Button type="submit" variant="primary" busy={save.isPending} disabledReason={unchanged ? s.common.nothingChanged : null}>{s.account.save}</Button>
        </div>
      </form>
    </Card>
  )
}

const EMPTY = { current: '', next: '' }

function Password() {
  const form = useForm(EMPTY, { current: (value) => (value ? null : s.rules.required), next: passwordProblem })
  const save = useMutation({
    mutationFn: () => take(client.PATCH('/api/account', { body: { currentPassword: form.values.current, newPassword: form.values.next } })),
    onSuccess: () => {
      form.reset(EMPTY)
      toast({ title: s.account.passwordChanged })
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const empty = form.values.current === '' || form.values.next === ''
  return (
    <Card title={s.account.password} help={s.account.passwordHelp}>
      <form
        className="flex max-w-md flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (form.send() && !save.isPending) save.mutate()
        }}
      >
        {problem && <ProblemCard error={problem} />}
        <Field label={s.account.currentPassword} error={form.error('current') ?? problem?.field('currentPassword')} required>
          <Input {...form.control('current')} type="password" autoComplete="current-password" />
        </Field>
        <Field label={s.account.newPassword} help={s.setup.passwordHelp} error={form.error('next') ?? problem?.field('newPassword')} required>
          <Input {...form.control('next')} type="password" autoComplete="new-password" />
        </Field>
        <div>
          <Button type="submit" variant="primary" busy={save.isPending} disabledReason={empty ? s.account.passwordEmpty : null}>{s.account.changePassword}</Button>
        </div>
      </form>
    </Card>
  )
}
