/**
 * The rules of a blueprint's variables, as the control plane applies them, so that a field can speak while it is being
 * typed in. The control plane and the plugin have the last word; this only ever says it earlier.
 *
 * Patterns are RE2 and match the whole value. What JavaScript cannot compile is left to the server.
 */
import type { Variable } from '~/api/types'
import { s } from '~/strings'

type TextRule = { minLength: number; maxLength: number; pattern?: string | null; patternHelp?: string | null }
type NumberRule = { minimum: number; maximum: number; step: number; unit?: string | null }

const compiled = new Map<string, RegExp | null>()

function whole(pattern: string): RegExp | null {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  let made: RegExp | null = null
  try {
    made = new RegExp(`^(?:${pattern})$`, 'u')
  } catch {
    // Valid RE2 may not be valid here; the server checks it.
  }
  compiled.set(pattern, made)
  return made
}

function textProblem(rule: TextRule, value: string): string | null {
  const length = [...value].length
  if (length < rule.minLength) return s.rules.tooShort(rule.minLength)
  if (length > rule.maxLength) return s.rules.tooLong(rule.maxLength, length)
  if (rule.pattern && whole(rule.pattern)?.test(value) === false) return rule.patternHelp ?? s.rules.pattern(rule.pattern)
  return null
}

/** Characters of a value that a catalog lists. */
const LONGEST_CHOICE = 256
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/

function numberProblem(rule: NumberRule, text: string): string | null {
  if (!DECIMAL.test(text)) return s.rules.notANumber
  const value = Number(text)
  if (value < rule.minimum || value > rule.maximum) return s.rules.range(rule.minimum, rule.maximum, rule.unit ?? '')
  if (rule.step > 0) {
    const steps = (value - rule.minimum) / rule.step
    if (Math.abs(steps - Math.round(steps)) > 1e-6) return rule.step === 1 ? s.rules.wholeNumber : s.rules.step(rule.step, rule.minimum)
  }
  return null
}

/** What is wrong with a value, for people; null when nothing is. `isSet` is a secret that stays as it is. */
export function variableProblem(variable: Variable, value: string, isSet = false): string | null {
  if (value === '') return variable.required && !isSet ? s.rules.required : null
  const { kind } = variable
  switch (kind.type) {
    case 'text':
    case 'secret':
      return value.includes('\n') ? s.rules.oneLine : textProblem(kind, value)
    case 'multiline':
      return textProblem(kind, value)
    case 'number':
      return numberProblem(kind, value.trim())
    case 'boolean':
      return value === 'true' || value === 'false' ? null : s.rules.boolean
    case 'one_of':
      return kind.choices.some((choice) => choice.value === value) ? null : s.rules.choice
    case 'from_catalog':
      // What there is to choose from is known to the plugin alone; the server checks the rest.
      return value.includes('\n') ? s.rules.oneLine : [...value].length > LONGEST_CHOICE ? s.rules.tooLong(LONGEST_CHOICE, [...value].length) : null
  }
}

/** What a form begins with: the default, or the kind's own beginning where there is none. */
export function initialValue(variable: Variable): string {
  if (variable.defaultValue !== null && variable.defaultValue !== undefined) return variable.defaultValue
  if (variable.kind.type === 'boolean') return 'false'
  if (variable.kind.type === 'one_of' && variable.required) return variable.kind.choices[0]?.value ?? ''
  return ''
}

/** Variables in the order of their groups' first appearance. */
export function byGroup<T extends { group: string }>(items: T[]): { group: string; items: T[] }[] {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item])
  return [...groups].map(([group, members]) => ({ group, items: members }))
}
