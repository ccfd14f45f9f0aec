/** Whether plugins are taken for which nobody vouches. */
import { useState } from 'react'
import type { Components, Packages, Rules } from '~/lib/trust'
import { trust as t } from '~/strings/trust'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Field, Select } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { useSave, type Policy } from './save'

type Wanted = Pick<Rules, 'require-signature' | 'offline'>
const PACKAGES: Packages[] = ['signed', 'any', 'never']
const COMPONENTS: Components[] = ['pinned', 'any', 'never']

export function Unsigned({ policy }: { policy: Policy }) {
  const { 'require-signature': requires, offline } = policy.rules
  // What was chosen and not saved stands for as long as it differs; what somebody else saved meanwhile shows where nothing was chosen.
  const [chosen, setChosen] = useState<{ requires?: boolean; packages?: Packages; components?: Components }>({})
  const wanted: Wanted = { 'require-signature': chosen.requires ?? requires, offline: { packages: chosen.packages ?? offline.packages, components: chosen.components ?? offline.components } }
  const isChanged = wanted['require-signature'] !== requires || wanted.offline.packages !== offline.packages || wanted.offline.components !== offline.components
  const save = useSave(policy, () => setChosen({}))
  return (
    <Card title={t.without} help={t.withoutHelp}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged && !save.isPending) save.mutate({ ...policy.rules, ...wanted })
        }}
      >
        {save.error && <ProblemCard error={save.error} />}
        <div className="grid items-start gap-4 sm:grid-cols-3">
          <Field label={t.fromRegistries} help={t.fromRegistriesHelp}>
            <Select value={wanted['require-signature'] ? 'signed' : 'any'} onChange={(event) => setChosen({ ...chosen, requires: event.target.value === 'signed' })}>
              <option value="signed">{t.requireSigned}</option>
              <option value="any">{t.requireNothing}</option>
            </Select>
          </Field>
          <Field label={t.packageFiles} help={t.packageFilesHelp}>
            <Select value={wanted.offline.packages} onChange={(event) => setChosen({ ...chosen, packages: event.target.value as Packages })}>{PACKAGES.map((rule) => <option key={rule} value={rule}>{t.packageRules[rule]}</option>)}</Select>
          </Field>
          <Field label={t.componentFiles} help={t.componentFilesHelp}>
            <Select value={wanted.offline.components} onChange={(event) => setChosen({ ...chosen, components: event.target.value as Components })}>{COMPONENTS.map((rule) => <option key={rule} value={rule}>{t.componentRules[rule]}</option>)}</Select>
          </Field>
        </div>
        {isChanged && <Button type="submit" variant="primary" busy={save.isPending} className="self-start">{t.save}</Button>}
      </form>
    </Card>
  )
}
