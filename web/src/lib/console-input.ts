/**
 * Whether a line can be typed and sent at this moment, and what stands at the input about it. A line that Enter did not
 * send is never passed over in silence: it stays, and the input says why.
 */
import type { LinkState } from '~/api/socket'
import { s } from '~/strings'
import { clock } from './format'

type Situation = { link: LinkState; revoked: boolean; nodeAwaySince: number | null; mayWrite: boolean; refusal: string | null }

/** `connecting` can be typed into; `lost` passes by itself; `closed` needs somebody to do something. */
export type InputState = { kind: 'ready'; says: null } | { kind: 'connecting' | 'lost' | 'closed'; says: string }

/** What became of the last line that left the page, when it was not simply taken. */
export type Outcome = { kind: 'refused' | 'unanswered'; command: string; says: string }

export function inputState({ link, revoked, nodeAwaySince, mayWrite, refusal }: Situation): InputState {
  if (revoked) return { kind: 'closed', says: s.console.revoked }
  if (!mayWrite) return { kind: 'closed', says: s.console.noRight }
  if (link.status === 'lost') return { kind: 'lost', says: s.console.lost(clock(link.since)) }
  if (link.status === 'ended') return { kind: 'closed', says: s.console.ended(clock(link.since)) }
  if (nodeAwaySince !== null) return { kind: 'lost', says: s.console.nodeLost(clock(nodeAwaySince)) }
  if (refusal !== null) return { kind: 'closed', says: refusal }
  return link.status === 'connecting' ? { kind: 'connecting', says: s.console.connecting } : { kind: 'ready', says: null }
}

export type Note = { tone: 'info' | 'warn' | 'bad'; text: string }

/** The words above the input. `held`: Enter was pressed, and the line is still here. */
export function inputNote(state: InputState, line: { held: boolean; written: boolean }, outcome: Outcome | null): Note | null {
  if (outcome && line.written) return { tone: outcome.kind === 'refused' ? 'bad' : 'warn', text: state.kind === 'lost' ? `${state.says} ${outcome.says}` : outcome.says }
  if (line.held) return state.says === null ? { tone: 'info', text: s.console.sendNow } : { tone: 'warn', text: s.console.notSent(state.says) }
  if (state.kind === 'lost') return { tone: 'warn', text: state.says }
  if (state.kind === 'closed' && line.written) return { tone: 'warn', text: state.says }
  return null
}
