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
function registries({ registries: all, 'require-signature': requires, keys, pins }: Rules): Verdict[] {
  if (all.length === 0) return [{ tone: 'no', text: t.fromNowhere }]
  const places = all.map(({ prefix }) => prefix)
  if (!requires) return [{ tone: 'warn', text: all.length > MOST_NAMED ? t.fromManyUnsigned(all.length) : t.fromUnsigned(places) }]
  const isHeard = (place: string) => Object.values(signersAt(place, keys)).some((signers) => signers.length > 0)
  const heard = places.filter(isHeard)
  const deaf = places.filter((place) => !isHeard(place))
  const nothing = Object.keys(pins).length > 0 ? t.fromPinned : t.fromNothing
  return [
    ...(heard.length > 0 ? [{ tone: 'ok' as const, text: heard.length > MOST_NAMED ? t.fromManySigned(heard.length, all.length) : t.fromSigned(heard) }] : []),
    ...(deaf.length > 0 ? [{ tone: 'warn' as const, text: nothing(deaf.length > MOST_NAMED ? [t.ofThem(deaf.length, all.length)] : deaf) }] : []),
  ]
}

export function verdicts(rules: Rules): Verdict[] {
  const { packages, components } = rules.offline
  const pins = Object.keys(rules.pins)
  const signedOnly = packages === 'signed' || (rules['require-signature'] && rules.registries.length > 0)
  const nobodySigns = rules.keys.every((key) => isExpired(key))
  const tone = { never: 'no', signed: 'ok', pinned: 'ok', any: 'warn' } as const
  return [
    ...registries(rules),
    { tone: packages === 'signed' && nobodySigns ? 'warn' : tone[packages], text: t.packages[packages] },
    { tone: tone[components], text: t.components[components] },
    ...(signedOnly && nobodySigns ? [{ tone: 'warn' as const, text: t.nobodySigns }] : []),
    ...(pins.length > 0 ? [{ tone: 'ok' as const, text: pins.length > MOST_NAMED ? t.pinnedMany(pins.length) : t.pinned(pins) }] : []),
  ]
}
