/** What stands where a page could not: still loading, failed, or not there. */
import { Link, useRouter, useRouterState } from '@tanstack/react-router'
import { Compass, Lock } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { ApiError } from '~/api/problem'
import { to } from '~/routes/to'
import { s } from '~/strings'
import { Button, buttonStyle } from '~/ui/button'
import { Empty, SkeletonRows } from '~/ui/empty'
import { ProblemCard } from '~/ui/problem'

export const PagePending = () => (
  <div className="mx-auto max-w-360 p-4 sm:p-6">
    <h1 className="sr-only">{s.common.loading}</h1>
    <SkeletonRows label={s.common.loading} />
  </div>
)

/** Stands in for everything until the router has something to show. */
export function Opening({ children }: { children: ReactNode }): ReactElement {
  const opening: boolean = useRouterState({ select: (state) => state.matches.length === 0 })
  return (
    <>
      {opening && (
        <main className="animate-late">
          <PagePending />
        </main>
      )}
      {children}
    </>
  )
}

export const NotFound = () => (
  <Empty
    heading="h1"
    icon={Compass}
    title={s.problems.notFoundTitle}
    action={
      <Link {...to.servers()} className={buttonStyle()}>
        {s.problems.toServers}
      </Link>
    }
  >
    {s.problems.notFound}
  </Empty>
)

/** Not for this person: nothing is broken, and trying again would change nothing. */
const Forbidden = ({ reason }: { reason: string }) => (
  <Empty
    heading="h1"
    icon={Lock}
    title={s.problems.forbidden}
    action={
      <Link {...to.servers()} className={buttonStyle()}>
        {s.problems.toServers}
      </Link>
    }
  >
    {reason}
  </Empty>
)

/** A failed call says its own problem; a fault of the page says that it is one. */
export function PageError({ error }: { error: unknown }) {
  const router = useRouter()
  if (error instanceof ApiError && error.status === 404) return <NotFound />
  if (error instanceof ApiError && error.status === 403) return <Forbidden reason={error.remedy || error.detail} />
  const problem =
    error instanceof ApiError
      ? error
      : new ApiError({ code: 'panel_fault', status: 0, title: s.problems.crashed, detail: error instanceof Error ? error.message : String(error), remedy: s.problems.crashedRemedy })
  return (
    <div className="mx-auto w-full max-w-3xl p-4 sm:p-8">
      <ProblemCard
        heading="h1"
        error={problem}
        action={
          <Button size="sm" variant="primary" onClick={() => void router.invalidate()}>
            {s.common.retry}
          </Button>
        }
      />
    </div>
  )
}
