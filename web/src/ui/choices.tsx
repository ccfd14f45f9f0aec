/** One of a few, side by side: radio buttons that look like one control. */
import type { ReactNode } from 'react'
import { cn } from './cn'

type Choice<Id extends string> = { id: Id; text: string; before?: ReactNode }

export function Choices<Id extends string>({ label, name, choices, value, onChange, className }: { label: string; name: string; choices: readonly Choice<Id>[]; value: Id; onChange: (id: Id) => void; className?: string }) {
  return (
    <div role="radiogroup" aria-label={label} className={cn('flex rounded-md border border-line bg-surface p-0.5', className)}>
      {choices.map(({ id, text, before }) => (
        <label key={id} className={cn('flex h-7 cursor-pointer items-center gap-1.5 rounded-sm px-2.5 text-sm whitespace-nowrap text-dim has-focus-visible:outline-2 has-focus-visible:outline-accent', value === id && 'bg-hover font-medium text-text')}>
          <input type="radio" name={name} className="sr-only" checked={value === id} onChange={() => onChange(id)} />
          {before}
          {text}
        </label>
      ))}
    </div>
  )
}
