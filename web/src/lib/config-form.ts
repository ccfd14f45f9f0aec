/** What a form of a game's file begins with, and what of an answer is worth sending. */
import type { ConfigFieldView } from '~/api/types'

/** What stands in the file; else what the game takes where nothing does. What a control cannot hold is left out of it. */
export function begun({ question, value, isSet, misfit }: ConfigFieldView): string {
  const { kind } = question
  if (kind.type === 'secret') return ''
  if (misfit && (kind.type === 'boolean' || kind.type === 'one_of')) return ''
  if (isSet || misfit) return value ?? ''
  return value ?? question.defaultValue ?? ''
}

/** Whether it is another than what stands there. An empty secret leaves the one in the file. */
export function mayBeSent(item: ConfigFieldView, entered: string): boolean {
  if (item.question.kind.type === 'secret') return entered !== ''
  if (item.misfit && entered === '' && ['boolean', 'one_of'].includes(item.question.kind.type)) return false
  return entered !== begun(item)
}
