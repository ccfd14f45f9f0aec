/** What a change of the trust policy changed, out of the two whole policies that its record has. */
import { audit as a } from '~/strings/audit'
import { trust as t } from '~/strings/trust'
import type { Detail } from './audit'
import type { Rules } from './trust'

/** What holds until somebody writes a policy. */
const UNWRITTEN: Rules = { 'require-signature': true, registries: [], keys: [], pins: {}, offline: { packages: 'any', components: 'any' } }

const isRules = (value: unknown): value is Rules => typeof value === 'object' && value !== null && 'registries' in value && 'keys' in value && 'pins' in value && 'offline' in value
const rulesIn = (side: unknown): Rules => {
  const rules = typeof side === 'object' && side !== null && 'rules' in side ? side.rules : null
  return isRules(rules) ? rules : UNWRITTEN
}
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Names that came, that went, and that stand for something else. */
function named(words: { came: string; went: string; changed: string }, before: Map<string, unknown>, after: Map<string, unknown>, code: boolean): Detail[] {
  const parts = [
    { label: words.came, all: [...after.keys()].filter((name) => !before.has(name)) },
    { label: words.went, all: [...before.keys()].filter((name) => !after.has(name)) },
    { label: words.changed, all: [...after.keys()].filter((name) => before.has(name) && !same(before.get(name), after.get(name))) },
  ]
  return parts.filter(({ all }) => all.length > 0).map(({ label, all }) => ({ label, value: all.join(', '), ...(code && { code: true }) }))
}

const switched = (label: string, was: string, value: string): Detail[] => (was === value ? [] : [{ label, was, value }])

export function trustChanges(before: unknown, after: unknown): Detail[] {
  const [was, is] = [rulesIn(before), rulesIn(after)]
  const required = (rules: Rules) => (rules['require-signature'] ? t.requireSigned : t.requireNothing)
  return [
    ...named(a.trust.registries, new Map(was.registries.map((one) => [one.prefix, one])), new Map(is.registries.map((one) => [one.prefix, one])), true),
    ...named(a.trust.keys, new Map(was.keys.map((one) => [one.name, one])), new Map(is.keys.map((one) => [one.name, one])), false),
    ...named(a.trust.pins, new Map(Object.entries(was.pins)), new Map(Object.entries(is.pins)), true),
    ...switched(t.fromRegistries, required(was), required(is)),
    ...switched(t.packageFiles, t.packageRules[was.offline.packages], t.packageRules[is.offline.packages]),
    ...switched(t.componentFiles, t.componentRules[was.offline.components], t.componentRules[is.offline.components]),
  ]
}
