import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import { useForm } from '~/lib/form'
import { countPorts, isAddress, PORTS_AT_ONCE } from '~/lib/ports'
import { s } from '~/strings'
import { Field, Input } from '~/ui/field'
import { toast } from '~/ui/toast'
import { FormDialog } from './form-dialog'

export function AllocationsDialog({ nodeId, onClose }: { nodeId: string; onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm({ address: '', ports: '' }, {
    address: (value) => (isAddress(value.trim()) ? null : s.nodes.ipWrong),
    ports: (value) => {
      const count = countPorts(value)
      return count === null ? s.nodes.portsWrong : count > PORTS_AT_ONCE ? s.nodes.tooMany : null
    },
  })
  const add = useMutation({
    mutationFn: () => take(client.POST('/api/nodes/{id}/allocations', { params: { path: { id: nodeId } }, body: { address: form.values.address.trim(), ports: form.values.ports } })),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: keys.nodes })
      toast({ title: s.nodes.allocationsAdded(made.created) })
      onClose()
    },
  })
  const problem = add.error ? toApiError(add.error) : null
  const count = countPorts(form.values.ports)
  return (
    <FormDialog title={s.nodes.addAllocationsTitle} verb={s.nodes.addAllocations} busy={add.isPending} error={problem} onSubmit={() => form.send() && add.mutate()} onClose={onClose}>
      <Field label={s.nodes.ip} help={s.nodes.ipHelp} error={form.error('address', problem)} required>
        <Input {...form.control('address')} autoFocus autoComplete="off" spellCheck={false} className="font-mono" placeholder="192.0.2.10" />
      </Field>
      <Field label={s.nodes.ports} help={s.nodes.portsHelp} note={count ? s.nodes.portCount(count) : undefined} error={form.error('ports', problem)} required>
        <Input {...form.control('ports')} autoComplete="off" spellCheck={false} className="font-mono" placeholder="27960-27970" />
      </Field>
    </FormDialog>
  )
}
