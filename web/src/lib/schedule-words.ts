/** Schedules and their runs in words, and the look of each state. */
import type { RunState, ScheduleRun, ScheduleStep, ScheduleView, StepState } from '~/api/types'
import { schedules as t } from '~/strings/schedules'
import type { GlyphShape, GlyphTone } from '~/ui/glyph'
import { whenOf, whenWords } from './cron'
import { duration } from './format'

type Look = { shape: GlyphShape; tone: GlyphTone; word: string }

export const RUN_LOOK: Record<RunState, Look> = {
  running: { shape: 'turning', tone: 'info', word: t.state.running },
  succeeded: { shape: 'disc', tone: 'ok', word: t.state.succeeded },
  failed: { shape: 'triangle', tone: 'bad', word: t.state.failed },
  skipped: { shape: 'dashed', tone: 'warn', word: t.state.skipped },
  cancelled: { shape: 'cross', tone: 'dim', word: t.state.cancelled },
}
export const STEP_LOOK: Record<StepState, Look> = {
  waiting: { shape: 'ring', tone: 'dim', word: t.stepState.waiting },
  running: { shape: 'turning', tone: 'info', word: t.stepState.running },
  succeeded: { shape: 'disc', tone: 'ok', word: t.stepState.succeeded },
  failed: { shape: 'triangle', tone: 'bad', word: t.stepState.failed },
  skipped: { shape: 'dashed', tone: 'dim', word: t.stepState.skipped },
}

/** 300 → "5 minutes", 90 → "90 seconds". */
export const waitWords = (seconds: number): string => (seconds >= 60 && seconds % 60 === 0 ? t.minutes(seconds / 60) : t.seconds(seconds))

/** What a step does, in a few words. */
export function stepWords(step: ScheduleStep): string {
  switch (step.type) {
    case 'power':
      return t.power[step.action]
    case 'command':
      return t.command(step.command)
    case 'broadcast':
      return t.kind.broadcast
    case 'action':
      return step.title
    case 'backup':
      return t.kind.backup
    case 'wait':
      return t.waits(waitWords(step.seconds))
  }
}

/** Times in words: our own, or the control plane's without the full stop that a sentence of its own would have. */
export const timesWords = ({ cron, description }: Pick<ScheduleView, 'cron' | 'description'>): string => whenWords(whenOf(cron)) ?? description.replace(/\.$/, '')

/** How long a run took; nothing while it goes on, or where it was over at once. */
export function took({ startedAt, endedAt }: ScheduleRun): string | null {
  const seconds = endedAt ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000 : 0
  return seconds >= 1 ? duration(seconds) : null
}

const formats = new Map<string, Intl.DateTimeFormat>()
/** "Tue 24 Nov, 04:00" as clocks in a zone say it. */
export function inZone(at: string, timeZone: string | undefined): string {
  const key = timeZone ?? ''
  let format = formats.get(key)
  if (!format) {
    try {
      format = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', timeZone })
    } catch {
      // A zone that the control plane knows and this browser does not.
      format = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
    }
    formats.set(key, format)
  }
  return format.format(new Date(at))
}

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** Every zone by name; those that a browser leaves out of its own list come to it. */
export const zones = (...more: string[]): string[] => [...new Set(['UTC', ...more, ...Intl.supportedValuesOf('timeZone')])].sort()
