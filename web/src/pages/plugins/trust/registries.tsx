/** Where plugins may come from, and what is taken from there. */
import { Building2, CloudDownload, Globe, Plus, UserCheck } from 'lucide-react'
import { useState } from 'react'
import type { Schemas } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { useForm } from '~/lib/form'
import { covers, faultAt, mayBePlace, networkOf, placed, type Network, type RegistryRule } from '~/lib/trust'
import { taken } from '~/lib/trust-words'
import { s } from '~/strings'
import { trust as t } from '~/strings/trust'
import { Badge } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Field, Input, Select } from '~/ui/field'
import { Part, Row } from './rows'
import { problemOf, useSave, type Policy } from './save'

type Login = Schemas['RegistryLoginView']
const ICONS = { public: Globe, private: Building2, loopback: Building2 }
const NETWORKS: Network[] = ['public', 'private', 'loopback']

/** The sign-in that is for most of a registry's name. */
const loginFor = (prefix: string, logins: readonly Login[]) => logins.filter((login) => covers(login.registry, prefix)).sort((a, b) => b.registry.length - a.registry.length)[0]

export function Registries({ policy, logins }: { policy: Policy; logins: readonly Login[] }) {
  const [editing, setEditing] = useState<RegistryRule | 'new' | null>(null)
  const [removing, setRemoving] = useState<RegistryRule | null>(null)
  const { rules } = policy
  return (
    <Part
      title={t.registries} help={t.registriesHelp} icon={CloudDownload} none={t.noRegistries} noneHelp={t.noRegistriesHelp} empty={rules.registries.length === 0}
      add={<Button size="sm" onClick={() => setEditing('new')}><Plus aria-hidden />{t.addRegistry}</Button>}
      dialogs={(
        <>
          {editing && <RegistryDialog policy={policy} rule={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
          {removing && <RemoveRegistry policy={policy} rule={removing} onClose={() => setRemoving(null)} />}
        </>
      )}
    >
      {rules.registries.map((rule) => {
        const login = loginFor(rule.prefix, logins)
        const says = taken(rule.prefix, rules)
        const isOdd = !rules['require-signature'] || says.includes(t.takenNothing)
        return (
          <Row key={rule.prefix} icon={ICONS[rule.network]} name={rule.prefix} title={<code className="font-mono">{rule.prefix}</code>} onEdit={() => setEditing(rule)} onRemove={() => setRemoving(rule)}>
            <p className={isOdd ? 'mt-0.5 text-sm wrap-anywhere text-warn' : 'mt-0.5 text-sm wrap-anywhere'}>{says.join(' ')}</p>
            <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-xs text-dim">{t.networks[rule.network]}{login && <span className="flex min-w-0 items-center gap-1"><UserCheck aria-hidden className="size-3.5 shrink-0" /><span className="wrap-anywhere">{t.signsIn(login.username)}</span></span>}</p>
          </Row>
        )
      })}
    </Part>
  )
}

type DialogProps<T> = { policy: Policy; rule: T; onClose: () => void }

function RegistryDialog({ policy, rule, onClose }: DialogProps<RegistryRule | null>) {
  const { rules } = policy
  const form = useForm({ prefix: rule?.prefix ?? '', network: rule?.network ?? '' }, { prefix: (value) => (value.trim() ? null : s.rules.required) })
  const save = useSave(policy, onClose)
  const prefix = form.values.prefix.trim()
  // Until somebody chooses, its name says how it is reached.
  const network = (form.values.network || networkOf(prefix)) as Network
  const { list, index } = placed(rules.registries, { prefix, network }, (one) => one.prefix === rule?.prefix)
  const wanted = { ...rules, registries: list }
  const problem = problemOf(save, wanted)
  const at = (field: string) => faultAt(problem, `rules.registries[${String(index)}].${field}`)
  const told = at('prefix') ?? at('network')
  return (
    <FormDialog title={rule ? t.editRegistry(rule.prefix) : t.addRegistry} verb={t.save} busy={save.isPending} error={told ? null : problem} onSubmit={() => form.send() && save.mutate(wanted)} onClose={onClose}>
      <Field label={t.registry} help={t.registryHelp} error={form.error('prefix') ?? at('prefix')} required>
        <Input {...form.control('prefix')} autoFocus autoComplete="off" spellCheck={false} autoCapitalize="none" placeholder="ghcr.io/acme" className="font-mono" />
      </Field>
      <Field label={t.reached} help={t.networkHelp[network]} error={at('network')}>
        <Select {...form.control('network')} value={network}>{NETWORKS.map((one) => <option key={one} value={one}>{t.networks[one]}</option>)}</Select>
      </Field>
      {/* What is no place has nothing that could come from it, and the field says so once it is sent. */}
      {mayBePlace(prefix) && !at('prefix') && (
        <section className="rounded-md bg-sunken px-3 py-2.5 text-sm">
          <h3 className="flex items-center gap-2 text-xs font-medium text-dim"><span className="wrap-anywhere">{t.from(prefix)}</span>{!rules['require-signature'] && <Badge tone="warn">{t.requireNothing}</Badge>}</h3>
          <p className="mt-0.5 wrap-anywhere">{taken(prefix, rules).join(' ')}</p>
        </section>
      )}
    </FormDialog>
  )
}

function RemoveRegistry({ policy, rule, onClose }: DialogProps<RegistryRule>) {
  const save = useSave(policy, onClose)
  const registries = policy.rules.registries.filter((one) => one.prefix !== rule.prefix)
  return <Confirm title={t.removeRegistry(rule.prefix)} body={t.removeRegistryBody} verb={s.common.remove} busy={save.isPending} error={save.error} onConfirm={() => save.mutate({ ...policy.rules, registries })} onClose={onClose} />
}
