/**
 * What is wrong in the form of a schedule, by the place of its field: `name`, `cron`, `timeZone`, `steps`, and of a step its own number
 * with the name of the field. The form knows some by itself; what the API says stands until its field changes.
 */
import type { ApiError } from '~/api/problem'
import type { OfferedActionsView } from '~/api/types'
import { whenProblem } from '~/lib/cron'
import { stepProblems } from '~/lib/schedule-steps'
import { s } from '~/strings'
import { schedules as t } from '~/strings/schedules'
import type { ScheduleValues } from './starts'

export type Faults = Readonly<Record<string, string>>

const MOST_NAME = 64

export const placeOf = (stepId: number, field: string): string => `${String(stepId)}.${field}`

/** What the form can tell by itself. */
export function ownFaults({ name, when, timeZone, steps }: ScheduleValues, offer: OfferedActionsView | undefined): Faults {
  const length = [...name.trim()].length
  const wrongName = length === 0 ? s.rules.required : length > MOST_NAME ? s.rules.tooLong(MOST_NAME, length) : null
  const cron = whenProblem(when)
  return {
    ...(wrongName && { name: wrongName }),
    ...(cron && { cron }),
    ...(timeZone === '' && { timeZone: s.rules.required }),
    ...(steps.length === 0 && { steps: t.form.noSteps }),
    ...Object.fromEntries(steps.flatMap(({ id, deed }) => Object.entries(stepProblems(deed, offer)).map(([field, text]) => [placeOf(id, field), text]))),
  }
}

/** What the API said, at the steps that were sent to it. */
export function toldFaults(problem: ApiError, sent: readonly number[]): Faults {
  if (problem.code === 'name_taken') return { name: problem.detail || problem.title }
  return Object.fromEntries(problem.fields.map(({ key, message, remedy }) => {
    const [, place, field] = /^steps\.(\d+)\.(.+)$/.exec(key) ?? []
    const id = place === undefined ? undefined : sent[Number(place)]
    return [id === undefined || field === undefined ? key : placeOf(id, field), [message, remedy].filter(Boolean).join(' ')]
  }))
}

/** Whether all that the API said stands at a field. */
export const isPlaced = (problem: ApiError): boolean => problem.code === 'name_taken' || (problem.fields.length > 0 && problem.fields.every(({ key }) => /^(name|cron|timeZone|steps|steps\.\d+\..+)$/.test(key)))

/** Without those of one place. */
export const without = (faults: Faults, place: string): Faults => Object.fromEntries(Object.entries(faults).filter(([key]) => key !== place))
