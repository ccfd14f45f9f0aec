import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Gauge, Pencil, Trash2, UserPlus, Users } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '~/actions/context'
import { client, take } from '~/api/client'
import { keys, usersQuery } from '~/api/queries'
import type { UserView } from '~/api/types'
import { AllowanceDialog } from '~/forms/user-allowance'
import { UserDialog } from '~/forms/user-edit'
import { Page } from '~/layout/page'
import { MoreSentinel } from '~/ui/more'
import { s } from '~/strings'
import { allowance as a } from '~/strings/allowance'
import { Avatar } from '~/ui/avatar'
import { Badge } from '~/ui/badge'
import { Button, IconButton } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Empty, SkeletonRows } from '~/ui/empty'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'

export function PeoplePage() {
  const { user: me } = useSession()
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(usersQuery)
  const rows = data?.pages.flatMap((page) => page.items)
  const [editing, setEditing] = useState<UserView | 'new' | null>(null)
  const [limiting, setLimiting] = useState<UserView | null>(null)
  const [deleting, setDeleting] = useState<UserView | null>(null)
  const columns: Column<UserView>[] = [
    { id: 'name', header: s.common.name, track: 'minmax(14rem,2fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => (
      <span className="flex items-center gap-3">
        <Avatar name={row.name} />
        <span className="min-w-0"><span className="block truncate text-sm font-medium">{row.name}{row.id === me.id && <span className="ml-1.5 font-normal text-dim">({s.people.you})</span>}</span><span className="block truncate text-xs text-dim">{row.email}</span></span>
      </span>
    ) },
    { id: 'role', header: s.people.role, track: '9rem', sort: (row) => row.role, cell: (row) => <Badge tone={row.role === 'admin' ? 'accent' : 'neutral'}>{s.people.roles[row.role]}</Badge> },
    { id: 'servers', header: s.people.servers, track: '6rem', sort: (row) => row.serverCount, cell: (row) => <span className="tabular text-sm">{row.serverCount}</span> },
    { id: 'since', yields: 1, header: s.people.since, track: '8rem', sort: (row) => row.createdAt, narrow: 'hide', cell: (row) => <Ago at={row.createdAt} className="text-sm text-dim" /> },
    { id: 'actions', header: s.common.more, track: '6.5rem', quiet: true, narrow: 'corner', cell: (row) => (
      <span className="flex justify-end gap-1">
        <IconButton size="iconSm" label={`${s.common.edit}: ${row.name}`} onClick={() => setEditing(row)}><Pencil aria-hidden /></IconButton>
        <IconButton size="iconSm" label={`${a.open}: ${row.name}`} onClick={() => setLimiting(row)}><Gauge aria-hidden /></IconButton>
        <IconButton size="iconSm" label={`${s.common.delete}: ${row.name}`} disabledReason={row.id === me.id ? s.people.deleteSelf : row.serverCount > 0 ? s.people.deleteBlocked(row.serverCount) : null} onClick={() => setDeleting(row)}><Trash2 aria-hidden /></IconButton>
      </span>
    ) },
  ]
  return (
    <Page title={s.people.title} lead={s.people.lead} actions={<Button variant="primary" onClick={() => setEditing('new')}><UserPlus aria-hidden />{s.people.add}</Button>}>
      <Card flush>
        {error && !rows ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !rows ? <SkeletonRows label={s.common.loading} /> : rows.length === 0 ? <Empty icon={Users} title={s.people.title} /> : <GridTable label={s.people.title} rows={rows} columns={columns} rowKey={(row) => row.id} />}
        {hasNextPage && <MoreSentinel busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />}
      </Card>
      {editing && <UserDialog user={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {limiting && <AllowanceDialog user={limiting} onClose={() => setLimiting(null)} />}
      {deleting && <DeleteUser user={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

function DeleteUser({ user, onClose }: { user: UserView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/users/{id}', { params: { path: { id: user.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.users })
      toast({ title: s.people.deleted })
      onClose()
    },
  })
  return <Confirm title={s.people.deleteTitle(user.name)} body={s.people.deleteBody} typed={user.email} verb={s.common.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
