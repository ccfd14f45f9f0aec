/** Adds a person or changes one; administrators only. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { Role, UserView } from '~/api/types'
import { isEmail, useForm } from '~/lib/form'
import { passwordProblem } from '~/lib/password'
import { s } from '~/strings'
import { Field, Input, Select } from '~/ui/field'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

const ROLES: Role[] = ['admin', 'user', 'limited']

export function UserDialog({ user, onClose }: { user: UserView | null; onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm({ name: user?.name ?? '', email: user?.email ?? '', password: '', role: (user?.role ?? 'user') as string }, {
    name: (value) => (value.trim() ? null : s.rules.required),
    email: (value) => (isEmail(value) ? null : s.rules.email),
    password: (value) => (user && value === '' ? null : passwordProblem(value)),
  })
  const role = ROLES.find((one) => one === form.values.role) ?? 'user'
  const save = useMutation({
    mutationFn: () => {
      const { name, email, password } = form.values
      const body = { name: name.trim(), email: email.trim(), role }
      return user ? take(client.PATCH('/api/users/{id}', { params: { path: { id: user.id } }, body: { ...body, ...(password && { password }) } })) : take(client.POST('/api/users', { body: { ...body, password } }))
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.users })
      toast({ title: user ? s.people.saved : s.people.created })
      onClose()
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  return (
    <FormDialog title={user ? s.people.editTitle(user.name) : s.people.addTitle} verb={user ? s.common.save : s.people.add} busy={save.isPending} error={problem} onSubmit={() => form.send() && save.mutate()} onClose={onClose}>
      <Field label={s.common.name} error={form.error('name', problem)} required>
        <Input {...form.control('name')} autoFocus autoComplete="off" />
      </Field>
      <Field label={s.common.email} error={form.error('email', problem)} required>
        <Input {...form.control('email')} type="email" autoComplete="off" spellCheck={false} />
      </Field>
      <Field label={s.people.role} help={s.people.roleHelp[role]} error={form.error('role', problem)}>
        <Select {...form.control('role')}>{ROLES.map((one) => <option key={one} value={one}>{s.people.roles[one]}</option>)}</Select>
      </Field>
      <Field label={user ? s.people.newPassword : s.common.password} help={user ? s.people.newPasswordHelp : s.setup.passwordHelp} error={form.error('password', problem)} required={!user}>
        <Input {...form.control('password')} type="password" autoComplete="new-password" />
      </Field>
    </FormDialog>
  )
}
