/** What can be changed of a server, from its name to its end. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSession } from '~/actions/context'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, variablesQuery } from '~/api/queries'
import type { Permission, ServerView } from '~/api/types'
import { DeleteServer, HoldServer, ReinstallServer } from '~/forms/server-danger'
import { ServerLimits } from '~/forms/server-limits'
import { ServerRelease } from '~/forms/server-release'
import { ServerVariables } from '~/forms/server-variables'
import { ServerWaiting } from '~/forms/server-waiting'
import { useForm } from '~/lib/form'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Skeleton } from '~/ui/empty'
import { Field, Input, Textarea } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { useServer } from './layout'

export function SettingsPage() {
  const server = useServer()
  const { administrator } = useSession().user
  const may = (right: Permission) => server.permissions.includes(right)
  const variables = useQuery(variablesQuery(server.id))
  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-5">
      <ServerWaiting server={server} settings={variables.data} />
      {variables.data ? (
        <ServerVariables key={server.id} server={server} view={variables.data} />
      ) : variables.error ? (
        <ProblemCard error={variables.error} onRetry={variables.refetch} />
      ) : (
        <Card title={s.settings.variables}>
          <div className="grid gap-4 sm:grid-cols-2">{Array.from({ length: 6 }, (_, i) => <Skeleton key={i} className="h-14" />)}</div>
        </Card>
      )}
      {may('server.update') && <General server={server} />}
      <ServerRelease server={server} />
      {administrator && <ServerLimits server={server} />}
      {administrator && <HoldServer server={server} />}
      {(may('server.reinstall') || may('server.delete')) && (
        <Card title={s.settings.danger} tone="bad" flush>
          <div className="divide-y divide-line">
            {may('server.reinstall') && <ReinstallServer server={server} />}
            {may('server.delete') && <DeleteServer server={server} />}
          </div>
        </Card>
      )}
    </div>
  )
}

function General({ server }: { server: ServerView }) {
  const queries = useQueryClient()
  const form = useForm({ name: server.name, description: server.description }, {
    name: (value) => (value.trim() === '' ? s.rules.required : [...value].length > 64 ? s.rules.tooLong(64, [...value].length) : null),
  })
  const save = useMutation({
    mutationFn: () => take(client.PATCH('/api/servers/{id}', { params: { path: { id: server.id } }, body: { name: form.values.name.trim(), description: form.values.description } })),
    onSuccess: (updated) => {
      queries.setQueryData(keys.server(server.id), updated)
      void queries.invalidateQueries({ queryKey: keys.servers })
      toast({ title: s.settings.saved })
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const unchanged = form.values.name === server.name && form.values.description === server.description
  return (
    <Card title={s.settings.general} help={s.settings.generalHelp}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (form.send() && !unchanged) save.mutate()
        }}
      >
        {problem && <ProblemCard error={problem} />}
        <Field label={s.create.name} error={form.error('name', problem)} required className="max-w-md">
          <Input {...form.control('name')} autoComplete="off" />
        </Field>
        <Field label={s.common.description} note={s.common.optional} error={form.error('description', problem)}>
          <Textarea {...form.control('description')} placeholder={s.create.descriptionPlaceholder} />
        </Field>
        <div>
          <Button type="submit" variant="primary" busy={save.isPending} disabledReason={unchanged ? s.common.nothingChanged : null}>{s.common.save}</Button>
        </div>
      </form>
    </Card>
  )
}
