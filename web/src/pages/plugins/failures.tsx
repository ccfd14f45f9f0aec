/** What went wrong in a plugin, for whoever tells its author: the call, the limit that was hit, where, and how often. */
import { useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { failuresQuery } from '~/api/plugin-queries'
import type { PluginView, Schemas } from '~/api/types'
import { plugins as p } from '~/strings/plugins'
import { CopyButton } from '~/ui/copy-button'
import { Dialog, DialogBody } from '~/ui/dialog'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'

type Failure = Schemas['PluginFailureView']

const report = (plugin: PluginView, one: Failure) => `${plugin.manifestId} ${one.version} (${one.digest})\n${one.call}: ${one.code}\n${one.message}`

export function FailuresDialog({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const { data, error, refetch } = useQuery(failuresQuery(plugin.id))
  return (
    <Dialog open onClose={onClose} size="lg" title={p.failuresTitle(plugin.name)} description={p.failuresHelp}>
      <DialogBody>
        {error && !data ? (
          <ProblemCard error={error} onRetry={refetch} />
        ) : !data ? (
          <Skeleton className="h-40" />
        ) : data.items.length === 0 ? (
          <Empty icon={ShieldCheck} title={p.noFailures}>{p.noFailuresHelp}</Empty>
        ) : (
          <ul className="flex flex-col divide-y divide-line">
            {data.items.map((one) => (
              <li key={`${one.digest} ${one.call} ${one.code} ${one.message}`} className="flex items-start gap-3 py-3 first:pt-0 last:pb-0">
                <div className="min-w-0 flex-1">
                  <p className="text-sm break-words">{one.message}</p>
                  <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-dim">
                    <code>{one.call}</code>
                    <code>{one.code}</code>
                    <span>{p.version(one.version)}</span>
                    <span>{p.where(one.serverName ?? null, one.nodeName ?? null)}</span>
                    <span>{p.times(one.times)}, {p.last} <Ago at={one.lastAt} /></span>
                  </p>
                </div>
                <CopyButton text={report(plugin, one)} what={p.failures.toLowerCase()} />
              </li>
            ))}
          </ul>
        )}
      </DialogBody>
    </Dialog>
  )
}
