/** `status:running node:fra oa` as a filter: what the API can answer goes there, the rest is sifted here. */
import type { Observed, ServerView } from '~/api/types'

export type ServerWish = { search: string; status: Observed | undefined; node: string[]; game: string[] }

const STATES: Observed[] = ['uninstalled', 'offline', 'starting', 'running', 'stopping', 'crashed']

export function parseFilter(text: string): ServerWish {
  const wish: ServerWish = { search: '', status: undefined, node: [], game: [] }
  const words: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, name, value = ''] = /^(status|node|game):(.*)$/i.exec(word) ?? []
    const key = name?.toLowerCase()
    if (key === undefined) words.push(word)
    else if (key === 'status') wish.status = STATES.find((state) => value !== '' && state.startsWith(value.toLowerCase()))
    else if (value !== '') wish[key as 'node' | 'game'].push(value.toLowerCase())
  }
  wish.search = words.join(' ')
  return wish
}

const holds = (text: string, parts: string[]) => parts.every((part) => text.toLowerCase().includes(part))

export const fits = (wish: ServerWish, server: ServerView): boolean =>
  holds(`${server.node.name} ${server.node.location}`, wish.node) && holds(`${server.blueprint.name} ${server.blueprint.id}`, wish.game)
