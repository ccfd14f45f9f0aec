/** The steps of a schedule: added, taken away and moved by buttons, which fingers and keys reach alike. */
import { ArrowDown, ArrowUp, CircleAlert, Plus, Trash2 } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import type { OfferedActionsView, ServerView } from '~/api/types'
import { beginning, MOST_STEPS, moved, refusalOf, step, STEP_KINDS, type StepDraft, type StepKind } from '~/lib/schedule-steps'
import { STEP_ICONS } from '~/pages/servers/schedules/steps'
import { schedules as t } from '~/strings/schedules'
import { Button, IconButton } from '~/ui/button'
import { Checkbox } from '~/ui/field'
import { placeOf } from './faults'
import { StepFields } from './step-fields'

const f = t.form

/** Where the focus goes once the steps are drawn anew: what had it may be elsewhere by then, or gone. */
type Wanted = { id: number; part: 'field' | 'up' | 'down' } | 'add'

type StepsFieldsProps = {
  server: ServerView
  offer: OfferedActionsView | undefined
  steps: readonly StepDraft[]
  fault: (place: string) => string | null
  /** `place` is the field that was changed, if it was one. */
  onChange: (steps: readonly StepDraft[], place?: string) => void
  onLeave: (place: string) => void
}

export function StepsFields({ server, offer, steps, fault, onChange, onLeave }: StepsFieldsProps) {
  const box = useRef<HTMLDivElement>(null)
  const wanted = useRef<Wanted | null>(null)
  const [said, setSaid] = useState('')
  useEffect(() => {
    const next = wanted.current
    wanted.current = null
    if (next === null) return
    const target = next === 'add' ? '[data-add] button' : `[data-step="${String(next.id)}"] ${next.part === 'field' ? ':is(input, select)' : `[data-part=${next.part}]`}`
    box.current?.querySelector<HTMLElement>(target)?.focus()
  }, [steps])

  const add = (kind: StepKind) => {
    const next = step(beginning(kind, server))
    wanted.current = { id: next.id, part: 'field' }
    onChange([...steps, next], 'steps')
  }
  const move = (index: number, by: -1 | 1) => {
    const { id } = steps[index] ?? { id: 0 }
    wanted.current = { id, part: by < 0 ? 'up' : 'down' }
    setSaid(f.moved(index + by + 1, steps.length))
    onChange(moved(steps, index, by))
  }
  const remove = (index: number) => {
    const rest = steps.filter((_, i) => i !== index)
    const next = rest[Math.min(index, rest.length - 1)]
    wanted.current = next ? { id: next.id, part: 'up' } : 'add'
    setSaid(f.removed(rest.length))
    onChange(rest)
  }
  const change = (next: StepDraft, field?: string) => onChange(steps.map((one) => (one.id === next.id ? next : one)), field && placeOf(next.id, field))

  return (
    <div ref={box} className="flex flex-col gap-4">
      {steps.length > 0 && (
        <ol className="flex flex-col gap-3">
          {steps.map((one, i) => (
            <li key={one.id} data-step={one.id} className="rounded-md border border-line bg-background">
              <StepHead index={i} count={steps.length} kind={one.deed.type} onMove={(by) => move(i, by)} onRemove={() => remove(i)} />
              <div className="flex flex-col gap-4 px-3.5 pt-1 pb-3.5">
                <StepFields server={server} offer={offer} deed={one.deed} fault={(field) => fault(placeOf(one.id, field))} onChange={(deed, field) => change({ ...one, deed }, field)} onLeave={(field) => onLeave(placeOf(one.id, field))} />
                {i < steps.length - 1 && <Checkbox checked={one.goOn} onChange={(goOn) => change({ ...one, goOn })} label={f.goOn} />}
              </div>
            </li>
          ))}
        </ol>
      )}
      <AddStep server={server} offer={offer} isFull={steps.length >= MOST_STEPS} error={fault('steps')} onAdd={add} />
      <p role="status" className="sr-only">{said}</p>
    </div>
  )
}

function StepHead({ index, count, kind, onMove, onRemove }: { index: number; count: number; kind: StepKind; onMove: (by: -1 | 1) => void; onRemove: () => void }) {
  const Icon = STEP_ICONS[kind]
  const n = index + 1
  return (
    <div className="flex items-center gap-2 py-1.5 pr-1.5 pl-3.5">
      <span aria-hidden className="tabular w-4 text-xs text-dim">{n}</span>
      <Icon aria-hidden className="size-4 shrink-0 text-dim" />
      <h3 className="min-w-0 flex-1 truncate text-sm" aria-label={f.step(n, t.kind[kind])}>{t.kind[kind]}</h3>
      <IconButton size="iconSm" data-part="up" label={f.up(n)} disabledReason={index === 0 ? f.isFirst : null} onClick={() => onMove(-1)}><ArrowUp aria-hidden /></IconButton>
      <IconButton size="iconSm" data-part="down" label={f.down(n)} disabledReason={index === count - 1 ? f.isLast : null} onClick={() => onMove(1)}><ArrowDown aria-hidden /></IconButton>
      <IconButton size="iconSm" label={f.remove(n)} onClick={onRemove}><Trash2 aria-hidden /></IconButton>
    </div>
  )
}

function AddStep({ server, offer, isFull, error, onAdd }: { server: ServerView; offer: OfferedActionsView | undefined; isFull: boolean; error: string | null; onAdd: (kind: StepKind) => void }) {
  const id = useId()
  return (
    <div role="group" aria-labelledby={id} data-add data-wrong={error ? '' : undefined} className="flex flex-col gap-2">
      <p id={id} className="text-sm font-medium">{f.add}</p>
      {error && <p className="flex items-start gap-1.5 text-xs text-bad"><CircleAlert aria-hidden className="mt-px size-3.5 shrink-0" />{error}</p>}
      <div className="flex flex-wrap gap-2">
        {STEP_KINDS.map((kind) => (
          <Button key={kind} size="sm" disabledReason={isFull ? f.most(MOST_STEPS) : refusalOf(kind, server, offer)} onClick={() => onAdd(kind)}><Plus aria-hidden />{t.kind[kind]}</Button>
        ))}
      </div>
    </div>
  )
}
