/** What was changed of a server and waits for its restart, in words. Whether it does is the API's answer. */
import type { ServerView, VariablesView } from '~/api/types'
import { s } from '~/strings'

/** Names of what waits, settings first; none while nothing does. */
export function waitingFor(server: ServerView, settings?: VariablesView): string[] {
  const labels = (settings?.items ?? []).filter((item) => item.needsRestart).map((item) => item.variable.label)
  return [...labels, ...server.waiting.map((part) => s.settings.waitingParts[part])]
}
