/** What a plugin that listens was told, is to be told, and was not told; with a test, and another attempt. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { BellRing } from 'lucide-react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { deliveriesQuery } from '~/api/plugin-queries'
import type { PluginView, Schemas } from '~/api/types'
import { clock } from '~/lib/format'
import { hooks as h } from '~/strings/hooks'
import { Badge, type Tone } from '~/ui/badge'
import { Button } from '~/ui/button'
import { Facts } from '~/ui/card'
import { CopyButton } from '~/ui/copy-button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { Empty, Skeleton } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'
import { Ago } from '~/ui/time'
import { toast } from '~/ui/toast'

type Delivery = Schemas['DeliveryView']

const TONE: Record<Delivery['state'], Tone> = { waiting: 'warn', told: 'ok', given_up: 'bad' }

export function EventsDialog({ plugin, onClose }: { plugin: PluginView; onClose: () => void }) {
  const { data, error, refetch } = useQuery(deliveriesQuery(plugin.id))
  const test = useAsk(plugin, 'test')
  const retry = useAsk(plugin, 'retry')
  const problem = test.error ?? retry.error
  const untold = (data?.waiting ?? 0) + (data?.givenUp ?? 0)
  return (
    <Dialog open onClose={onClose} size="lg" title={h.eventsTitle(plugin.name)} description={h.eventsHelp}>
      <DialogBody>
        {problem && <ProblemCard error={toApiError(problem)} />}
        {error && !data ? (
          <ProblemCard error={error} onRetry={refetch} />
        ) : !data ? (
          <Skeleton className="h-40" />
        ) : (
          <>
            <Facts
              items={[
                { term: h.lastTold, value: data.lastToldAt ? <Ago at={data.lastToldAt} /> : h.never },
                { term: h.waiting, value: <span className="tabular">{data.waiting}</span> },
                { term: h.givenUp, value: <span className="tabular">{data.givenUp}</span> },
              ]}
            />
            {data.items.length === 0 ? (
              <Empty icon={BellRing} title={h.none}>{h.noneHelp}</Empty>
            ) : (
              <ul className="flex flex-col divide-y divide-line">{data.items.map((one) => <Row key={one.eventId} one={one} />)}</ul>
            )}
          </>
        )}
      </DialogBody>
      <DialogFooter>
        <Button busy={retry.isPending} disabledReason={plugin.disabledAt ? h.disabled : untold === 0 ? h.nothingToRetry : null} onClick={() => retry.mutate()}>{h.retry}</Button>
        <Button variant="primary" busy={test.isPending} disabledReason={plugin.disabledAt ? h.disabled : null} onClick={() => test.mutate()}>{h.test}</Button>
      </DialogFooter>
    </Dialog>
  )
}

function Row({ one }: { one: Delivery }) {
  return (
    <li className="flex items-start gap-3 py-3 first:pt-0 last:pb-0">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2 text-sm">
          <Badge tone={TONE[one.state]}>{h.state[one.state]}</Badge>
          <span className="min-w-0 break-words">{one.summary}</span>
        </p>
        {one.reason && one.state !== 'told' && <p className="mt-1 text-sm break-words text-dim">{one.reason}</p>}
        <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-dim">
          <code>{one.kind}</code>
          <Ago at={one.at} />
          {one.attempts > 0 && <span>{h.attempts(one.attempts)}</span>}
          {one.dueAt && one.reason && <span>{h.next(clock(one.dueAt))}</span>}
        </p>
      </div>
      <CopyButton text={one.eventId} what={h.id} />
    </li>
  )
}

function useAsk(plugin: PluginView, what: 'test' | 'retry') {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => take(client.POST(what === 'test' ? '/api/plugins/{id}/deliveries/test' : '/api/plugins/{id}/deliveries/retry', { params: { path: { id: plugin.id } } })),
    onSuccess: (next) => {
      queries.setQueryData(deliveriesQuery(plugin.id).queryKey, next)
      toast({ title: what === 'test' ? h.tested(plugin.name) : h.retried })
    },
  })
}
