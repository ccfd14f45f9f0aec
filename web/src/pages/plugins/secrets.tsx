/** The secrets that a plugin asks for by name: each can be stored, replaced and removed, and none is shown. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { pluginSecretsQuery } from '~/api/plugin-queries'
import { toApiError } from '~/api/problem'
import type { PluginView, Schemas } from '~/api/types'
import { s } from '~/strings'
import { secrets as w } from '~/strings/secrets'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Dialog, DialogBody } from '~/ui/dialog'
import { Empty, Skeleton } from '~/ui/empty'
import { Field, Textarea } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'

type Secret = Schemas['PluginSecretView']

export function SecretsDialog({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const { data, error, refetch } = useQuery(pluginSecretsQuery(plugin.id))
  return (
    <Dialog open onClose={onClose} size="md" title={w.title(plugin.name)} description={w.help}>
      <DialogBody>
        {error && !data ? (
          <ProblemCard error={error} onRetry={refetch} />
        ) : !data ? (
          <Skeleton className="h-24" />
        ) : data.items.length === 0 ? (
          <Empty icon={KeyRound} title={w.none} />
        ) : (
          <ul className="flex flex-col divide-y divide-line">
            {data.items.map((secret) => <SecretRow key={secret.name} plugin={plugin} secret={secret} />)}
          </ul>
        )}
      </DialogBody>
    </Dialog>
  )
}

function SecretRow({ plugin, secret }: { plugin: PluginView; secret: Secret }) {
  const queries = useQueryClient()
  const [value, setValue] = useState<string | null>(null)
  const { name, isAskedFor, updatedAt } = secret
  const path = { params: { path: { id: plugin.id, name } } }
  const done = (title: string) => () => {
    void queries.invalidateQueries({ queryKey: pluginSecretsQuery(plugin.id).queryKey })
    setValue(null)
    toast({ title })
  }
  const store = useMutation({ mutationFn: (text: string) => take(client.PUT('/api/plugins/{id}/secrets/{name}', { ...path, body: { value: text } })), onSuccess: done(w.stored(name)) })
  const remove = useMutation({ mutationFn: () => take(client.DELETE('/api/plugins/{id}/secrets/{name}', path)), onSuccess: done(w.removed(name)) })
  const error = store.error ?? remove.error
  const problem = error ? toApiError(error) : null
  return (
    <li className="flex flex-col gap-3 py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-2 text-sm"><code className="font-mono wrap-anywhere">{name}</code>{updatedAt ? <Badge tone="ok">{w.set}</Badge> : <Badge tone="warn">{w.notSet}</Badge>}</p>
          <p className="text-xs text-dim">{!isAskedFor && w.notAsked} {updatedAt && <Ago at={updatedAt} />}</p>
        </div>
        <div className="flex items-center gap-2">
          {isAskedFor && value === null && <Button size="sm" aria-label={updatedAt ? w.replaceOne(name) : w.storeOne(name)} onClick={() => setValue('')}>{updatedAt ? w.replace : w.store}</Button>}
          {updatedAt && <IconButton size="iconSm" label={w.removeOne(name)} onClick={() => remove.mutate()}><Trash2 aria-hidden /></IconButton>}
        </div>
      </div>
      {value !== null && (
        <form
          className="flex flex-col gap-2"
          onSubmit={(event) => {
            event.preventDefault()
            if (value !== '' && !store.isPending) store.mutate(value)
          }}
        >
          <Field label={w.value(name)} error={problem?.field('value') ?? null} required>
            <Textarea value={value} onChange={(event) => setValue(event.target.value)} autoFocus autoComplete="off" spellCheck={false} rows={2} className="min-h-14 font-mono break-all [-webkit-text-security:disc]" />
          </Field>
          <div className="flex gap-2">
            <Button type="submit" size="sm" variant="primary" busy={store.isPending} disabledReason={value === '' ? s.rules.required : null}>{w.store}</Button>
            <Button size="sm" onClick={() => setValue(null)}>{w.cancel}</Button>
          </div>
        </form>
      )}
      {problem && problem.fields.length === 0 && <ProblemCard error={problem} />}
    </li>
  )
}
