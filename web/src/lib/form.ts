/**
 * One form's text values with their problems. A field speaks once it was left or the form was sent, and what the
 * server said about a field stands until that field changes.
 */
import { useState } from 'react'
import type { ApiError } from '~/api/problem'

type Rules<K extends string> = Partial<Record<K, (value: string) => string | null>>

export function useForm<K extends string>(initial: Record<K, string>, rules: Rules<K>) {
  const [values, setValues] = useState(initial)
  const [touched, setTouched] = useState<Partial<Record<K, boolean>>>({})
  const [sent, setSent] = useState<Record<K, string> | null>(null)

  const own = (key: K) => rules[key]?.(values[key]) ?? null
  const keys = Object.keys(values) as K[]
  const valid = keys.every((key) => own(key) === null)

  return {
    values,
    valid,
    changed: keys.some((key) => values[key] !== initial[key]),
    set: (key: K, value: string) => setValues((all) => ({ ...all, [key]: value })),
    reset: (next: Record<K, string>) => {
      setValues(next)
      setTouched({})
      setSent(null)
    },
    /** Call when sending: every field may speak from here on. */
    send: (): boolean => {
      setTouched(Object.fromEntries(keys.map((key) => [key, true])) as Partial<Record<K, boolean>>)
      setSent(values)
      if (!valid) goTo(keys.find((key) => own(key) !== null))
      return valid
    },
    /** What a field's control needs. */
    control: (key: K) => ({
      value: values[key],
      name: key,
      onChange: (event: { target: { value: string } }) => setValues((all) => ({ ...all, [key]: event.target.value })),
      // Whoever only passes by, on the way to something else, did nothing wrong yet.
      onBlur: () => values[key] !== initial[key] && setTouched((all) => ({ ...all, [key]: true })),
    }),
    error: (key: K, problem?: ApiError | null): string | null => {
      const mine = touched[key] ? own(key) : null
      if (mine) return mine
      return problem && sent?.[key] === values[key] ? problem.field(key) : null
    },
  }
}

/** Brings whoever sent a form to its first fault, once that says what it is. */
function goTo(key: string | undefined): void {
  const field = key && document.activeElement?.closest('form')?.elements.namedItem(key)
  if (field instanceof HTMLElement) requestAnimationFrame(() => field.focus())
}

const EMAIL = /^[^\s@]+@[^\s@]+$/
export const isEmail = (text: string): boolean => EMAIL.test(text.trim()) && text.length <= 254
