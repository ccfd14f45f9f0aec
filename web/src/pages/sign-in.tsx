import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, sessionQuery } from '~/api/queries'
import { Outside } from '~/layout/outside'
import { isEmail, useForm } from '~/lib/form'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const { back } = route.useSearch()
  const router = useRouter()
  const queries = useQueryClient()
  const form = useForm({ email: '', password: '' }, {
    email: (value) => (isEmail(value) ? null : s.rules.email),
    password: (value) => (value ? null : s.rules.required),
  })
  const signIn = useMutation({
    mutationFn: () => take(client.POST('/api/auth/sign-in/email', { body: { email: form.values.email.trim(), password: form.values.password } })),
    onSuccess: async () => {
      queries.removeQueries({ queryKey: keys.session })
      await queries.fetchQuery(sessionQuery)
      router.history.push(back ?? '/servers')
    },
  })
  const problem = signIn.error ? toApiError(signIn.error) : null

  return (
    <Outside title={s.signIn.title} lead={s.signIn.lead}>
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (form.send() && !signIn.isPending) signIn.mutate()
        }}
      >
        {problem && <ProblemCard error={problem} />}
        <Field label={s.common.email} error={form.error('email', problem)} required>
          <Input type="email" autoComplete="username" autoFocus spellCheck={false} className="h-9" {...form.control('email')} />
        </Field>
        <Field label={s.common.password} error={form.error('password', problem)} required>
          <Input type="password" autoComplete="current-password" className="h-9" {...form.control('password')} />
        </Field>
        <Button type="submit" variant="primary" size="lg" busy={signIn.isPending}>
          {s.signIn.submit}
        </Button>
        {/* What went wrong says as much. */}
        {problem?.code !== 'wrong_credentials' && <p className="text-center text-xs text-dim">{s.signIn.lost}</p>}
      </form>
    </Outside>
  )
}
