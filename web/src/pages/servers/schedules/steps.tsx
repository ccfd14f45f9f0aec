/** The steps of a schedule, each with all that it does. Of secrets there is only that they are set. */
import { Archive, Clock, MessageSquare, Power, SquareTerminal, Zap, type LucideIcon } from 'lucide-react'
import type { OfferedActionsView, ScheduleStep, Variable } from '~/api/types'
import { stepWords } from '~/lib/schedule-words'
import { schedules as t } from '~/strings/schedules'

export const STEP_ICONS: Record<ScheduleStep['type'], LucideIcon> = { power: Power, command: SquareTerminal, broadcast: MessageSquare, action: Zap, backup: Archive, wait: Clock }

/** `offer` is how the game calls what an action asks, as far as it is known. */
export const Steps = ({ steps, offer }: { steps: readonly ScheduleStep[]; offer: OfferedActionsView | undefined }) => (
  <ol className="flex flex-col gap-3">
    {steps.map((step, i) => {
      const Icon = STEP_ICONS[step.type]
      return (
        <li key={i} className="flex gap-3 text-sm">
          <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-dim" />
          <div className="min-w-0 flex-1">
            <p className="font-medium">{step.type === 'command' ? t.kind.command : stepWords(step)}</p>
            <Told step={step} offer={offer} />
            {step.goOn && <p className="text-xs text-dim">{t.goesOn}</p>}
          </div>
        </li>
      )
    })}
  </ol>
)

function answered(question: Variable | undefined, key: string, value: string): string {
  const shown = question?.kind.type === 'one_of' ? question.kind.choices.find((choice) => choice.value === value)?.label : undefined
  return `${question?.label ?? key}: ${shown ?? value}`
}

function Told({ step, offer }: { step: ScheduleStep; offer: OfferedActionsView | undefined }) {
  switch (step.type) {
    case 'command':
      return <code className="block font-mono text-xs break-all text-dim">{step.command}</code>
    case 'broadcast':
      return <p className="break-words text-dim">“{step.text}”</p>
    case 'action': {
      const answers = [...Object.entries(step.form).filter(([, value]) => value !== ''), ...step.secrets.map((key) => [key, t.secretSet] as const)]
      const questions = offer?.items.find(({ action }) => action.id === step.action)?.action.form
      return answers.length === 0 ? null : <p className="break-words text-dim">{answers.map(([key, value]) => answered(questions?.find((one) => one.key === key), key, value)).join(' · ')}</p>
    }
    case 'power':
    case 'wait':
      return null
  }
}
