/** The frame of a node's page: what machine it is, how it is, what can be done, and its tabs. */
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { Outlet, getRouteApi, useNavigate } from '@tanstack/react-router'
import { CloudOff, Pencil, Plug, Trash2, Wrench } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { keys, nodeQuery } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { NodeDialog } from '~/forms/node-edit'
import { EnrollDialog } from '~/forms/node-enroll'
import { Tabs } from '~/layout/tabs'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { drains } from '~/strings/drains'
import { machine } from '~/strings/machine'
import { Button, IconButton } from '~/ui/button'
import { Confirm } from '~/ui/confirm'
import { Notice } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { DrainCard } from './drain/card'
import { DrainDialog } from './drain/dialog'
import { NodeStateLabel } from './state'

const route = getRouteApi('/app/admin/nodes/$nodeId')

/** The node of this page; its layout has loaded it. */
export function useNode(): NodeView {
  const { nodeId } = route.useParams()
  return useSuspenseQuery(nodeQuery(nodeId)).data
}

export function NodeLayout() {
  const node = useNode()
  const [dialog, setDialog] = useState<'edit' | 'enroll' | 'drain' | 'delete' | null>(null)
  const close = () => setDialog(null)
  const fresh = node.state === 'awaiting_enrollment'
  const tabs = [
    { label: s.nodes.tabs.overview, link: to.node(node.id) },
    { label: s.nodes.tabs.system, link: to.nodeSystem(node.id) },
    { label: s.nodes.tabs.allocations, link: to.nodeAllocations(node.id) },
  ]
  return (
    <div className="flex min-h-full flex-col">
      <div className="shrink-0 border-b border-line bg-background">
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-3 pt-4 pb-3 sm:px-6">
          <div className="min-w-0">
            <h1 className="text-lg break-words">{node.name}</h1>
            <div className="mt-0.5 flex flex-wrap items-center gap-x-4 gap-y-1">
              <NodeStateLabel node={node} />
              {node.description && <p className="min-w-0 text-sm break-words text-dim">{node.description}</p>}
            </div>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            <Button variant={fresh ? 'primary' : 'secondary'} onClick={() => setDialog('enroll')}><Plug aria-hidden />{fresh ? s.nodes.connect : s.nodes.reconnect}</Button>
            {!fresh && !node.drain && <Button onClick={() => setDialog('drain')}><Wrench aria-hidden />{drains.drain}</Button>}
            <Button onClick={() => setDialog('edit')}><Pencil aria-hidden />{s.common.edit}</Button>
            <IconButton label={s.common.delete} variant="dangerGhost" disabledReason={node.promised.servers > 0 ? s.nodes.deleteBlocked(node.promised.servers) : null} onClick={() => setDialog('delete')}><Trash2 aria-hidden /></IconButton>
          </div>
        </div>
        <Tabs label={s.nodes.tabs.label} tabs={tabs} />
      </div>
      {node.state === 'disconnected' && (
        <div className="px-3 pt-3 sm:px-6">
          <Notice tone="warn" title={machine.away} icon={<CloudOff aria-hidden />}>{machine.awayHelp} {node.lastSeenAt && <>{machine.lastSeen} <Ago at={node.lastSeenAt} />.</>}</Notice>
        </div>
      )}
      <div className="mx-auto w-full max-w-480 flex-1 px-3 pt-5 pb-24 sm:px-6">
        {node.drain && <DrainCard node={node} drain={node.drain} />}
        <Outlet />
      </div>
      {dialog === 'edit' && <NodeDialog node={node} onClose={close} />}
      {dialog === 'enroll' && <EnrollDialog node={node} onClose={close} />}
      {dialog === 'drain' && <DrainDialog node={node} onClose={close} />}
      {dialog === 'delete' && <DeleteNode node={node} onClose={close} />}
    </div>
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
