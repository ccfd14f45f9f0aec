/** Whole numbers as they are typed. What is wrong with one is told apart: a sign is not a fraction. */
import { s } from '~/strings'

/** Null when it is a whole number of so many digits at most. */
export function wholeProblem(text: string, digits: number): string | null {
  const typed = text.trim()
  if (/^-\d+$/.test(typed)) return s.rules.negative
  if (!/^\d+$/.test(typed)) return s.rules.wholeNumber
  return typed.length > digits ? s.rules.tooMuch(digits) : null
}
