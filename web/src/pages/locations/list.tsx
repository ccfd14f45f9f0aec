import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MapPin, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { keys, locationsQuery } from '~/api/queries'
import type { LocationView } from '~/api/types'
import { FormDialog } from '~/forms/form-dialog'
import { Page } from '~/layout/page'
import { useForm } from '~/lib/form'
import { s } from '~/strings'
import { Button, IconButton } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Empty, SkeletonRows } from '~/ui/empty'
import { Field, Input, Textarea } from '~/ui/field'
import { GridTable, type Column } from '~/ui/grid-table'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'

export function LocationsPage() {
  const { data, error, refetch } = useQuery(locationsQuery)
  const [editing, setEditing] = useState<LocationView | 'new' | null>(null)
  const [deleting, setDeleting] = useState<LocationView | null>(null)
  const columns: Column<LocationView>[] = [
    { id: 'name', header: s.common.name, track: 'minmax(12rem,2fr)', narrow: 'title', sort: (row) => row.name, cell: (row) => <div className="min-w-0"><p className="truncate text-sm font-medium">{row.name}</p><p className="truncate text-xs text-dim">{row.description}</p></div> },
    { id: 'nodes', header: s.locations.nodes, track: '6rem', sort: (row) => row.nodeCount, cell: (row) => <span className="tabular text-sm">{row.nodeCount}</span> },
    { id: 'since', header: s.people.since, track: '8rem', sort: (row) => row.createdAt, narrow: 'hide', cell: (row) => <Ago at={row.createdAt} className="text-sm text-dim" /> },
    { id: 'actions', header: s.common.more, track: '4.5rem', quiet: true, narrow: 'corner', cell: (row) => (
      <span className="flex justify-end gap-1">
        <IconButton size="iconSm" label={`${s.common.edit}: ${row.name}`} onClick={() => setEditing(row)}><Pencil aria-hidden /></IconButton>
        <IconButton size="iconSm" label={`${s.common.delete}: ${row.name}`} disabledReason={row.nodeCount > 0 ? s.locations.deleteBlocked(row.nodeCount) : null} onClick={() => setDeleting(row)}><Trash2 aria-hidden /></IconButton>
      </span>
    ) },
  ]
  const add = <Button variant="primary" onClick={() => setEditing('new')}><Plus aria-hidden />{s.locations.add}</Button>
  return (
    <Page title={s.locations.title} lead={s.locations.lead} actions={data?.items.length !== 0 && add}>
      <Card flush>
        {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={3} label={s.common.loading} /> : data.items.length === 0 ? <Empty icon={MapPin} title={s.locations.empty} action={add}>{s.locations.emptyHelp}</Empty> : <GridTable label={s.locations.title} rows={data.items} columns={columns} rowKey={(row) => row.id} />}
      </Card>
      {editing && <LocationDialog location={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteLocation location={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

function LocationDialog({ location, onClose }: { location: LocationView | null; onClose: () => void }) {
  const queries = useQueryClient()
  const form = useForm({ name: location?.name ?? '', description: location?.description ?? '' }, { name: (value) => (value.trim() ? null : s.rules.required) })
  const save = useMutation({
    mutationFn: () => {
      const body = { name: form.values.name.trim(), description: form.values.description.trim() }
      return location ? take(client.PATCH('/api/locations/{id}', { params: { path: { id: location.id } }, body })) : take(client.POST('/api/locations', { body }))
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.locations })
      toast({ title: location ? s.locations.saved : s.locations.created })
      onClose()
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  return (
    <FormDialog size="sm" title={location ? s.locations.editTitle : s.locations.addTitle} verb={location ? s.common.save : s.locations.add} busy={save.isPending} error={problem} onSubmit={() => form.send() && save.mutate()} onClose={onClose}>
      <Field label={s.common.name} error={form.error('name', problem)} required>
        <Input {...form.control('name')} autoFocus autoComplete="off" />
      </Field>
      <Field label={s.common.description} note={s.common.optional} error={form.error('description', problem)}>
        <Textarea {...form.control('description')} rows={2} />
      </Field>
    </FormDialog>
  )
}

function DeleteLocation({ location, onClose }: { location: LocationView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/locations/{id}', { params: { path: { id: location.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.locations })
      toast({ title: s.locations.deleted })
      onClose()
    },
  })
  return <Confirm title={s.locations.deleteTitle(location.name)} body={s.locations.deleteBody} verb={s.common.delete} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
