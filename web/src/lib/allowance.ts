/** What an account may use together, as text while it is typed and as words where it is shown. Empty is no limit. */
import type { Allowance, AllowanceView } from '~/api/types'
import { allowance as a } from '~/strings/allowance'
import { cores, mebibytes } from './format'
import { wholeProblem } from './whole'

export type Key = keyof Allowance
export type AllowanceText = Record<Key, string>

export const KEYS: readonly Key[] = ['servers', 'memoryMib', 'diskMib', 'cpuPercent']
export const say: Record<Key, (value: number) => string> = { servers: String, memoryMib: mebibytes, diskMib: mebibytes, cpuPercent: cores }

const of = <T>(make: (key: Key) => T): Record<Key, T> => ({ servers: make('servers'), memoryMib: make('memoryMib'), diskMib: make('diskMib'), cpuPercent: make('cpuPercent') })

export const textOf = (limits: Allowance): AllowanceText => of((key) => String(limits[key] ?? ''))
export const allowanceOf = (text: AllowanceText): Allowance => of((key) => (text[key].trim() === '' ? null : Number(text[key])))

/** No servers at all is a limit that makes sense; no memory is not. */
export function allowanceProblem(key: Key, text: string): string | null {
  if (text.trim() === '') return null
  const wrong = wholeProblem(text, 12)
  if (wrong) return wrong
  return key !== 'servers' && Number(text) === 0 ? a.least : null
}

/** What is bounded, with what is left of it. */
export const remaining = ({ limits, left }: AllowanceView): { key: Key; text: string; spent: boolean }[] =>
  KEYS.flatMap((key) => {
    const [limit, rest] = [limits[key] ?? null, left[key] ?? null]
    return limit === null || rest === null ? [] : [{ key, text: a.amount(say[key](rest), say[key](limit)), spent: rest === 0 }]
  })
