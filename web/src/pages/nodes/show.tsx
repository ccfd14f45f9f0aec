/** One machine: what it is, what it has promised, the addresses it offers. */
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Pencil, Plug, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { keys, nodeQuery } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { NodeDialog } from '~/forms/node-edit'
import { EnrollDialog } from '~/forms/node-enroll'
import { Page } from '~/layout/page'
import { cores, mebibytes } from '~/lib/format'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { Button, IconButton } from '~/ui/button'
import { Card, Facts } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Meter } from '~/ui/meter'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { NodeAllocations } from './allocations'
import { NodeStateLabel } from './state'

const route = getRouteApi('/app/admin/nodes/$nodeId')

export function NodePage() {
  const { nodeId } = route.useParams()
  const { data: node } = useSuspenseQuery(nodeQuery(nodeId))
  const [dialog, setDialog] = useState<'edit' | 'enroll' | 'delete' | null>(null)
  const close = () => setDialog(null)
  const fresh = node.state === 'awaiting_enrollment'
  return (
    <Page
      title={node.name}
      lead={node.description || undefined}
      actions={
        <>
          <span className="mr-2 max-sm:basis-full"><NodeStateLabel node={node} /></span>
          <Button variant={fresh ? 'primary' : 'secondary'} onClick={() => setDialog('enroll')}><Plug aria-hidden />{fresh ? s.nodes.connect : s.nodes.reconnect}</Button>
          <Button onClick={() => setDialog('edit')}><Pencil aria-hidden />{s.common.edit}</Button>
          <IconButton label={s.common.delete} variant="dangerGhost" disabledReason={node.promised.servers > 0 ? s.nodes.deleteBlocked(node.promised.servers) : null} onClick={() => setDialog('delete')}><Trash2 aria-hidden /></IconButton>
        </>
      }
    >
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <NodeAllocations nodeId={node.id} />
        <div className="flex flex-col gap-5 max-lg:order-first">
          <Promised node={node} />
          <System node={node} />
        </div>
      </div>
      {dialog === 'edit' && <NodeDialog node={node} onClose={close} />}
      {dialog === 'enroll' && <EnrollDialog node={node} onClose={close} />}
      {dialog === 'delete' && <DeleteNode node={node} onClose={close} />}
    </Page>
  )
}

function Promised({ node: { promised, capacity, locationName } }: { node: NodeView }) {
  const row = (label: string, used: number, all: number, show: (value: number) => string) => (
    <div>
      <p className="mb-1 text-xs text-dim">{label}</p>
      <Meter size="md" label={label} value={used} max={all} text={show(used)} detail={all > 0 ? `/ ${show(all)}` : s.common.unlimited} />
    </div>
  )
  return (
    <Card title={s.nodes.promised}>
      <div className="flex flex-col gap-4">
        {row(s.nodes.memory, promised.memoryMib, capacity.memoryMib, mebibytes)}
        {row(s.nodes.cpu, promised.cpuPercent, capacity.cpuPercent, cores)}
        {row(s.nodes.disk, promised.diskMib, capacity.diskMib, mebibytes)}
        <Facts items={[{ term: s.nodes.serversOn, value: <span className="tabular">{promised.servers}</span> }, { term: s.nodes.location, value: locationName }]} />
      </div>
    </Card>
  )
}

function System({ node }: { node: NodeView }) {
  const { report } = node
  const system = report?.system
  return (
    <Card title={s.nodes.system}>
      {report && system ? (
        <Facts
          items={[
            { term: s.nodes.hostname, value: system.hostname },
            { term: s.nodes.os, value: system.os },
            { term: s.nodes.kernel, value: `${system.kernel} ${system.architecture}` },
            { term: s.nodes.cpu, value: <>{system.cpuModel} <span className="text-dim">{s.nodes.cpuCount(system.cpuCount)}</span></> },
            { term: s.nodes.memory, value: mebibytes(system.memoryMib) },
            { term: s.nodes.disk, value: mebibytes(system.diskMib) },
            { term: s.nodes.runtime, value: report.runtime },
            { term: s.nodes.agent, value: report.agentVersion },
            { term: s.nodes.plugins, value: String(report.plugins.length) },
            ...(node.lastSeenAt && node.state !== 'connected' ? [{ term: s.nodes.lastSeen, value: <Ago at={node.lastSeenAt} /> }] : []),
          ]}
        />
      ) : (
        <p className="text-sm text-dim">{s.nodes.notReported}</p>
      )}
    </Card>
  )
}

function DeleteNode({ node, onClose }: { node: NodeView; onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/nodes/{id}', { params: { path: { id: node.id } } })),
    onSuccess: async () => {
      toast({ title: s.nodes.deleted })
      await navigate(to.nodes())
      void queries.invalidateQueries({ queryKey: keys.nodes, exact: true })
    },
  })
  return <Confirm title={s.nodes.deleteTitle(node.name)} body={s.nodes.deleteBody} typed={node.name} verb={s.common.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
