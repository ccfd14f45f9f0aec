/**
 * The trust policy in sentences: what is taken from a registry, of a file, and of everything. A pin comes first: of a plugin that
 * has one nothing else is taken, however it is signed; and it opens no registry and no kind of file that is refused whole.
 */
import { isExpired, signersAt, type Rules } from './trust'
import { trust as t } from '~/strings/trust'

const MOST_NAMED = 3
const pinsAlone = (plugins: string[]) => (plugins.length > MOST_NAMED ? t.pinsAloneMany(plugins.length) : t.pinsAlone(plugins))

/** What is taken from a registry, as sentences. */
export function taken(prefix: string, rules: Rules): string[] {
  const pinned = Object.keys(rules.pins)
  if (!rules['require-signature']) return pinned.length > 0 ? [pinsAlone(pinned), t.othersAny] : [t.takenAny]
  const { all, below, plugins } = signersAt(prefix, rules.keys)
  const places = [...new Set(below.map(({ place }) => place))]
  const keys = [...new Set(plugins.map(({ key }) => key))]
  const said = [
    ...(all.length > 0 ? [t.takenSigned(all)] : []),
    ...places.map((place) => t.takenBelow(place, below.filter((one) => one.place === place).map(({ key }) => key))),
    ...keys.map((key) => t.takenPlugin(plugins.filter((one) => one.key === key).map(({ plugin }) => plugin), key)),
  ]
  if (said.length > 0) return [...said, ...(pinned.length > 0 ? [pinsAlone(pinned)] : []), t.othersRefused]
  return [pinned.length > 0 ? t.takenPinned : t.takenNothing]
}

type Verdict = { tone: 'ok' | 'warn' | 'no'; text: string }
function registries({ registries: all, 'require-signature': requires, keys, pins }: Rules): Verdict[] {
  if (all.length === 0) return [{ tone: 'no', text: t.fromNowhere }]
  const places = all.map(({ prefix }) => prefix)
  if (!requires) return [{ tone: 'warn', text: all.length > MOST_NAMED ? t.fromManyUnsigned(all.length) : t.fromUnsigned(places) }]
  const isHeard = (place: string) => Object.values(signersAt(place, keys)).some((signers) => signers.length > 0)
  const heard = places.filter(isHeard)
  const deaf = places.filter((place) => !isHeard(place))
  const isPinned = Object.keys(pins).length > 0
  const nothing = isPinned ? t.fromPinned : t.fromNothing
  return [
    ...(heard.length > 0 ? [{ tone: 'ok' as const, text: heard.length > MOST_NAMED ? t.fromManySigned(heard.length, all.length, isPinned) : t.fromSigned(heard, isPinned) }] : []),
    ...(deaf.length > 0 ? [{ tone: 'warn' as const, text: nothing(deaf.length > MOST_NAMED ? [t.ofThem(deaf.length, all.length)] : deaf) }] : []),
  ]
}

function ofPackages({ offline: { packages }, keys, pins }: Rules): Verdict {
  if (packages !== 'signed') return { tone: packages === 'never' ? 'no' : 'warn', text: t.packages[packages] }
  const isPinned = Object.keys(pins).length > 0
  if (keys.every((key) => isExpired(key))) return { tone: 'warn', text: isPinned ? t.packages.pinned : t.packages.none }
  return { tone: 'ok', text: isPinned ? t.packages.signedOrPinned : t.packages.signed }
}

function ofComponents({ offline: { components }, pins }: Rules): Verdict {
  if (components !== 'pinned') return { tone: components === 'never' ? 'no' : 'warn', text: t.components[components] }
  return Object.keys(pins).length > 0 ? { tone: 'ok', text: t.components.pinned } : { tone: 'no', text: t.components.none }
}

export function verdicts(rules: Rules): Verdict[] {
  const pins = Object.keys(rules.pins)
  return [
    ...registries(rules),
    ofPackages(rules),
    ofComponents(rules),
    ...(pins.length > 0 ? [{ tone: 'ok' as const, text: pins.length > MOST_NAMED ? t.pinnedMany(pins.length) : t.pinned(pins) }] : []),
  ]
}

export type FileKind = 'component' | 'signed' | 'unsigned'

/** What is said of a file that somebody chose, and whether it is sure to be refused. Whose signature it has, the panel cannot tell. */
export function ofFile(kind: FileKind, plugin: string, rules: Rules): { text: string; isRefused: boolean } {
  const { packages, components } = rules.offline
  const isShut = (kind === 'component' ? components : packages) === 'never'
  if (!isShut && rules.pins[plugin]) return { text: t.pinsAlone([plugin]), isRefused: false }
  const { text } = kind === 'component' ? ofComponents(rules) : ofPackages(rules)
  if (kind === 'component') return { text, isRefused: components !== 'any' }
  return { text, isRefused: isShut || (packages === 'signed' && (kind === 'unsigned' || rules.keys.every((key) => isExpired(key)))) }
}
