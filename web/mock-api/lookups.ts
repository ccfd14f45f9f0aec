/** What plugins look up, and the secrets that they ask for. */
import type { Schemas } from '../src/api/types'
import { before, plugins } from './data'

type Secret = Schemas['PluginSecretView']

const VERSIONS = ['5.12.0', '5.11.0', '5.10.0', '5.9.1', '5.9.0', '5.8.0', '5.7.0', '5.6.1']

/** Nobody answers in the scene `unlisted`. */
export const world = { answers: true }

export const choices = () => [
  { value: 'latest', label: `Newest release (${VERSIONS[0] ?? ''})`, help: null },
  ...VERSIONS.map((value, i) => ({ value, label: value, help: i === 0 ? 'Published last week.' : null })),
]

const kept = new Map<string, Secret[]>()

function secretsOf(id: string): Secret[] {
  const plugin = plugins.find((one) => one.id === id)
  const names = plugin?.capabilities.find((one) => one.name === 'secrets')?.names ?? []
  const own = kept.get(id) ?? names.map((name, i) => ({ name, isAskedFor: true, updatedAt: i === 0 ? before(3 * 86_400) : null }))
  kept.set(id, own)
  return own
}

/** A plugin that asks for secrets. */
export function ask(): void {
  plugins[0]?.capabilities.push({ name: 'secrets', reason: 'Signs in where the maps of your clan are.', granted: true, hosts: [], names: ['maps-token', 'webhook'] })
}

type Call = { params: string[] }

export const routes: [string, string, (call: Call) => unknown][] = [
  ['GET', '/api/plugins/:/secrets', ({ params }) => ({ items: secretsOf(params[0] ?? ''), nextCursor: null })],
  ['PUT', '/api/plugins/:/secrets/:', ({ params }) => {
    const one = secretsOf(params[0] ?? '').find((secret) => secret.name === params[1])
    if (one) one.updatedAt = new Date().toISOString()
  }],
  ['DELETE', '/api/plugins/:/secrets/:', ({ params }) => {
    const one = secretsOf(params[0] ?? '').find((secret) => secret.name === params[1])
    if (one) one.updatedAt = null
  }],
]
