/**
 * What the control plane and the plugin say of a draft, asked a moment after the last key. The answer is the plugin's
 * own validation, the plan it would carry out, and the addresses that would be taken.
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { client, take } from '~/api/client'
import { toApiError, type ApiError } from '~/api/problem'
import type { FieldProblem, PreviewView, ServerInput } from '~/api/types'

const PAUSE_MS = 350

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

const byKey = (problems: readonly FieldProblem[]): Record<string, string> => Object.fromEntries(problems.map((problem) => [problem.key, [problem.message, problem.remedy].filter(Boolean).join(' ')]))

export type Preview = { view: PreviewView | null; problems: Record<string, string>; checking: boolean; failure: ApiError | null; retry: () => void }

/** `lookUp` has the plugin look up what its plan needs, which asks strangers: not at each key. */
export function usePreview(input: ServerInput, enabled: boolean, lookUp: boolean): Preview {
  const body = JSON.stringify(input)
  const settled = useSettled(body)
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery({
    queryKey: ['preview', settled, lookUp],
    queryFn: ({ signal }) => take(client.POST('/api/servers/preview', { params: { query: { lookUp } }, body: JSON.parse(settled) as ServerInput, signal })),
    enabled,
    placeholderData: keepPreviousData,
    retry: false,
    gcTime: 60_000,
  })
  const failure = error ? toApiError(error) : null
  // An answer to an older draft must not complain about the field that is being mended.
  const stale = settled !== body || isPlaceholderData
  return { view: data ?? null, problems: stale ? {} : failure ? byKey(failure.fields) : byKey(data?.problems ?? []), checking: stale || isFetching, failure: failure && failure.fields.length === 0 ? failure : null, retry: () => void refetch() }
}
