/** Calls of a plugin that were stopped, each as a file with which its author has it fail again. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Download, FileWarning } from 'lucide-react'
import { recordsQuery, recordText } from '~/api/plugin-queries'
import { toApiError } from '~/api/problem'
import type { PluginView, Schemas } from '~/api/types'
import { placeOf, recordName } from '~/lib/conduct'
import { bytes } from '~/lib/format'
import { to } from '~/routes/to'
import { conduct as c } from '~/strings/conduct'
import { Badge } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'

type Item = Schemas['RecordView']

/** Hands the browser a file that is here already. */
function save(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** Where nobody has asked the plugin since all programs started there may still be some that nodes kept. */
export function Records({ plugin, isQuiet }: { plugin: PluginView; isQuiet: boolean }) {
  const { data, error, refetch } = useQuery(recordsQuery(plugin.id))
  if (isQuiet && !error && !data?.items.length) return null
  return (
    <section aria-labelledby="records" className="flex flex-col gap-3">
      <header>
        <h3 id="records" className="text-sm font-semibold">{c.records}</h3>
        {data && data.items.length > 0 && (
          <>
            <p className="mt-1 text-sm text-dim">
              {c.recordsHelp} <code className="whitespace-nowrap">{c.replay}</code>
            </p>
            <p className="mt-1 text-sm text-warn">{c.recordsWarning}</p>
          </>
        )}
      </header>
      {error && !data ? (
        <ProblemCard error={error} onRetry={refetch} />
      ) : !data ? (
        <Skeleton className="h-24" />
      ) : data.items.length === 0 ? (
        <Empty icon={FileWarning} title={c.noRecords}>{c.noRecordsHelp}</Empty>
      ) : (
        <ul className="flex flex-col divide-y divide-line rounded-lg border border-line">
          {data.items.map((item) => <Row key={`${item.nodeId ?? ''} ${item.digest} ${item.id}`} plugin={plugin} item={item} server={item.serverId ? (data.servers[item.serverId] ?? null) : null} />)}
        </ul>
      )}
    </section>
  )
}

function Row({ plugin, item, server }: { plugin: PluginView; item: Item; server: string | null }) {
  const fetching = useMutation({
    mutationFn: () => recordText(plugin.id, item),
    onSuccess: (text) => save(recordName(plugin.manifestId, item), text),
  })
  return (
    <li className="flex flex-col gap-3 p-4 sm:flex-row sm:items-start">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm font-medium">
          <code className="break-all">{item.call}</code>
          <Badge tone="bad">{c.limit[item.reason] ?? item.reason}</Badge>
          <span className="tabular font-normal text-dim">{c.version(item.version)}</span>
          {item.digest !== plugin.digest && <Badge>{c.earlier}</Badge>}
        </p>
        <p className="mt-1 text-sm break-words first-letter:uppercase">{item.message}</p>
        <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-dim">
          {item.symbol && <code className="break-all">{item.symbol}</code>}
          <span>{placeOf(item.nodeName)}</span>
          {item.serverId && (server ? <Link {...to.server(item.serverId)} className="text-accent hover:underline">{server}</Link> : <span>{c.aServer(item.serverId)}</span>)}
          <span className="tabular">{c.recordTimes(item.times)}, {c.last} <Ago at={item.at} /></span>
          <span className="tabular">{bytes(item.bytes)}</span>
        </p>
        {!item.isWhole && <p className="mt-1 text-xs text-warn">{c.cut}</p>}
        {fetching.error && <ProblemCard className="mt-3" error={toApiError(fetching.error)} />}
      </div>
      <Button size="sm" busy={fetching.isPending} aria-label={c.downloadOf(item.call, server ?? placeOf(item.nodeName))} onClick={() => fetching.mutate()}>
        <Download aria-hidden />{c.download}
      </Button>
    </li>
  )
}
