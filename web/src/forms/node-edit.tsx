/** Adds a node or changes one. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, locationsQuery } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { cores, mebibytes } from '~/lib/format'
import { useForm } from '~/lib/form'
import { to } from '~/routes/to'
import { wholeProblem } from '~/lib/whole'
import { s } from '~/strings'
import { Field, Input, Select, Textarea } from '~/ui/field'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

const whole = (value: string) => wholeProblem(value, 12)

export function NodeDialog({ node, onClose }: { node: NodeView | null; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { data: locations } = useQuery(locationsQuery)
  const form = useForm(
    { name: node?.name ?? '', description: node?.description ?? '', locationId: node?.locationId ?? '', memoryMib: String(node?.capacity.memoryMib ?? 0), cpuPercent: String(node?.capacity.cpuPercent ?? 0), diskMib: String(node?.capacity.diskMib ?? 0) },
    { name: (value) => (value.trim() ? null : s.rules.required), memoryMib: whole, cpuPercent: whole, diskMib: whole },
  )
  const locationId = form.values.locationId || (locations?.items[0]?.id ?? '')
  const save = useMutation({
    mutationFn: () => {
      const { name, description, memoryMib, cpuPercent, diskMib } = form.values
      const body = { name: name.trim(), description: description.trim(), locationId, memoryMib: Number(memoryMib), cpuPercent: Number(cpuPercent), diskMib: Number(diskMib) }
      return node ? take(client.PATCH('/api/nodes/{id}', { params: { path: { id: node.id } }, body })) : take(client.POST('/api/nodes', { body }))
    },
    onSuccess: async (saved) => {
      queries.setQueryData([...keys.nodes, saved.id], saved)
      void queries.invalidateQueries({ queryKey: keys.nodes })
      toast({ title: node ? s.nodes.saved : s.nodes.created })
      onClose()
      if (!node) await navigate(to.node(saved.id))
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const capacity = (key: 'memoryMib' | 'cpuPercent' | 'diskMib', label: string, unit: string, say: (value: number) => string) => {
    const error = form.error(key, problem)
    const value = Number(form.values[key])
    return (
      <Field label={label} note={unit} error={error} help={error ? undefined : value > 0 ? say(value) : s.common.unlimited}>
        <Input {...form.control(key)} inputMode="numeric" autoComplete="off" className="tabular" />
      </Field>
    )
  }
  return (
    <FormDialog title={node ? s.nodes.editTitle : s.nodes.addTitle} verb={node ? s.common.save : s.nodes.add} busy={save.isPending} error={problem} onSubmit={() => form.send() && save.mutate()} onClose={onClose}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={s.common.name} error={form.error('name', problem)} required>
          <Input {...form.control('name')} autoFocus autoComplete="off" />
        </Field>
        <Field label={s.nodes.location} error={form.error('locationId', problem)} required>
          <Select {...form.control('locationId')} value={locationId}>
            {(locations?.items ?? []).map((location) => <option key={location.id} value={location.id}>{location.name}</option>)}
          </Select>
        </Field>
      </div>
      <Field label={s.common.description} note={s.common.optional} error={form.error('description', problem)}>
        <Textarea {...form.control('description')} rows={2} className="min-h-8" />
      </Field>
      <fieldset className="min-w-0">
        <legend className="text-sm font-medium">{s.nodes.capacity}</legend>
        <p className="mb-3 text-xs text-dim">{s.nodes.capacityHelp}</p>
        <div className="grid gap-4 sm:grid-cols-3">
          {capacity('memoryMib', s.create.memory, s.create.mib, mebibytes)}
          {capacity('cpuPercent', s.create.cpu, s.create.percentOfCore, cores)}
          {capacity('diskMib', s.create.disk, s.create.mib, mebibytes)}
        </div>
      </fieldset>
    </FormDialog>
  )
}
