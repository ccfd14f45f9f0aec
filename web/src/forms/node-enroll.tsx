/** The three steps that turn a machine into this node. It waits, and says when the daemon is there. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { CircleCheck, LoaderCircle, TriangleAlert } from 'lucide-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { client, take } from '~/api/client'
import { nodeQuery } from '~/api/queries'
import type { NodeView } from '~/api/types'
import { clock } from '~/lib/format'
import { s } from '~/strings'
import { machine } from '~/strings/machine'
import { Button } from '~/ui/button'
import { CopyButton } from '~/ui/copy-button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Skeleton } from '~/ui/empty'
import { Notice, ProblemCard } from '~/ui/problem'

/** The daemon keeps its identity where it was enrolled, and has to be run from there. */
const runCommand = (enroll: string) => `gantryd run --data-dir ${/--data-dir (\S+)/.exec(enroll)?.[1] ?? '/var/lib/gantryd'}`

/** An address that means another machine to each machine. */
const isLoopback = (enroll: string) => /--url https?:\/\/(localhost|127\.|\[::1\])/.test(enroll)

type StepProps = { number: number; says: string; label: string; text: string; children?: ReactNode }

const Step = ({ number, says, label, text, children }: StepProps) => (
  <li className="flex gap-3">
    <span aria-hidden className="tabular grid size-5 shrink-0 place-items-center rounded-full bg-track text-xs font-medium">{number}</span>
    <div className="flex min-w-0 flex-1 flex-col gap-2">
      <p className="text-sm">{says}</p>
      <div className="flex items-start gap-1 rounded-md border border-line bg-terminal py-1 pr-1 pl-3">
        <pre aria-label={label} className="min-w-0 flex-1 py-1 font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap">{text}</pre>
        <CopyButton text={text} what={label} />
      </div>
      {children}
    </div>
  </li>
)

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
    <Dialog open onClose={onClose} size="lg" title={machine.connectTitle(node.name)} description={machine.connectHelp}>
      <DialogBody>
        {error && <ProblemCard error={error} onRetry={() => mutate()} />}
        {data && isLoopback(data.command) && <Notice tone="warn" title={machine.onlyHere} icon={<TriangleAlert aria-hidden />}>{machine.onlyHereHelp}</Notice>}
        {data ? (
          <ol className="flex flex-col gap-4">
            <Step number={1} says={machine.stepEnroll} label={machine.command} text={data.command} />
            <Step number={2} says={machine.stepToken} label={machine.token} text={data.token}>
              <p className="text-xs text-dim">{machine.expires(clock(data.expiresAt))}</p>
            </Step>
            <Step number={3} says={machine.stepRun} label={machine.runCommand} text={runCommand(data.command)} />
          </ol>
        ) : (
          !error && <Skeleton className="h-24" />
        )}
        <p role="status" className="flex items-center gap-2 text-sm">
          {connected ? <><CircleCheck aria-hidden className="size-4 text-ok" />{machine.connectDone}</> : <><LoaderCircle aria-hidden className="size-4 animate-spin-slow text-dim" /><span className="text-dim">{machine.connectWaiting}</span></>}
        </p>
      </DialogBody>
      <DialogFooter>
        <Button variant={connected ? 'primary' : 'secondary'} onClick={onClose}>{s.common.close}</Button>
      </DialogFooter>
    </Dialog>
  )
}
