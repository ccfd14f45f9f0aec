/** Many renames, one call each, since there is no call for many: some may be refused while others are done. */
import { toApiError, type ApiError } from '~/api/problem'
import type { Patience } from './patience'
import { join } from './paths'

export type Unmoved = { name: string; error: ApiError }

/** Why these cannot go there, before anybody is asked. */
export function whyNot(names: readonly string[], from: string, into: string): { same: true } | { itself: string } | null {
  if (from === into) return { same: true }
  const itself = names.find((name) => `${into}/`.startsWith(`${join(from, name)}/`))
  return itself === undefined ? null : { itself }
}

export async function moveAll(names: readonly string[], from: string, into: string, rename: (from: string, to: string) => Promise<unknown>, patient: Patience): Promise<Unmoved[]> {
  const unmoved: Unmoved[] = []
  for (const name of names) {
    try {
      await patient(() => rename(join(from, name), join(into, name)))
    } catch (cause) {
      unmoved.push({ name, error: toApiError(cause) })
    }
  }
  return unmoved
}
