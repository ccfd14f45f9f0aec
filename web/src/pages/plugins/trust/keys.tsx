/** Who may sign, and for what. A key is read before it is trusted, so that people can compare its fingerprint. */
import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { toApiError } from '~/api/problem'
import { keyQuery } from '~/api/trust-queries'
import { FormDialog } from '~/forms/form-dialog'
import { useForm } from '~/lib/form'
import { faultAt, isExpired, isPrivateKey, lines, mayBePublicKey, placed, type TrustedKey } from '~/lib/trust'
import { s } from '~/strings'
import { trust as t } from '~/strings/trust'
import { Badge } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Field, Input, Textarea } from '~/ui/field'
import { Part, Row } from './rows'
import { problemOf, useSave, type Policy } from './save'

export function Keys({ policy }: { policy: Policy }) {
  const [editing, setEditing] = useState<TrustedKey | 'new' | null>(null)
  const [removing, setRemoving] = useState<TrustedKey | null>(null)
  const { rules, view } = policy
  return (
    <Part
      title={t.keys} help={t.keysHelp} icon={KeyRound} none={t.noKeys} noneHelp={t.noKeysHelp} empty={rules.keys.length === 0}
      add={<Button size="sm" onClick={() => setEditing('new')}><Plus aria-hidden />{t.addKey}</Button>}
      dialogs={(
        <>
          {editing && <KeyDialog policy={policy} given={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
          {removing && <RemoveKey policy={policy} given={removing} onClose={() => setRemoving(null)} />}
        </>
      )}
    >
      {rules.keys.map((key, i) => (
        <Row key={key.name} icon={KeyRound} name={key.name} title={key.name} note={isExpired(key) && <Badge tone="bad">{t.expired}</Badge>} onEdit={() => setEditing(key)} onRemove={() => setRemoving(key)}>
          <p className="mt-0.5 text-sm wrap-anywhere">{t.counts([...key.repositories, ...key.plugins])}{key.expires && `, ${t.until(dayOf(key.expires))}`}</p>
          <p className="mt-0.5 text-xs text-dim">{t.fingerprint} <code className="font-mono whitespace-nowrap text-text" title={view.keys[i]?.id}>{view.keys[i]?.fingerprint}</code></p>
        </Row>
      ))}
    </Part>
  )
}

const dayOf = (moment: string) => moment.slice(0, 10)

/** The same day keeps the moment that was written. */
const momentOf = (day: string, before: string | undefined) => (day === '' ? {} : { expires: before && dayOf(before) === day ? before : `${day}T00:00:00Z` })

type DialogProps<T> = { policy: Policy; given: T; onClose: () => void }

function KeyDialog({ policy, given, onClose }: DialogProps<TrustedKey | null>) {
  const { rules } = policy
  const form = useForm(
    { publicKey: given?.['public-key'] ?? '', name: given?.name ?? '', repositories: given?.repositories.join('\n') ?? '', plugins: given?.plugins.join('\n') ?? '', expires: given?.expires ? dayOf(given.expires) : '' },
    { publicKey: (value) => (isPrivateKey(value) ? t.privateKey : mayBePublicKey(value) ? null : value.trim() ? t.noKey : s.rules.required), name: (value) => (value.trim() ? null : s.rules.required) },
  )
  const { publicKey, name, repositories, plugins, expires } = form.values
  const [sentEmpty, setSentEmpty] = useState(false)
  const save = useSave(policy, onClose)
  const key: TrustedKey = { name: name.trim(), 'public-key': publicKey.trim(), repositories: lines(repositories), plugins: lines(plugins), ...momentOf(expires, given?.expires) }
  const { list, index } = placed(rules.keys, key, (one) => one.name === given?.name)
  const wanted = { ...rules, keys: list }
  const problem = problemOf(save, wanted)
  const at = (field: string) => faultAt(problem, `rules.keys[${String(index)}].${field}`)
  const told = ['name', 'public-key', 'repositories', 'plugins', 'expires'].some((field) => at(field))
  const isEmpty = key.repositories.length + key.plugins.length === 0
  const submit = () => {
    setSentEmpty(isEmpty)
    if (form.send() && !isEmpty) save.mutate(wanted)
  }
  return (
    <FormDialog size="lg" title={given ? t.editKey(given.name) : t.addKey} verb={t.save} busy={save.isPending} error={told ? null : problem} onSubmit={submit} onClose={onClose}>
      <Field label={t.publicKey} help={t.publicKeyHelp} error={isPrivateKey(publicKey) ? t.privateKey : (form.error('publicKey') ?? at('public-key'))} required>
        <Textarea {...form.control('publicKey')} autoFocus autoComplete="off" spellCheck={false} rows={3} placeholder="-----BEGIN PUBLIC KEY-----" className="font-mono text-xs break-all" />
      </Field>
      <Fingerprint publicKey={publicKey} />
      <div className="grid gap-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <Field label={t.keyName} help={t.keyNameHelp} error={form.error('name') ?? at('name')} required>
          <Input {...form.control('name')} autoComplete="off" maxLength={128} />
        </Field>
        <Field label={t.expires} note={t.optional} help={t.expiresHelp} error={at('expires')}>
          <Input {...form.control('expires')} type="date" />
        </Field>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t.repositories} help={t.repositoriesHelp} error={sentEmpty && isEmpty ? t.countsNeeded : at('repositories')}>
          <Textarea {...form.control('repositories')} autoComplete="off" spellCheck={false} rows={3} className="font-mono text-xs" />
        </Field>
        <Field label={t.plugins} help={t.pluginsHelp} error={at('plugins')}>
          <Textarea {...form.control('plugins')} autoComplete="off" spellCheck={false} rows={3} className="font-mono text-xs" />
        </Field>
      </div>
    </FormDialog>
  )
}

/** By what people tell the key that was pasted; a private one is not sent anywhere. */
function Fingerprint({ publicKey }: { publicKey: string }) {
  const text = useDeferredValue(publicKey.trim())
  const isWhole = mayBePublicKey(text) && !isPrivateKey(text)
  const { data, error } = useQuery(keyQuery(text, isWhole))
  if (!isWhole) return null
  return (
    <p role="status" className="flex flex-wrap items-baseline gap-x-2 rounded-md bg-sunken px-3 py-2 text-sm">
      {error ? <span className="text-bad">{toApiError(error).field('publicKey') ?? toApiError(error).title}</span> : !data ? <span className="text-dim">{t.reading}</span> : (
        <>
          <span className="text-dim">{t.fingerprint}</span>
          <code className="font-mono font-medium whitespace-nowrap" title={data.id}>{data.fingerprint}</code>
          <span className="text-xs text-dim">{t.compare}</span>
        </>
      )}
    </p>
  )
}

function RemoveKey({ policy, given, onClose }: DialogProps<TrustedKey>) {
  const save = useSave(policy, onClose)
  const keys = policy.rules.keys.filter((one) => one.name !== given.name)
  return <Confirm title={t.removeKey(given.name)} body={t.removeKeyBody} verb={s.common.remove} busy={save.isPending} error={save.error} onConfirm={() => save.mutate({ ...policy.rules, keys })} onClose={onClose} />
}
