/** Writing the policy: whole, over the version that was read, so that nobody's change is written over unseen. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client, take } from '~/api/client'
import { ApiError, toApiError } from '~/api/problem'
import { trustQuery } from '~/api/trust-queries'
import type { Schemas } from '~/api/types'
import type { Rules } from '~/lib/trust'
import { trust as t } from '~/strings/trust'
import { toast } from '~/ui/toast'

type TrustView = Schemas['TrustView']
/** The policy as it was read last. */
export type Policy = { rules: Rules; view: TrustView }

export const policyOf = (view: TrustView): Policy => ({ rules: view.rules as unknown as Rules, view })

export function useSave(policy: Policy, onSaved: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (rules: Rules) => take(client.PUT('/api/trust', { body: { rules: rules as unknown as Record<string, never>, version: policy.view.version } })),
    onSuccess: (kept) => {
      queries.setQueryData(trustQuery.queryKey, kept)
      toast({ title: t.saved })
      onSaved()
    },
    // What somebody else wrote comes to stand on the page; saving again is over that.
    onError: (error) => {
      if (error instanceof ApiError && error.code === 'conflict') void queries.invalidateQueries({ queryKey: trustQuery.queryKey, exact: true })
    },
  })
}

/** What was wrong with what was sent, while it is what would be sent again; that somebody else was quicker stands until then. */
export function problemOf({ error, variables }: Pick<ReturnType<typeof useSave>, 'error' | 'variables'>, wanted: Rules): ApiError | null {
  const problem = error && toApiError(error)
  return problem && (problem.fields.length === 0 || JSON.stringify(variables) === JSON.stringify(wanted)) ? problem : null
}
