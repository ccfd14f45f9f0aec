/** The trust policy in sentences: what is taken from a registry, and what of everything. */
import { isExpired, signersAt, type Rules } from './trust'
import { trust as t } from '~/strings/trust'

/** What is taken from a registry, as sentences. */
export function taken(prefix: string, rules: Rules): string[] {
  if (!rules['require-signature']) return [t.takenAny]
  const { all, below, plugins } = signersAt(prefix, rules.keys)
  const places = [...new Set(below.map(({ place }) => place))]
  const keys = [...new Set(plugins.map(({ key }) => key))]
  const said = [
    ...(all.length > 0 ? [t.takenSigned(all)] : []),
    ...places.map((place) => t.takenBelow(place, below.filter((one) => one.place === place).map(({ key }) => key))),
    ...keys.map((key) => t.takenPlugin(plugins.filter((one) => one.key === key).map(({ plugin }) => plugin), key)),
  ]
  if (said.length > 0) return [...said, t.othersRefused]
  return [Object.keys(rules.pins).length > 0 ? t.takenPinned : t.takenNothing]
}

type Verdict = { tone: 'ok' | 'warn' | 'no'; text: string }
const MOST_NAMED = 3
function registries({ registries: all, 'require-signature': requires }: Rules): Verdict {
  if (all.length === 0) return { tone: 'no', text: t.fromNowhere }
  const places = all.map(({ prefix }) => prefix)
  if (all.length > MOST_NAMED) return requires ? { tone: 'ok', text: t.fromManySigned(all.length) } : { tone: 'warn', text: t.fromManyUnsigned(all.length) }
  return requires ? { tone: 'ok', text: t.fromSigned(places) } : { tone: 'warn', text: t.fromUnsigned(places) }
}

export function verdicts(rules: Rules): Verdict[] {
  const { packages, components } = rules.offline
  const pins = Object.keys(rules.pins)
  const signedOnly = packages === 'signed' || (rules['require-signature'] && rules.registries.length > 0)
  const tone = { never: 'no', signed: 'ok', pinned: 'ok', any: 'warn' } as const
  return [
    registries(rules),
    { tone: tone[packages], text: t.packages[packages] },
    { tone: tone[components], text: t.components[components] },
    ...(signedOnly && rules.keys.every((key) => isExpired(key)) ? [{ tone: 'warn' as const, text: t.nobodySigns }] : []),
    ...(pins.length > 0 ? [{ tone: 'ok' as const, text: pins.length > MOST_NAMED ? t.pinnedMany(pins.length) : t.pinned(pins) }] : []),
  ]
}
