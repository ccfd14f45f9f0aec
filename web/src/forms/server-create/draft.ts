/** A server that is being thought up: its fields as text, its own problems, and the request it amounts to. */
import type { BlueprintView, Limits, NodeView, ServerInput } from '~/api/types'
import { initialValue, variableProblem } from '~/lib/validate'
import { s } from '~/strings'
import { limitProblem, limitsOf, limitsText, type LimitsText } from '../limits-fields'

export type Draft = {
  name: string
  description: string
  variables: Record<string, string>
  limits: LimitsText
  nodeId: string
  /** By endpoint name; absent chooses a free one. */
  allocations: Record<string, string>
  start: boolean
}

export type StepProps = {
  draft: Draft
  chosen: BlueprintView
  error: (key: string) => string | null
  onChange: (change: Partial<Draft>) => void
  onLeave: (key: string) => void
}

/** The node with the most free addresses among those that answer. */
const likeliest = (nodes: NodeView[]): string => [...nodes].sort((a, b) => Number(b.state === 'connected') - Number(a.state === 'connected') || b.freeAllocationCount - a.freeAllocationCount)[0]?.id ?? ''

export const begin = ({ blueprint }: BlueprintView, nodes: NodeView[]): Draft => ({
  name: s.create.nameDefault(blueprint.name),
  description: '',
  variables: Object.fromEntries(blueprint.variables.map((variable) => [variable.key, initialValue(variable)])),
  limits: limitsText(blueprint.recommended),
  nodeId: likeliest(nodes),
  allocations: {},
  start: true,
})

/** What the panel itself can see is wrong, by the API's field names. */
export function problemsOf(draft: Draft, { blueprint }: BlueprintView): Record<string, string> {
  const found: [string, string | null][] = [
    ['name', draft.name.trim() === '' ? s.rules.required : [...draft.name].length > 64 ? s.rules.tooLong(64, [...draft.name].length) : null],
    ['nodeId', draft.nodeId === '' ? s.create.nodePick : null],
    ...blueprint.variables.map((variable): [string, string | null] => [`variables.${variable.key}`, variableProblem(variable, draft.variables[variable.key] ?? '')]),
    ...(Object.keys(draft.limits) as (keyof Limits)[]).map((key): [string, string | null] => [`limits.${key}`, limitProblem(key, draft.limits[key], blueprint.least)]),
  ]
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== null))
}

/** Which step of the form a field stands in. */
export function stepOf(key: string): 'settings' | 'resources' | 'review' {
  if (key === 'name' || key === 'description' || key.startsWith('variables.')) return 'settings'
  if (key === 'nodeId' || key.startsWith('limits') || key.startsWith('allocations')) return 'resources'
  return 'review'
}

export const inputOf = (draft: Draft, chosen: BlueprintView): ServerInput => ({
  name: draft.name.trim(),
  description: draft.description.trim(),
  blueprintId: chosen.id,
  nodeId: draft.nodeId,
  // What is left out takes its default, so that only a default which was cleared away is sent as empty.
  variables: Object.fromEntries(Object.entries(draft.variables).filter(([key, value]) => value !== '' || chosen.blueprint.variables.find((variable) => variable.key === key)?.defaultValue)),
  allocations: draft.allocations,
  limits: limitsOf(draft.limits),
  start: draft.start,
})
