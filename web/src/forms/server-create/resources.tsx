/** What the server may use, on which machine, at which address. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { ServerOff } from 'lucide-react'
import { useSession } from '~/actions/context'
import { nodeAllocationsQuery } from '~/api/queries'
import type { NodeView, PreviewView } from '~/api/types'
import { address, mebibytes } from '~/lib/format'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { cn } from '~/ui/cn'
import { Empty } from '~/ui/empty'
import { Field, Select } from '~/ui/field'
import { Glyph } from '~/ui/glyph'
import { Meter } from '~/ui/meter'
import { LimitsFields, limitsText } from '../limits-fields'
import type { StepProps } from './draft'
import { Left } from './left'

type ResourcesProps = StepProps & { nodes: NodeView[]; preview: PreviewView | null }

export function ResourcesStep({ draft, chosen, error, onChange, nodes, preview }: ResourcesProps) {
  const { administrator } = useSession().user
  const { blueprint } = chosen
  const same = JSON.stringify(draft.limits) === JSON.stringify(limitsText(blueprint.recommended))
  return (
    <div className="flex flex-col gap-5">
      <Left />
      <Card title={s.create.resources} help={s.create.resourcesHelp} actions={!same && <Button size="sm" onClick={() => onChange({ limits: limitsText(blueprint.recommended) })}>{s.create.recommended}</Button>}>
        <LimitsFields value={draft.limits} least={blueprint.least} onChange={(limits) => onChange({ limits })} problem={error} />
      </Card>
      <Card title={s.create.node} help={s.create.nodeHelp} flush>
        {nodes.length === 0 ? (
          <Empty icon={ServerOff} title={s.create.noNodes}>{s.create.noNodesHelp}</Empty>
        ) : (
          <NodeChoice nodes={nodes} value={draft.nodeId} error={error('nodeId')} onChange={(nodeId) => onChange({ nodeId, allocations: {} })} />
        )}
      </Card>
      {draft.nodeId !== '' && blueprint.endpoints.length > 0 && (
        <Card title={s.create.addresses} help={s.create.addressesHelp}>
          <div className="grid gap-5 sm:grid-cols-2">
            {blueprint.endpoints.map((need) => {
              const taken = preview?.endpoints.find((endpoint) => endpoint.name === need.name)
              return (
                <Field key={need.name} label={s.create.endpoint(need.name, need.protocol)} help={need.help} error={error(`allocations.${need.name}`)} note={!draft.allocations[need.name] && taken ? <code className="font-mono">{address(taken)}</code> : undefined}>
                  <AllocationSelect nodeId={draft.nodeId} mayPick={administrator} value={draft.allocations[need.name] ?? ''} onChange={(id) => onChange({ allocations: id ? { ...draft.allocations, [need.name]: id } : Object.fromEntries(Object.entries(draft.allocations).filter(([name]) => name !== need.name)) })} />
                </Field>
              )
            })}
          </div>
        </Card>
      )}
    </div>
  )
}

function AllocationSelect({ nodeId, mayPick, value, onChange }: { nodeId: string; mayPick: boolean; value: string; onChange: (id: string) => void }) {
  const { data } = useInfiniteQuery({ ...nodeAllocationsQuery(nodeId), enabled: mayPick })
  const free = (data?.pages ?? []).flatMap((page) => page.items).filter((allocation) => !allocation.serverId || allocation.id === value)
  return (
    <Select value={value} onChange={(event) => onChange(event.target.value)} className="font-mono">
      <option value="">{s.create.automatic}</option>
      {free.map((allocation) => <option key={allocation.id} value={allocation.id}>{address(allocation)}</option>)}
    </Select>
  )
}

const isReady = (node: NodeView): boolean => node.state === 'connected' && !node.drain

function NodeChoice({ nodes, value, error, onChange }: { nodes: NodeView[]; value: string; error: string | null; onChange: (id: string) => void }) {
  return (
    <fieldset aria-invalid={Boolean(error) || undefined}>
      <legend className="sr-only">{s.create.node}</legend>
      {error && <p className="border-b border-line px-4 py-2 text-xs text-bad">{error}</p>}
      <div className="divide-y divide-line">
        {nodes.map((node) => (
          <label key={node.id} className={cn('flex cursor-pointer flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 hover:bg-hover', value === node.id && 'bg-accent/5')}>
            <input type="radio" name="node" value={node.id} checked={value === node.id} onChange={() => onChange(node.id)} className="size-4 accent-accent-fill" />
            <span className="min-w-0 flex-1 basis-40">
              <span className="block text-sm font-medium">{node.name}</span>
              <span className="flex items-center gap-1.5 text-xs text-dim">
                <Glyph shape={isReady(node) ? 'disc' : 'dashed'} tone={isReady(node) ? 'ok' : 'warn'} className="size-2" />
                {node.locationName} · {node.drain ? s.create.nodeDrained : node.state === 'connected' ? s.create.free(node.freeAllocationCount) : s.create.nodeAway}
              </span>
            </span>
            {(['memory', 'disk'] as const).map((kind) => {
              const [promised, all] = [node.promised[`${kind}Mib`], node.capacity[`${kind}Mib`]]
              return all > 0 && <Meter key={kind} className="basis-60 max-lg:basis-full max-lg:pl-8" label={s.create[kind]} value={promised} max={all} text={s.create[kind]} detail={s.create.capacity(mebibytes(promised), mebibytes(all))} />
            })}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
