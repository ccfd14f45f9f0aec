/** The one command that turns a machine into this node. It waits, and says when the daemon is there. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleCheck, LoaderCircle } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { client, take } from '~/api/client'
import { nodeQuery } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { CopyTextButton } from '~/ui/copy-button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Until } from '~/ui/time'

export function EnrollDialog({ node, onClose }: { node: NodeView; onClose: () => void }) {
  const { mutate, data, error } = useMutation({ mutationFn: () => take(client.POST('/api/nodes/{id}/enrollment', { params: { path: { id: node.id } } })) })
  const asked = useRef(false)
  useEffect(() => {
    // A token is spent by being made, so it is asked for once, however often React mounts this.
    if (asked.current) return
    asked.current = true
    mutate()
  }, [mutate])
  const { data: current = node } = useQuery({ ...nodeQuery(node.id), refetchInterval: 3_000 })
  // The page reads the same query, so what it was before has to be kept.
  const [before] = useState(node.state)
  const connected = current.state === 'connected' && before !== 'connected'
  return (
    <Dialog open onClose={onClose} size="lg" title={s.nodes.connectTitle(node.name)} description={s.nodes.connectHelp}>
      <DialogBody>
        {error && <ProblemCard error={error} action={<Button size="sm" onClick={() => mutate()}>{s.common.retry}</Button>} />}
        {data ? (
          <>
            <pre aria-label={s.nodes.command} className="overflow-x-auto rounded-md border border-line bg-terminal p-3 font-mono text-xs leading-5 break-all whitespace-pre-wrap">{data.command}</pre>
            <div className="flex flex-wrap items-center justify-between gap-3">
              <div className="flex gap-2">
                <CopyTextButton text={data.command}>{s.copy.what(s.nodes.command.toLowerCase())}</CopyTextButton>
                <CopyTextButton text={data.token}>{s.nodes.token}</CopyTextButton>
              </div>
              <p className="text-xs text-dim">{s.nodes.expires} <Until at={data.expiresAt} /></p>
            </div>
            <p className="text-sm">
              {s.nodes.connectThen} <code className="font-mono text-xs">gantryd run --data-dir /var/lib/gantryd</code>
            </p>
          </>
        ) : (
          !error && <Skeleton className="h-24" />
        )}
        <p role="status" className="flex items-center gap-2 text-sm">
          {connected ? <><CircleCheck aria-hidden className="size-4 text-ok" />{s.nodes.connectDone}</> : <><LoaderCircle aria-hidden className="size-4 animate-spin-slow text-dim" /><span className="text-dim">{s.nodes.connectWaiting}</span></>}
        </p>
      </DialogBody>
      <DialogFooter>
        <Button variant={connected ? 'primary' : 'secondary'} onClick={onClose}>{s.common.close}</Button>
      </DialogFooter>
    </Dialog>
  )
}
