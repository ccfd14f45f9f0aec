/** Plugins of which only these very bytes are taken. */
import { useQuery } from '@tanstack/react-query'
import { Pin, Plus } from 'lucide-react'
import { useId, useState } from 'react'
import { pluginsQuery } from '~/api/queries'
import { FormDialog } from '~/forms/form-dialog'
import { useForm } from '~/lib/form'
import { faultAt, lines } from '~/lib/trust'
import { s } from '~/strings'
import { trust as t } from '~/strings/trust'
import { Button } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Field, Input, Textarea } from '~/ui/field'
import { Part, Row } from './rows'
import { problemOf, useSave, type Policy } from './save'

export function Pins({ policy }: { policy: Policy }) {
  const [editing, setEditing] = useState<string | null>(null)
  const [removing, setRemoving] = useState<string | null>(null)
  const pins = Object.entries(policy.rules.pins)
  return (
    <Part
      title={t.pins} help={t.pinsHelp} icon={Pin} none={t.noPins} noneHelp={t.noPinsHelp} empty={pins.length === 0}
      add={<Button size="sm" onClick={() => setEditing('')}><Plus aria-hidden />{t.addPin}</Button>}
      dialogs={(
        <>
          {editing !== null && <PinDialog policy={policy} plugin={editing} onClose={() => setEditing(null)} />}
          {removing !== null && <RemovePin policy={policy} plugin={removing} onClose={() => setRemoving(null)} />}
        </>
      )}
    >
      {pins.map(([plugin, digests]) => (
        <Row key={plugin} icon={Pin} name={plugin} title={<code className="font-mono">{plugin}</code>} onEdit={() => setEditing(plugin)} onRemove={() => setRemoving(plugin)}>
          <ul className="mt-0.5 font-mono text-xs text-dim">
            {digests.map((digest) => <li key={digest} title={digest} className="truncate">{digest}</li>)}
          </ul>
        </Row>
      ))}
    </Part>
  )
}

type DialogProps = { policy: Policy; plugin: string; onClose: () => void }

/** All pins but one. */
const without = (pins: Record<string, string[]>, plugin: string) => Object.fromEntries(Object.entries(pins).filter(([one]) => one !== plugin))

function PinDialog({ policy, plugin, onClose }: DialogProps) {
  const { rules } = policy
  const list = useId()
  const { data: installed } = useQuery(pluginsQuery)
  const form = useForm({ plugin, digests: rules.pins[plugin]?.join('\n') ?? '' }, { plugin: (value) => (value.trim() ? null : s.rules.required), digests: (value) => (lines(value).length > 0 ? null : s.rules.required) })
  const save = useSave(policy, onClose)
  const id = form.values.plugin.trim()
  const present = installed?.items.find((one) => one.manifestId === id)
  const digest = present && `sha256:${present.digest}`
  const wanted = { ...rules, pins: { ...without(rules.pins, plugin), [id]: lines(form.values.digests) } }
  const problem = problemOf(save, wanted)
  const at = faultAt(problem, `rules.pins.${id}`)
  // The policy is one wrong thing at a time: a place inside the digests is theirs, the pin itself is its plugin's.
  const isDigest = problem?.fields.some(({ key }) => key.startsWith(`rules.pins.${id}[`)) ?? false
  return (
    <FormDialog title={plugin ? t.editPin(plugin) : t.addPin} verb={t.save} busy={save.isPending} error={at ? null : problem} onSubmit={() => form.send() && save.mutate(wanted)} onClose={onClose}>
      <Field label={t.plugin} help={t.pluginHelp} error={form.error('plugin') ?? (isDigest ? null : at)} required>
        <Input {...form.control('plugin')} autoFocus={!plugin} readOnly={plugin !== ''} list={list} autoComplete="off" spellCheck={false} autoCapitalize="none" className="font-mono" />
      </Field>
      <datalist id={list}>{installed?.items.map((one) => <option key={one.id} value={one.manifestId}>{one.name}</option>)}</datalist>
      <Field label={t.digests} help={t.digestsHelp} error={form.error('digests') ?? (isDigest ? at : null)} required>
        <Textarea {...form.control('digests')} autoComplete="off" spellCheck={false} rows={4} placeholder="sha256:…" className="font-mono text-xs break-all" />
      </Field>
      {present && digest && !lines(form.values.digests).includes(digest) && (
        <Button size="sm" className="self-start" onClick={() => form.set('digests', [...lines(form.values.digests), digest].join('\n'))}><Plus aria-hidden />{t.useInstalled(present.version)}</Button>
      )}
    </FormDialog>
  )
}

function RemovePin({ policy, plugin, onClose }: DialogProps) {
  const save = useSave(policy, onClose)
  return <Confirm title={t.removePin(plugin)} body={t.removePinBody} verb={s.common.remove} busy={save.isPending} error={save.error} onConfirm={() => save.mutate({ ...policy.rules, pins: without(policy.rules.pins, plugin) })} onClose={onClose} />
}
