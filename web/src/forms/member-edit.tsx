/** Adds a member, or changes what one may do. Rights that the giver lacks cannot be given. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { membersQuery, permissionsQuery } from '~/api/queries'
import type { MemberView, Permission, PermissionView, ServerView } from '~/api/types'
import { isEmail } from '~/lib/form'
import { byGroup } from '~/lib/validate'
import { s } from '~/strings'
import { About } from '~/ui/about'
import { Button } from '~/ui/button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Checkbox, Field, Input } from '~/ui/field'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'

const FIRST: Permission[] = ['server.read', 'power.start', 'power.stop', 'power.restart', 'console.read', 'console.write', 'statistics.read', 'players.read']

export function MemberDialog({ server, member, onClose }: { server: ServerView; member: MemberView | null; onClose: () => void }) {
  const queries = useQueryClient()
  const { data } = useQuery(permissionsQuery)
  const [email, setEmail] = useState('')
  const [left, setLeft] = useState(false)
  const [chosen, setChosen] = useState<ReadonlySet<Permission>>(new Set(member?.permissions ?? FIRST.filter((right) => server.permissions.includes(right))))
  const save = useMutation({
    mutationFn: () => {
      const permissions = [...chosen]
      return member
        ? take(client.PATCH('/api/servers/{id}/members/{userId}', { params: { path: { id: server.id, userId: member.userId } }, body: { permissions } }))
        : take(client.POST('/api/servers/{id}/members', { params: { path: { id: server.id } }, body: { email: email.trim(), permissions } }))
    },
    onSuccess: (saved) => {
      void queries.invalidateQueries({ queryKey: membersQuery(server.id).queryKey })
      toast({ title: member ? s.members.updated : s.members.added(saved.name) })
      onClose()
    },
  })
  const problem = save.error ? toApiError(save.error) : null
  const toggle = (rights: Permission[], on: boolean) =>
    setChosen((all) => {
      const next = new Set(all)
      for (const right of rights) if (on) next.add(right); else next.delete(right)
      return next
    })
  const wrongEmail = !member && !isEmail(email) ? s.rules.email : null
  const reason = chosen.size === 0 ? s.members.pick : wrongEmail

  return (
    <Dialog open onClose={onClose} size="lg" title={member ? s.members.editTitle(member.name) : s.members.inviteTitle} {...(!member && { description: s.members.inviteHelp })}>
      <form
        className="contents"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setLeft(true)
          if (!reason && !save.isPending) save.mutate()
        }}
      >
        <DialogBody>
          {problem && <ProblemCard error={problem} />}
          {!member && (
            <Field label={s.members.email} required error={(left ? wrongEmail : null) ?? problem?.field('email')}>
              <Input type="email" autoFocus autoComplete="off" spellCheck={false} value={email} onChange={(event) => setEmail(event.target.value)} onBlur={() => setLeft(email !== '')} />
            </Field>
          )}
          <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
            {byGroup(data?.items ?? []).map(({ group, items }) => (
              <RightsGroup key={group} group={group} items={items} chosen={chosen} givable={server.permissions} onToggle={toggle} />
            ))}
          </div>
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>{s.common.cancel}</Button>
          <Button type="submit" variant="primary" busy={save.isPending} disabledReason={chosen.size === 0 ? s.members.pick : null}>{member ? s.common.save : s.members.invite}</Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}

type RightsGroupProps = { group: string; items: PermissionView[]; chosen: ReadonlySet<Permission>; givable: readonly Permission[]; onToggle: (rights: Permission[], on: boolean) => void }

function RightsGroup({ group, items, chosen, givable, onToggle }: RightsGroupProps) {
  const mine = items.map((item) => item.permission).filter((right) => givable.includes(right))
  const full = mine.length > 0 && mine.every((right) => chosen.has(right))
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 flex w-full items-center justify-between gap-2 border-b border-line pb-1 text-sm font-medium">
        {s.members.groups[group] ?? group}
        <button type="button" className="rounded-sm text-xs font-normal text-accent hover:underline" onClick={() => onToggle(mine, !full)}>
          <About words={full ? s.members.none : s.members.all} of={s.members.groups[group] ?? group} />
        </button>
      </legend>
      <div className="flex flex-col gap-1.5 pointer-coarse:gap-5">
        {items.map((item) => (
          <Checkbox
            key={item.permission}
            checked={chosen.has(item.permission)}
            disabled={!givable.includes(item.permission)}
            onChange={(on) => onToggle([item.permission], on)}
            label={item.description.trim().replace(/\.$/, '')}
            help={givable.includes(item.permission) ? undefined : s.members.notYours}
          />
        ))}
      </div>
    </fieldset>
  )
}
