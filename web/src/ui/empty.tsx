/** What stands where nothing is yet: what belongs here, and the way to get it. */
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn'

type EmptyProps = { icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode; className?: string; heading?: 'h1' | 'h2' | 'h3' }

export const Empty = ({ icon: Icon, title, children, action, className, heading: Heading = 'h2' }: EmptyProps) => (
  <div className={cn('flex flex-col items-center px-6 py-14 text-center', className)}>
    <span className="mb-4 grid size-11 place-items-center rounded-lg border border-line bg-sunken text-dim">
      <Icon aria-hidden className="size-5" />
    </span>
    <Heading className="text-base">{title}</Heading>
    {children && <p className="mt-1 max-w-sm text-sm text-dim">{children}</p>}
    {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
  </div>
)

export const Skeleton = ({ className }: { className?: string }) => <div aria-hidden className={cn('animate-pulse rounded-md bg-track/70', className)} />

/** Rows that will be there in a moment, at their final height so that nothing jumps. */
export const SkeletonRows = ({ rows = 6, label }: { rows?: number; label: string }) => (
  <div role="status" aria-label={label} className="divide-y divide-line">
    {Array.from({ length: rows }, (_, i) => (
      <div key={i} className="flex h-15 items-center gap-4 px-4">
        <Skeleton className="size-8" />
        <Skeleton className="h-3.5 w-40" />
        <Skeleton className="ml-auto hidden h-3.5 w-24 sm:block" />
        <Skeleton className="hidden h-3.5 w-32 md:block" />
      </div>
    ))}
  </div>
)
