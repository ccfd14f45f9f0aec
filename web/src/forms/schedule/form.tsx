/**
 * A schedule as a form, new or one that is there. What is wrong is said at its field, and whoever sends it is brought to the first. It
 * is saved over the version that was read, and nobody leaves with something unsaved unasked.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { RotateCw } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError } from '~/api/problem'
import { schedulesKey } from '~/api/queries'
import { scheduleQuery } from '~/api/schedule-queries'
import type { OfferedActionsView, ScheduleView, ServerView } from '~/api/types'
import { cronOf } from '~/lib/cron'
import { inputOf } from '~/lib/schedule-steps'
import { useArrival } from '~/pages/servers/schedules/arrival'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import { Button, buttonStyle } from '~/ui/button'
import { Card } from '~/ui/card'
import { Confirm } from '~/ui/confirm'
import { Field, Input, Switch } from '~/ui/field'
import { Notice, ProblemCard } from '~/ui/problem'
import { toast } from '~/ui/toast'
import { isPlaced, ownFaults, toldFaults, without, type Faults } from './faults'
import type { ScheduleValues } from './starts'
import { StepsFields } from './steps-fields'
import { WhenFields } from './when-fields'

const f = t.form

type ScheduleFormProps = { server: ServerView; offer: OfferedActionsView | undefined; initial: ScheduleValues; /** The one that is changed; none where it is new. */ schedule?: ScheduleView; onReload?: () => void }

export function ScheduleForm({ server, offer, initial: given, schedule, onReload }: ScheduleFormProps) {
  const form = useRef<HTMLFormElement>(null)
  const heading = useArrival<HTMLHeadingElement>()
  const [initial] = useState(given)
  const [values, setValues] = useState(initial)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [told, setTold] = useState<Faults>({})
  /** Once it was sent, every field may speak. */
  const [wasSent, setSent] = useState(false)
  /** Counts how often there was something wrong with what was sent. */
  const [refusals, setRefusals] = useState(0)
  const tell = (faults: Faults) => {
    setTold(faults)
    if (Object.keys(faults).length > 0) setRefusals((count) => count + 1)
  }
  const { save, isUnsaved, isStale } = useSaving({ server, schedule, values, isChanged: JSON.stringify(values) !== JSON.stringify(initial), onTold: tell })
  const own = ownFaults(values, offer)
  const fault = (place: string): string | null => (wasSent || left.has(place) ? own[place] : undefined) ?? told[place] ?? null
  const problem = save.error ? toApiError(save.error) : null
  const leave = (place: string) => setLeft((all) => new Set([...all, place]))
  const change = (next: Partial<ScheduleValues>, place?: string) => {
    setValues((all) => ({ ...all, ...next }))
    if (place) setTold((all) => without(all, place))
  }
  const blocker = useBlocker({ shouldBlockFn: isUnsaved, enableBeforeUnload: isUnsaved, withResolver: true })

  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid=true], [data-wrong] :is(input, button)')?.focus()
  }, [refusals])

  const send = () => {
    setSent(true)
    if (Object.keys(own).length > 0) setRefusals((count) => count + 1)
    else if (!save.isPending) save.mutate()
  }
  return (
    <form ref={form} noValidate onSubmit={(event) => { event.preventDefault(); send() }} className="mx-auto flex max-w-4xl flex-col gap-5">
      <h2 ref={heading} tabIndex={-1} className="text-lg outline-none">{schedule ? f.edit : f.new}</h2>
      <Card>
        <div className="grid gap-x-8 gap-y-5 md:grid-cols-[minmax(0,1fr)_minmax(0,17rem)]">
          <Field label={f.name} help={f.nameHelp} required error={fault('name')}>
            <Input value={values.name} onChange={({ target }) => change({ name: target.value }, 'name')} onBlur={() => values.name !== initial.name && leave('name')} autoComplete="off" />
          </Field>
          <Field label={f.switchOn} help={f.switchHelp}>
            <Switch checked={values.enabled} onChange={(enabled) => change({ enabled })} />
          </Field>
        </div>
      </Card>
      <Card title={t.when.title}>
        <WhenFields
          when={values.when}
          timeZone={values.timeZone}
          availability={values.availability}
          fault={fault}
          onWhen={(when) => change({ when }, 'cron')}
          onTimeZone={(timeZone) => change({ timeZone }, 'timeZone')}
          onAvailability={(availability) => change({ availability })}
          onLeave={leave}
        />
      </Card>
      <Card title={f.what} help={f.whatHelp}>
        <StepsFields server={server} offer={offer} steps={values.steps} fault={fault} onChange={(steps, place) => change({ steps }, place)} onLeave={leave} />
      </Card>
      {isStale ? (
        <Notice tone="warn" title={f.conflict} icon={<RotateCw aria-hidden />} action={<Button size="sm" onClick={onReload}>{f.reload}</Button>}>{f.conflictHelp}</Notice>
      ) : (
        problem && !isPlaced(problem) && <ProblemCard error={problem} />
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" busy={save.isPending} disabledReason={schedule && !isUnsaved() && !save.isSuccess ? s.common.nothingChanged : null}>{schedule ? f.save : f.create}</Button>
        <Link {...(schedule ? to.schedule(server.id, schedule.id) : to.schedules(server.id))} className={buttonStyle({ variant: 'ghost' })}>{s.common.cancel}</Link>
      </div>
      {blocker.status === 'blocked' && <Confirm title={f.leaveTitle} body={f.leaveBody} verb={f.leave} busy={false} onConfirm={blocker.proceed} onClose={blocker.reset} />}
    </form>
  )
}

type Saving = { server: ServerView; schedule: ScheduleView | undefined; values: ScheduleValues; isChanged: boolean; onTold: (faults: Faults) => void }

/** The call, and what is to be said of it. It goes on to the schedule's own page. */
function useSaving({ server, schedule, values, isChanged, onTold }: Saving) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const saved = useRef(false)
  const [isStale, setStale] = useState(false)
  const save = useMutation({
    mutationFn: () => {
      const { name, enabled, timeZone, availability, when, steps } = values
      const body = { name: name.trim(), enabled, timeZone, when: availability, cron: cronOf(when), steps: steps.map(inputOf) }
      return schedule
        ? take(client.PATCH('/api/servers/{id}/schedules/{scheduleId}', { params: { path: { id: server.id, scheduleId: schedule.id } }, body: { ...body, version: schedule.version } }))
        : take(client.POST('/api/servers/{id}/schedules', { params: { path: { id: server.id } }, body }))
    },
    onMutate: () => {
      onTold({})
      return values.steps.map(({ id }) => id)
    },
    onSuccess: async (view) => {
      saved.current = true
      toast({ title: schedule ? f.saved(view.name) : f.created(view.name) })
      queries.setQueryData(scheduleQuery(server.id, view.id).queryKey, view)
      void queries.invalidateQueries({ queryKey: schedulesKey(server.id) })
      // Whoever goes back does not come to a form that was sent.
      await navigate({ ...to.schedule(server.id, view.id), replace: true })
    },
    onError: async (error, _, sent = []) => {
      const problem = toApiError(error)
      onTold(toldFaults(problem, sent))
      if (!schedule || problem.code !== 'conflict') return
      // More than one thing is a conflict: whether it is this one, the schedule itself says.
      const present = await queries.fetchQuery({ ...scheduleQuery(server.id, schedule.id), staleTime: 0 }).catch(() => null)
      setStale(present !== null && present.version !== schedule.version)
    },
  })
  return { save, isStale, isUnsaved: () => isChanged && !saved.current }
}
