/** Who else may use this server, and what exactly. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { SlidersHorizontal, UserMinus, UserPlus, Users } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { membersQuery, permissionsQuery } from '~/api/queries'
import type { MemberView } from '~/api/types'
import { MemberDialog } from '~/forms/member-edit'
import { s } from '~/strings'
import { Avatar } from '~/ui/avatar'
import { Button, IconButton } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'
import { useServer } from './layout'

export function MembersPage() {
  const server = useServer()
  const { data, error, refetch } = useQuery(membersQuery(server.id))
  const { data: permissions } = useQuery(permissionsQuery)
  const [editing, setEditing] = useState<MemberView | 'new' | null>(null)
  const [removing, setRemoving] = useState<MemberView | null>(null)
  const may = (right: 'members.create' | 'members.update' | 'members.delete') => server.permissions.includes(right)
  const all = permissions?.items.length ?? 0

  const columns: Column<MemberView>[] = [
    { id: 'name', header: s.common.name, track: 'minmax(13rem,2fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => (
      <span className="flex items-center gap-3">
        <Avatar name={row.name} />
        <span className="min-w-0"><span className="block truncate text-sm font-medium">{row.name}</span><span className="block truncate text-xs text-dim">{row.email}</span></span>
      </span>
    ) },
    { id: 'rights', header: s.members.permissions, track: 'minmax(8rem,1fr)', sort: (row) => row.permissions.length, cell: (row) => <span className="tabular text-sm">{s.members.rights(row.permissions.length, all)}</span> },
    { id: 'since', header: s.members.since, track: '8rem', sort: (row) => row.createdAt, cell: (row) => <Ago at={row.createdAt} className="text-sm text-dim" /> },
    { id: 'actions', header: s.common.more, track: '4.5rem', quiet: true, narrow: 'corner', cell: (row) => (
      <span className="flex justify-end gap-1">
        {may('members.update') && <IconButton size="iconSm" label={`${s.members.edit}: ${row.name}`} onClick={() => setEditing(row)}><SlidersHorizontal aria-hidden /></IconButton>}
        {may('members.delete') && <IconButton size="iconSm" label={`${s.members.remove}: ${row.name}`} onClick={() => setRemoving(row)}><UserMinus aria-hidden /></IconButton>}
      </span>
    ) },
  ]

  return (
    <div className="mx-auto max-w-4xl">
      <Card flush title={s.members.title} help={s.members.help} actions={may('members.create') && <Button size="sm" onClick={() => setEditing('new')}><UserPlus aria-hidden />{s.members.invite}</Button>}>
        {error ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={2} label={s.common.loading} /> : data.items.length === 0 ? <Empty icon={Users} title={s.members.empty}>{s.members.emptyHelp}</Empty> : <GridTable label={s.members.title} rows={data.items} columns={columns} rowKey={(row) => row.userId} />}
      </Card>
      {editing && <MemberDialog server={server} member={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {removing && <RemoveMember serverId={server.id} member={removing} onClose={() => setRemoving(null)} />}
    </div>
  )
}

function RemoveMember({ serverId, member, onClose }: { serverId: string; member: MemberView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/servers/{id}/members/{userId}', { params: { path: { id: serverId, userId: member.userId } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: membersQuery(serverId).queryKey })
      toast({ title: s.members.removed })
      onClose()
    },
  })
  return <Confirm title={s.members.removeTitle(member.name)} body={s.members.removeBody} verb={s.members.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
