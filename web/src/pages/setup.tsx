import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, setupQuery } from '~/api/queries'
import { Outside } from '~/layout/outside'
import { isEmail, useForm } from '~/lib/form'
import { passwordProblem } from '~/lib/password'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

export function SetupPage() {
  const { data: status } = useQuery(setupQuery)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const tokenRequired = status?.tokenRequired ?? false
  const form = useForm({ name: '', email: '', password: '', token: '' }, {
    name: (value) => (value.trim() ? null : s.rules.required),
    email: (value) => (isEmail(value) ? null : s.rules.email),
    password: passwordProblem,
    token: (value) => (tokenRequired && !value.trim() ? s.rules.required : null),
  })
  const setup = useMutation({
    mutationFn: () => {
      const { name, email, password, token } = form.values
      return take(client.POST('/api/setup', { body: { name: name.trim(), email: email.trim(), password, ...(token.trim() && { token: token.trim() }) } }))
    },
    onSuccess: async () => {
      queries.removeQueries({ queryKey: keys.session })
      queries.removeQueries({ queryKey: keys.setup })
      toast({ title: s.setup.done })
      await navigate(to.servers())
    },
  })
  const problem = setup.error ? toApiError(setup.error) : null

  return (
    <Outside title={s.setup.title} lead={s.setup.lead}>
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (form.send() && !setup.isPending) setup.mutate()
        }}
      >
        {problem && <ProblemCard error={problem} />}
        {tokenRequired && (
          <Field label={s.setup.token} help={s.setup.tokenHelp} error={form.error('token', problem)} required>
            <Input autoComplete="off" spellCheck={false} autoFocus className="h-9 font-mono" {...form.control('token')} />
          </Field>
        )}
        <Field label={s.setup.name} error={form.error('name', problem)} required>
          <Input autoComplete="name" autoFocus={!tokenRequired} className="h-9" {...form.control('name')} />
        </Field>
        <Field label={s.common.email} error={form.error('email', problem)} required>
          <Input type="email" autoComplete="username" spellCheck={false} className="h-9" {...form.control('email')} />
        </Field>
        <Field label={s.common.password} help={s.setup.passwordHelp} error={form.error('password', problem)} required>
          <Input type="password" autoComplete="new-password" className="h-9" {...form.control('password')} />
        </Field>
        <Button type="submit" variant="primary" size="lg" busy={setup.isPending}>
          {s.setup.submit}
        </Button>
      </form>
    </Outside>
  )
}
