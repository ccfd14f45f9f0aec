/** Deleting many things: the API takes a hundred paths at a time, and says of each whether it is gone. */
import type { FileDeletionView, FileFailureView } from '~/api/types'
import { join } from './paths'

const AT_ONCE = 100

export type Undeleted = { name: string; error: Pick<FileFailureView, 'detail' | 'remedy'> }

/** Names that are still there, with the reason. Of a single path the API's refusal is thrown, as of any other change. */
export async function deleteAll(names: readonly string[], directory: string, call: (paths: string[]) => Promise<FileDeletionView>): Promise<Undeleted[]> {
  const left: Undeleted[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const byPath = new Map(names.slice(at, at + AT_ONCE).map((name) => [join(directory, name), name]))
    const { failed } = await call([...byPath.keys()])
    left.push(...failed.map((one) => ({ name: byPath.get(one.path) ?? one.path, error: one })))
  }
  return left
}
