/** A list that somebody searches by typing: what is shown of it, and what typed words mean. */

export type Choice = { value: string; label: string; help?: string | null }

/** Choices that are drawn at a time: nobody reads further, and more would be slow on a phone. */
export const MOST_DRAWN = 100

const plain = (text: string) => text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '')

/** The choices that have every word, in the plugin's order; those that begin with what was typed come first. */
export function matching(choices: readonly Choice[], typed: string): Choice[] {
  const words = plain(typed).split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...choices]
  const whole = words.join(' ')
  const has = choices.filter(({ value, label }) => {
    const text = plain(`${label} ${value}`)
    return words.every((word) => text.includes(word))
  })
  const begins = (choice: Choice) => plain(choice.label).startsWith(whole) || plain(choice.value).startsWith(whole)
  return [...has.filter(begins), ...has.filter((choice) => !begins(choice))]
}

/** How a value is called in the field. */
export const labelOf = (choices: readonly Choice[], value: string): string => choices.find((choice) => choice.value === value)?.label ?? value

/** The value that typed words mean: that of the choice with this value or label, or the words themselves. */
export function meant(choices: readonly Choice[], typed: string): string {
  const text = typed.trim()
  const found = choices.find(({ value }) => value === text) ?? choices.find(({ label }) => plain(label) === plain(text))
  return found?.value ?? text
}

/** The other values of a form: what is typed into a field is no question to its own list. */
export const others = (values: Record<string, string>, own: string): Record<string, string> => Object.fromEntries(Object.entries(values).filter(([key]) => key !== own))
