/** Power from the palette: what was typed as a verb and a name, and which servers it can be meant of. */
import type { ServerView } from '~/api/types'
import { refusal } from './server-status'

export const VERBS = ['start', 'stop', 'restart'] as const
export type Verb = (typeof VERBS)[number]
export type PowerChoice = { server: ServerView; verb: Verb; reason: string | null }

/** Servers that are offered their power by their name alone. */
const BY_NAME = 3
const MOST = 8

/** `stop hill` as the verbs that it may begin with, and the rest. A single letter is no verb yet. */
export function spokenPower(text: string): { verbs: Verb[]; name: string } {
  const [first = '', ...others] = text.trim().split(/\s+/)
  const verbs = first.length < 2 ? [] : VERBS.filter((verb) => verb.startsWith(first.toLowerCase()))
  return { verbs, name: verbs.length > 0 ? others.join(' ') : '' }
}

const isMissingRight = (server: ServerView, verb: Verb) => server.actions.find(({ action }) => action === verb)?.code === 'forbidden'
const isPossible = ({ reason }: PowerChoice) => reason === null
const choicesOf = (servers: readonly ServerView[], verbs: readonly Verb[]) =>
  servers.flatMap((server) => verbs.filter((verb) => !isMissingRight(server, verb)).map((verb) => ({ server, verb, reason: refusal(server.actions, verb) })))

/** What can be done with servers that were found by their names. */
export const powerByName = (servers: readonly ServerView[]): PowerChoice[] => choicesOf(servers.slice(0, BY_NAME), VERBS).filter(isPossible)

/** What was asked for by a verb: all that is possible, and of a server that was named also why it is not. */
export function powerByVerb(servers: readonly ServerView[], { verbs, name }: { verbs: readonly Verb[]; name: string }): PowerChoice[] {
  const all = choicesOf(servers, verbs)
  const possible = all.filter(isPossible)
  return [...possible, ...(name ? all.filter((choice) => !isPossible(choice)) : [])].slice(0, MOST)
}
