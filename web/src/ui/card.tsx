/** A surface with a heading. Lines, not shadows, separate what stands on the page. */
import { useId, type ReactNode } from 'react'
import { cn } from './cn'

type CardProps = { title?: string; help?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean; tone?: 'neutral' | 'bad' }

export function Card({ title, help, actions, children, className, flush = false, tone = 'neutral' }: CardProps) {
  const id = useId()
  return (
    <section aria-labelledby={title ? id : undefined} className={cn('isolate rounded-lg border bg-surface', tone === 'bad' ? 'border-bad/40' : 'border-line', className)}>
      {title && (
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-4 py-3">
          <div className="min-w-0">
            <h2 id={id} className="text-base">
              {title}
            </h2>
            {help && <p className="mt-0.5 max-w-prose text-sm text-dim">{help}</p>}
          </div>
          {actions && <div className="flex items-center gap-2">{actions}</div>}
        </header>
      )}
      <div className={flush ? undefined : 'p-4'}>{children}</div>
    </section>
  )
}

/** Facts as a list of terms. */
export function Facts({ items, className }: { items: { term: string; value: ReactNode }[]; className?: string }) {
  return (
    <dl className={cn('grid grid-cols-[minmax(6rem,auto)_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm', className)}>
      {items.map((item) => (
        <div key={item.term} className="contents">
          <dt className="text-dim">{item.term}</dt>
          <dd className="min-w-0 break-words">{item.value}</dd>
        </div>
      ))}
    </dl>
  )
}
