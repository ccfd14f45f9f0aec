/** One's own SSH keys. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { client, take } from '~/api/client'
import { sshKeysQuery } from '~/api/queries'
import type { SshKeyView } from '~/api/types'
import { SshKeyDialog } from '~/forms/ssh-key-add'
import { s } from '~/strings'
import { sftp } from '~/strings/sftp'
import { Button } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Empty, SkeletonRows } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { CredentialList, MOST } from './credential-list'

export function SshKeys() {
  const { data, error, refetch } = useQuery(sshKeysQuery)
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<SshKeyView | null>(null)
  const add = <Button size="sm" disabledReason={data && data.items.length >= MOST ? sftp.full(MOST) : null} onClick={() => setAdding(true)}><Plus aria-hidden />{sftp.addKey}</Button>
  return (
    <Card flush title={sftp.keys} help={sftp.keysHelp} actions={add}>
      {error && !data ? <ProblemCard error={error} onRetry={refetch} className="m-4" /> : !data ? <SkeletonRows rows={2} label={s.common.loading} /> : data.items.length === 0 ? <Empty heading="h3" className="py-8" icon={KeyRound} title={sftp.noKeys}>{sftp.noKeysHelp}</Empty> : (
        <CredentialList label={sftp.keys} icon={KeyRound} items={data.items} onRemove={setRemoving} more={(key) => <p className="font-mono text-xs break-all text-dim">{key.publicKey.split(' ')[0]} {key.fingerprint}</p>} />
      )}
      {adding && <SshKeyDialog onClose={() => setAdding(false)} />}
      {removing && <RemoveKey sshKey={removing} onClose={() => setRemoving(null)} />}
    </Card>
  )
}

function RemoveKey({ sshKey, onClose }: { sshKey: SshKeyView; onClose: () => void }) {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => take(client.DELETE('/api/account/ssh-keys/{id}', { params: { path: { id: sshKey.id } } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: sshKeysQuery.queryKey })
      toast({ title: sftp.keyRemoved, detail: sshKey.name })
      onClose()
    },
  })
  return <Confirm title={sftp.removeKeyTitle(sshKey.name)} body={sftp.removeKeyBody} verb={s.common.remove} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate()} onClose={onClose} />
}
