/** A failure in full: what happened, why, what to do, and the code with a button that copies all of it for support. */
import { OctagonAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { toApiError } from '~/api/problem'
import { clock } from '~/lib/format'
import { s } from '~/strings'
import { Button } from './button'
import { cn } from './cn'
import { CopyTextButton } from './copy-button'

/** `onRetry` where asking again may help, and nothing is changed by it. */
type ProblemProps = { error: unknown; onRetry?: () => unknown; action?: ReactNode; className?: string; heading?: 'h1' | 'p' }

/** A sentence that only says the title again. */
const isSame = (one: string, other: string) => one.replace(/\.$/, '') === other.replace(/\.$/, '')

export function ProblemCard({ error, onRetry, action, className, heading: Heading = 'p' }: ProblemProps) {
  const problem = toApiError(error)
  return (
    <div role="alert" className={cn('rounded-lg border border-bad/40 bg-bad/5 p-4', className)}>
      <div className="flex items-start gap-3">
        <OctagonAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
        <div className="min-w-0 flex-1">
          <Heading className="font-medium">{problem.title}</Heading>
          {problem.detail && !isSame(problem.detail, problem.title) && <p className="mt-0.5 text-sm break-words text-text">{problem.detail}</p>}
          {problem.remedy && <p className="mt-1 text-sm text-dim">{problem.remedy}</p>}
          {problem.againAt !== null && <p className="tabular mt-1 text-sm text-dim">{s.problems.again(clock(problem.againAt))}</p>}
          <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
            {onRetry && <Button size="sm" onClick={() => void onRetry()}>{s.common.retry}</Button>}
            {action}
            <CopyTextButton text={problem.report()}>{s.problems.copyReport}</CopyTextButton>
            <code className="text-xs text-dim">
              {problem.code}
              {problem.requestId && <span className="ml-2">{problem.requestId}</span>}
            </code>
          </div>
        </div>
      </div>
    </div>
  )
}

type NoticeProps = { tone: 'warn' | 'bad' | 'info'; title: string; icon: ReactNode; children?: ReactNode; action?: ReactNode; className?: string }

const NOTICE = { warn: 'border-warn/40 bg-warn/5 [&>svg]:text-warn', bad: 'border-bad/40 bg-bad/5 [&>svg]:text-bad', info: 'border-info/40 bg-info/5 [&>svg]:text-info' }

/** A state worth knowing that nobody caused by a click. */
export const Notice = ({ tone, title, icon, children, action, className }: NoticeProps) => (
  <div role="status" className={cn('flex gap-3 rounded-lg border px-4 py-3 [&>svg]:size-4 [&>svg]:shrink-0', children ? 'items-start max-sm:flex-wrap [&>svg]:mt-0.5' : 'items-center', NOTICE[tone], className)}>
    {icon}
    <div className="min-w-0 flex-1">
      <p className="text-sm font-medium">{title}</p>
      {children && <div className="mt-0.5 text-sm break-words text-dim">{children}</div>}
    </div>
    {/* Beneath the text where both do not fit beside each other. */}
    {action && children ? <div className="shrink-0 max-sm:basis-full max-sm:pl-7">{action}</div> : action}
  </div>
)
