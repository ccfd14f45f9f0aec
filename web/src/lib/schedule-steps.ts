/**
 * Steps of a schedule as a form holds them. A step has a number of its own, by which it is the same wherever it is moved; the API counts
 * by place, so that what it says of `steps.2` is said of whatever was the third when the form was sent.
 */
import type { OfferedAction, OfferedActionsView, Permission, PowerAction, ScheduleStep, ScheduleStepInput, ServerView } from '~/api/types'
import { schedules as t } from '~/strings/schedules'
import { s } from '~/strings'
import { initialValue, variableProblem } from './validate'

export type WaitUnit = 'seconds' | 'minutes'
export type Deed =
  | { type: 'power'; action: PowerAction }
  | { type: 'command'; command: string }
  | { type: 'broadcast'; text: string }
  /** `secrets` are the keys of secrets that are set in the step that it was; `title` is what the action was called then. */
  | { type: 'action'; action: string; title: string; form: Readonly<Record<string, string>>; secrets: readonly string[] }
  | { type: 'backup' }
  | { type: 'wait'; amount: string; unit: WaitUnit }
export type StepKind = Deed['type']
/** `former` is its place among the steps that are stored. */
export type StepDraft = { id: number; deed: Deed; goOn: boolean; former: number | null }

export const STEP_KINDS = ['power', 'command', 'broadcast', 'action', 'backup', 'wait'] as const satisfies readonly StepKind[]
export const POWER = ['start', 'stop', 'restart', 'kill'] as const satisfies readonly PowerAction[]
export const MOST_STEPS = 25
const LONGEST_WAIT = 3_600
const LONGEST_TEXT = 256
const MINUTE = 60

let made = 0
/** A step that is in no schedule yet. */
export function step(deed: Deed, goOn = false): StepDraft {
  made += 1
  return { id: made, deed, goOn, former: null }
}

export function waitOf(seconds: number): Deed {
  return seconds >= MINUTE && seconds % MINUTE === 0 ? { type: 'wait', amount: String(seconds / MINUTE), unit: 'minutes' } : { type: 'wait', amount: String(seconds), unit: 'seconds' }
}

/** An action as it is offered, with what its questions begin with. */
export const deedOf = (action: OfferedAction): Deed => ({ type: 'action', action: action.id, title: action.title, form: Object.fromEntries(action.form.map((variable) => [variable.key, initialValue(variable)])), secrets: [] })

function stored(view: ScheduleStep): Deed {
  switch (view.type) {
    case 'power':
      return { type: 'power', action: view.action }
    case 'command':
      return { type: 'command', command: view.command }
    case 'broadcast':
      return { type: 'broadcast', text: view.text }
    case 'action':
      return { type: 'action', action: view.action, title: view.title, form: view.form, secrets: view.secrets }
    case 'backup':
      return { type: 'backup' }
    case 'wait':
      return waitOf(view.seconds)
  }
}

/** The steps of a schedule that is there. */
export const draftsOf = (steps: readonly ScheduleStep[]): StepDraft[] => steps.map((view, former) => ({ ...step(stored(view), view.goOn), former }))
/** The same for another schedule: what is secret stays with the one that has it. */
export const copiesOf = (steps: readonly ScheduleStep[]): StepDraft[] =>
  steps.map((view) => {
    const deed = stored(view)
    return step(deed.type === 'action' ? { ...deed, secrets: [] } : deed, view.goOn)
  })

export const secondsOf = ({ amount, unit }: Extract<Deed, { type: 'wait' }>): number => (/^\d{1,6}$/.test(amount.trim()) ? Number(amount) * (unit === 'minutes' ? MINUTE : 1) : NaN)

/** A step as the API takes it. Secrets that were left empty are left out, and stay as they are where the step came from. */
export function inputOf({ deed, goOn, former }: StepDraft): ScheduleStepInput {
  switch (deed.type) {
    case 'power':
      return { type: 'power', action: deed.action, goOn }
    case 'command':
      return { type: 'command', command: deed.command, goOn }
    case 'broadcast':
      return { type: 'broadcast', text: deed.text, goOn }
    case 'action': {
      const form = Object.fromEntries(Object.entries(deed.form).filter(([key, value]) => value !== '' || !deed.secrets.includes(key)))
      return { type: 'action', action: deed.action, form, goOn, ...(former !== null && deed.secrets.length > 0 && { keepSecretsOf: former }) }
    }
    case 'backup':
      return { type: 'backup', goOn }
    case 'wait':
      return { type: 'wait', seconds: secondsOf(deed), goOn }
  }
}

/** Why steps of a kind cannot be added here; null where they can. What the game offers is not known at once. */
export function refusalOf(kind: StepKind, server: ServerView, offer: OfferedActionsView | undefined): string | null {
  const may = (right: Permission) => server.permissions.includes(right)
  const lacks = (right: Permission) => (may(right) ? null : t.needs(right))
  switch (kind) {
    case 'power':
      return POWER.some((action) => may(`power.${action}`)) ? null : t.needs('power.restart')
    case 'command':
      return server.blueprint.commands === 'none' ? t.form.noCommands : lacks('console.write')
    case 'broadcast':
      return lacks('actions.use') ?? (offer && !offer.broadcast ? t.form.noBroadcast : null)
    case 'action':
      return lacks('actions.use') ?? (offer?.items.length === 0 ? t.form.noActions : null)
    case 'backup':
      return lacks('backups.create')
    case 'wait':
      return null
  }
}

/** What a step of a kind begins with. */
export function beginning(kind: StepKind, server: ServerView): Deed {
  switch (kind) {
    case 'power':
      return { type: 'power', action: (['restart', 'start', 'stop', 'kill'] as const).find((action) => server.permissions.includes(`power.${action}`)) ?? 'restart' }
    case 'command':
      return { type: 'command', command: '' }
    case 'broadcast':
      return { type: 'broadcast', text: '' }
    case 'action':
      return { type: 'action', action: '', title: '', form: {}, secrets: [] }
    case 'backup':
      return { type: 'backup' }
    case 'wait':
      return waitOf(5 * MINUTE)
  }
}

/** What is wrong with a step, by field, as the API would name it beneath the step. */
export function stepProblems(deed: Deed, offer: OfferedActionsView | undefined): Record<string, string> {
  switch (deed.type) {
    case 'power':
    case 'backup':
      return {}
    case 'command':
      return deed.command.trim() === '' ? { command: s.rules.required } : {}
    case 'broadcast': {
      const length = [...deed.text.trim()].length
      return length === 0 ? { text: s.rules.required } : length > LONGEST_TEXT ? { text: s.rules.tooLong(LONGEST_TEXT, length) } : {}
    }
    case 'action': {
      if (deed.action === '') return { action: s.rules.required }
      const questions = offer?.items.find(({ action }) => action.id === deed.action)?.action.form ?? []
      return Object.fromEntries(questions.flatMap((variable) => {
        const problem = variableProblem(variable, deed.form[variable.key] ?? '', deed.secrets.includes(variable.key))
        return problem ? [[`form.${variable.key}`, problem]] : []
      }))
    }
    case 'wait': {
      const seconds = secondsOf(deed)
      return seconds >= 1 && seconds <= LONGEST_WAIT ? {} : { seconds: t.form.waitRange }
    }
  }
}

/** The same array with one of its items a place further up or down. */
export function moved<T>(items: readonly T[], from: number, by: -1 | 1): readonly T[] {
  const [item, to] = [items[from], from + by]
  if (item === undefined || to < 0 || to >= items.length) return items
  const others = items.filter((_, i) => i !== from)
  return [...others.slice(0, to), item, ...others.slice(to)]
}
