/** What went wrong in a plugin, for whoever tells its author: of each version the call, the limit that was hit, where, and how often it was reported. */
import { useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useId } from 'react'
import { failuresQuery } from '~/api/plugin-queries'
import type { PluginView, Schemas } from '~/api/types'
import { plugins as p } from '~/strings/plugins'
import { Badge } from '~/ui/badge'
import { CopyButton } from '~/ui/copy-button'
import { Dialog, DialogBody } from '~/ui/dialog'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'

type Failure = Schemas['PluginFailureView']
type Failures = [Failure, ...Failure[]]

const report = (plugin: PluginView, one: Failure) => `${plugin.manifestId} ${one.version} (${one.digest})\n${one.call}: ${one.code}\n${one.message}`

/** The release of the latest first; within one the latest first, as they come. */
function byRelease(all: readonly Failure[]): Failures[] {
  const found = new Map<string, Failures>()
  for (const one of all) {
    const before = found.get(one.digest)
    if (before) before.push(one)
    else found.set(one.digest, [one])
  }
  return [...found.values()]
}

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
          byRelease(data.items).map(([first, ...more]) => <OfRelease key={first.digest} plugin={plugin} failures={[first, ...more]} />)
        )}
      </DialogBody>
    </Dialog>
  )
}

function OfRelease({ plugin, failures }: { plugin: PluginView; failures: Failures }) {
  const [{ digest, version }] = failures
  const id = useId()
  return (
    <section aria-labelledby={id}>
      <h3 id={id} className="tabular flex items-center gap-2 text-sm font-semibold">{p.failuresOf(version)}{digest === plugin.digest && <Badge tone="ok">{p.standing.current}</Badge>}</h3>
      <ul className="flex flex-col divide-y divide-line">
        {failures.map((one) => (
          <li key={`${one.call} ${one.code} ${one.message}`} className="flex items-start gap-3 py-3 last:pb-0">
            <div className="min-w-0 flex-1">
              <p className="text-sm break-words first-letter:uppercase">{one.message}</p>
              <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-dim">
                <code>{one.call}</code>
                <code>{one.code}</code>
                <span>{p.where(one.serverName ?? null, one.nodeName ?? null)}</span>
                <span className="tabular">{p.reported(one.times)}, {p.last} <Ago at={one.lastAt} /></span>
              </p>
            </div>
            <CopyButton text={report(plugin, one)} what={p.failures.toLowerCase()} />
          </li>
        ))}
      </ul>
    </section>
  )
}
