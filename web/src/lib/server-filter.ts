/**
 * `status:running node:fra owner:ada oa` as a filter: what the API can answer goes there, the rest is sifted here. The
 * words of `status:` are those that the list shows, so that what is read can be typed.
 */
import type { Observed, ServerView } from '~/api/types'
import { serverStatus } from './server-status'

export type ServerWish = {
  search: string
  /** The state to ask the API for; absent where the status is made of more than what the node saw. */
  status: Observed | undefined
  /** The key of the status that a server must show. */
  shows: string | undefined
  node: string[]
  game: string[]
  owner: string[]
  /** What looks like a term and is none, as it was typed; it is a word to search for as any other. */
  unknownTerms: string[]
  /** What was typed of a status that there is not. No server shows it. */
  unknownStatus: string | undefined
}

export const TERMS = ['status', 'node', 'owner', 'game'] as const

/** What may be typed, the key that [`serverStatus`] gives, and the state that the API knows it by. */
const STATES: { words: string[]; key: string; observed?: Observed }[] = [
  { words: ['running'], key: 'running', observed: 'running' },
  { words: ['starting'], key: 'starting', observed: 'starting' },
  { words: ['stopping'], key: 'stopping', observed: 'stopping' },
  { words: ['offline'], key: 'offline', observed: 'offline' },
  { words: ['crashed'], key: 'crashed', observed: 'crashed' },
  { words: ['uninstalled', 'not-installed'], key: 'uninstalled', observed: 'uninstalled' },
  { words: ['installing'], key: 'installing' },
  { words: ['suspended'], key: 'held' },
  { words: ['restoring'], key: 'restoring' },
  { words: ['away'], key: 'unknown' },
  { words: ['deleting'], key: 'deleting' },
  { words: ['drained'], key: 'drained', observed: 'offline' },
]

export const STATUS_WORDS: readonly string[] = STATES.flatMap(({ words }) => words.slice(0, 1))

export function parseFilter(text: string): ServerWish {
  const wish: ServerWish = { search: '', status: undefined, shows: undefined, node: [], game: [], owner: [], unknownTerms: [], unknownStatus: undefined }
  const words: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, name, typed = ''] = /^(status|node|game|owner):(.*)$/i.exec(word) ?? []
    const key = name?.toLowerCase()
    const value = typed.toLowerCase()
    if (key === undefined) {
      words.push(word)
      if (looksLikeTerm(word)) wish.unknownTerms.push(word)
    }
    else if (value === '') continue
    else if (key === 'status') {
      const state = STATES.find((candidate) => candidate.words.some((known) => known.startsWith(value)))
      wish.status = state?.observed
      wish.shows = state?.key
      wish.unknownStatus = state ? undefined : value
    } else wish[key as 'node' | 'game' | 'owner'].push(value)
  }
  wish.search = words.join(' ')
  return wish
}

/** A name in letters with a colon behind it, unless it is an address. */
const looksLikeTerm = (word: string) => /^[a-z][a-z-]*:/i.test(word) && !/^[0-9a-f]*:[0-9a-f:.]*$/i.test(word)

const holds = (text: string, parts: string[]) => parts.every((part) => text.toLowerCase().includes(part))

export const fits = (wish: ServerWish, server: ServerView): boolean =>
  wish.unknownStatus === undefined &&
  (wish.shows === undefined || serverStatus(server).key === wish.shows) &&
  holds(`${server.node.name} ${server.node.location}`, wish.node) &&
  holds(`${server.blueprint.name} ${server.blueprint.id}`, wish.game) &&
  holds(server.owner.name, wish.owner)

/** The text with one more term, in the place of another of the same name. */
export function withTerm(text: string, name: string, value: string): string {
  const others = text.split(/\s+/).filter((word) => word !== '' && !word.toLowerCase().startsWith(`${name}:`))
  return [...others, `${name}:${value}`].join(' ')
}
