/**
 * One action on many servers, each through its own call, and an account of each: there is no call for many, so some may
 * be refused while others are done. A server that says itself that it cannot is not asked; its reason is the report.
 */
import type { ServerAction, ServerView } from '~/api/types'
import { refusal } from './server-status'

export type Refused = { server: ServerView; why: string; remedy: string }
export type BulkPlan = { able: ServerView[]; refused: Refused[] }
export type BulkReport = { done: ServerView[]; refused: Refused[] }

/** Calls under way at once: quick for a rack of servers, and still polite to the control plane. */
const AT_ONCE = 4

export function planBulk(servers: readonly ServerView[], action: ServerAction): BulkPlan {
  const plan: BulkPlan = { able: [], refused: [] }
  for (const server of servers) {
    const why = refusal(server.actions, action)
    if (why === null) plan.able.push(server)
    else plan.refused.push({ server, why, remedy: '' })
  }
  return plan
}

type Run = {
  send: (server: ServerView) => Promise<void>
  explain: (error: unknown) => { why: string; remedy: string }
  /** Told after each answer how many there have been. */
  onAnswer?: (answered: number) => void
}

export async function runBulk({ able, refused }: BulkPlan, { send, explain, onAnswer }: Run): Promise<BulkReport> {
  const waiting = able.map((server, at) => ({ server, at }))
  const outcomes = new Array<Refused | null>(able.length).fill(null)
  let answered = 0
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { server, at } = next
      try {
        await send(server)
      } catch (error) {
        outcomes[at] = { server, ...explain(error) }
      }
      answered += 1
      onAnswer?.(answered)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return {
    done: able.filter((_, at) => outcomes[at] === null),
    refused: [...outcomes.filter((outcome) => outcome !== null), ...refused],
  }
}
