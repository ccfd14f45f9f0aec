/** What a form begins with: nothing, one of the usual schedules, or another that is there already. */
import type { Availability, OfferedActionsView, ScheduleView, ServerView } from '~/api/types'
import { whenOf, type When } from '~/lib/cron'
import { copiesOf, deedOf, draftsOf, refusalOf, step, waitOf, type StepDraft } from '~/lib/schedule-steps'
import { ownZone } from '~/lib/schedule-words'
import type { ScheduleStart } from '~/routes/to'
import { schedules as t } from '~/strings/schedules'

export type ScheduleValues = { name: string; enabled: boolean; when: When; timeZone: string; availability: Availability; steps: readonly StepDraft[] }

const WARNED_SECONDS = 300
const MOST_NAME = 64

const nothing = (): ScheduleValues => ({ name: '', enabled: true, when: whenOf('0 4 * * *'), timeZone: ownZone(), availability: 'running', steps: [] })

/** The game's own way of saving, where its plugin has one; else a command that only whoever plays it knows. */
function saving(server: ServerView, offer: OfferedActionsView | undefined): StepDraft[] {
  const own = offer?.items.find(({ action }) => action.icon === 'save')
  if (own) return [step(deedOf(own.action))]
  return refusalOf('command', server, offer) === null ? [step({ type: 'command', command: '' })] : []
}

export function begun(start: ScheduleStart | undefined, server: ServerView, offer: OfferedActionsView | undefined): ScheduleValues {
  const canSay = Boolean(offer?.broadcast)
  switch (start) {
    case undefined:
      return nothing()
    case 'restart': {
      const warning = canSay ? [step({ type: 'broadcast', text: t.startSays.restart }, true), step(waitOf(WARNED_SECONDS))] : []
      return { ...nothing(), name: t.startName.restart, steps: [...warning, step({ type: 'power', action: 'restart' })] }
    }
    case 'say':
      return { ...nothing(), name: t.startName.say, when: whenOf('0 * * * *'), steps: canSay ? [step({ type: 'broadcast', text: t.startSays.say })] : [] }
    case 'backup':
      return { ...nothing(), name: t.startName.backup, availability: 'always', steps: [step({ type: 'backup' })] }
    case 'save':
      return { ...nothing(), name: t.startName.save, when: whenOf('*/15 * * * *'), steps: saving(server, offer) }
  }
}

const alike = ({ cron, timeZone, when }: ScheduleView) => ({ when: whenOf(cron), timeZone, availability: when })

export const stored = (schedule: ScheduleView): ScheduleValues => ({ ...alike(schedule), name: schedule.name, enabled: schedule.enabled, steps: draftsOf(schedule.steps) })
export const copied = (schedule: ScheduleView): ScheduleValues => ({ ...alike(schedule), name: t.copyOf(schedule.name).slice(0, MOST_NAME), enabled: schedule.enabled, steps: copiesOf(schedule.steps) })
