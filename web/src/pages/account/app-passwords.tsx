/** One's own app passwords, of which Gantry itself knows no more than a hash. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, RectangleEllipsis } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { appPasswordsQuery } from '~/api/queries'
import type { AppPasswordView } from '~/api/types'
import { AppPasswordDialog } from '~/forms/app-password-add'
import { ago, moment } from '~/lib/format'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { Badge } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Empty, SkeletonRows } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { useNow } from '~/ui/time'
import { toast } from '~/ui/toast'
import { CredentialList, MOST } from './credential-list'

export function AppPasswords() {
  const { data, error, refetch } = useQuery(appPasswordsQuery)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<AppPasswordView | null>(null)
  const add = <Button size="sm" disabledReason={data && data.items.length >= MOST ? sftp.full(MOST) : null} onClick={() => setAdding(true)}><Plus aria-hidden />{sftp.addPassword}</Button>
  return (
    <Card flush title={sftp.passwords} help={sftp.passwordsHelp} actions={add}>
      {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={2} label={s.common.loading} /> : data.items.length === 0 ? <Empty heading="h3" className="py-8" icon={RectangleEllipsis} title={sftp.noPasswords}>{sftp.noPasswordsHelp}</Empty> : (
        <CredentialList label={sftp.passwords} icon={RectangleEllipsis} items={data.items} onRemove={setRemoving} note={(password) => password.expiresAt && <Expiry at={password.expiresAt} />} />
      )}
      {adding && <AppPasswordDialog onClose={() => setAdding(false)} />}
      {removing && <RemovePassword password={removing} onClose={() => setRemoving(null)} />}
    </Card>
  )
}

/** `Ago` speaks of the past alone. */
function Expiry({ at }: { at: string }) {
  const now = useNow()
  return Date.parse(at) <= now ? <Badge tone="warn">{sftp.expired}</Badge> : <time dateTime={at} title={moment(at)} className="text-xs font-normal text-dim">{sftp.expires(ago(at, now))}</time>
}

function RemovePassword({ password, onClose }: { password: AppPasswordView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/account/app-passwords/{id}', { params: { path: { id: password.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: appPasswordsQuery.queryKey })
      toast({ title: sftp.passwordRemoved, detail: password.name })
      onClose()
    },
  })
  return <Confirm title={sftp.removePasswordTitle(password.name)} body={sftp.removePasswordBody} verb={s.common.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
