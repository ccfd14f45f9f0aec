/**
 * Start, stop or restart of what was picked in the list. Before anything is done it says who plays there and which
 * servers cannot; afterwards, which were refused and why.
 */
import { useQueryClient } from '@tanstack/react-query'
import { CircleAlert, CircleCheck } from 'lucide-react'
import { useState } from 'react'
import { POWER_ICONS, sendPower, useFollowOperation } from '~/actions/servers'
import { toApiError } from '~/api/problem'
import { keys } from '~/api/queries'
import type { ServerView } from '~/api/types'
import { planBulk, runBulk, type BulkPlan, type BulkReport, type Refused } from '~/lib/bulk'
import { s } from '~/strings'
import { Button } from '~/ui/button'
import { Dialog, DialogBody, DialogFooter } from '~/ui/dialog'
import { ProgressBar } from '~/ui/meter'
import { PickBar } from '~/ui/pick-bar'
import { toast } from '~/ui/toast'

const ACTIONS = ['start', 'restart', 'stop'] as const
type BulkAction = (typeof ACTIONS)[number]
type Stage = { at: 'ask'; plan: BulkPlan } | { at: 'run'; answered: number; all: number } | { at: 'told'; report: BulkReport }

const explain = (error: unknown) => {
  const problem = toApiError(error)
  return { why: problem.detail || problem.title || s.servers.bulk.failed, remedy: problem.remedy }
}

export function BulkBar({ servers, onClear }: { servers: ServerView[]; onClear: () => void }) {
  const queries = useQueryClient()
  const follow = useFollowOperation()
  const [action, setAction] = useState<BulkAction>('start')
  const [stage, setStage] = useState<Stage | null>(null)

  const run = async (wanted: BulkAction, plan: BulkPlan) => {
    const all = plan.able.length
    setStage({ at: 'run', answered: 0, all })
    const report = await runBulk(plan, {
      send: async (server) => follow((await sendPower(server.id, wanted)).operationId),
      explain,
      onAnswer: (answered) => setStage((now) => (now?.at === 'run' ? { at: 'run', answered, all } : now)),
    })
    void queries.invalidateQueries({ queryKey: keys.servers })
    if (report.refused.length > 0) return setStage({ at: 'told', report })
    setStage(null)
    onClear()
    toast({ title: s.servers.bulk.doneTitle(s.servers.bulk.done[wanted], all) })
  }
  const begin = (wanted: BulkAction) => {
    const plan = planBulk(servers, wanted)
    setAction(wanted)
    // Starting harms nobody; what throws players out is asked first.
    if (wanted === 'start' && plan.refused.length === 0) void run(wanted, plan)
    else setStage({ at: 'ask', plan })
  }

  return (
    <>
      <PickBar label={s.servers.bulk.label} count={servers.length} onClear={onClear}>
        {ACTIONS.map((one) => {
          const Icon = POWER_ICONS[one]
          return (
            <Button key={one} variant="ghost" onClick={() => begin(one)} className="text-text max-sm:px-2">
              <Icon aria-hidden className="max-sm:hidden" />
              {s.server[one]}
            </Button>
          )
        })}
      </PickBar>
      {stage && <BulkDialog action={action} stage={stage} onRun={(plan) => void run(action, plan)} onClose={() => setStage(stage.at === 'run' ? stage : null)} />}
    </>
  )
}

type DialogProps = { action: BulkAction; stage: Stage; onRun: (plan: BulkPlan) => void; onClose: () => void }

function BulkDialog({ action, stage, onRun, onClose }: DialogProps) {
  const verb = s.server[action]
  if (stage.at === 'run') {
    const text = s.servers.bulk.working(stage.answered, stage.all)
    return (
      <Dialog open onClose={onClose} title={s.servers.bulk.ask(verb, stage.all)} size="sm">
        <DialogBody>
          <ProgressBar label={text} fraction={stage.all === 0 ? null : stage.answered / stage.all} />
          <p role="status" className="tabular text-sm text-dim">{text}</p>
        </DialogBody>
      </Dialog>
    )
  }
  if (stage.at === 'told') {
    const { done, refused } = stage.report
    return (
      <Dialog open onClose={onClose} title={s.servers.bulk.report(done.length, done.length + refused.length)} size="md">
        <DialogBody>
          {done.length > 0 && (
            <p className="flex items-start gap-2 text-sm">
              <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
              <span className="min-w-0 break-words">{`${s.servers.bulk.done[action]}: ${done.map((server) => server.name).join(', ')}`}</span>
            </p>
          )}
          <RefusedList title={s.servers.bulk.refused(refused.length)} refused={refused} />
        </DialogBody>
        <DialogFooter>
          <Button onClick={onClose}>{s.common.close}</Button>
        </DialogFooter>
      </Dialog>
    )
  }
  const { able, refused } = stage.plan
  const players = able.reduce((sum, server) => sum + (server.sample?.game?.players ?? 0), 0)
  const about = able.length === 0 ? s.servers.bulk.noneAble : action === 'start' ? undefined : s.servers.bulk.players(players)
  return (
    <Dialog open onClose={onClose} title={able.length === 0 ? s.servers.bulk.none(verb) : s.servers.bulk.ask(verb, able.length)} description={about} size="md">
      <DialogBody>
        {able.length > 0 && <p className="text-sm break-words">{able.map((server) => server.name).join(', ')}</p>}
        {refused.length > 0 && <RefusedList title={s.servers.bulk.willRefuse(refused.length)} refused={refused} />}
      </DialogBody>
      <DialogFooter>
        <Button onClick={onClose}>{able.length === 0 ? s.common.close : s.common.cancel}</Button>
        {able.length > 0 && <Button variant={action === 'start' ? 'primary' : 'danger'} onClick={() => onRun(stage.plan)}>{s.servers.bulk.ask(verb, able.length)}</Button>}
      </DialogFooter>
    </Dialog>
  )
}

const RefusedList = ({ title, refused }: { title: string; refused: Refused[] }) => (
  <section aria-label={title}>
    <h3 className="flex items-center gap-2 text-sm">
      <CircleAlert aria-hidden className="size-4 text-warn" />
      {title}
    </h3>
    <ul className="mt-2 divide-y divide-line rounded-md border border-line">
      {refused.map(({ server, why, remedy }) => (
        <li key={server.id} className="px-3 py-2 text-sm">
          <span className="block font-medium break-words">{server.name}</span>
          <span className="block text-xs text-dim">{[why, remedy].filter(Boolean).join(' ')}</span>
        </li>
      ))}
    </ul>
  </section>
)
