/** The generated client, with failures turned into [`ApiError`] in one place. */
import createClient from 'openapi-fetch'
import type { paths } from './generated'
import { toApiError } from './problem'

export const client = createClient<paths>({
  baseUrl: '/',
  credentials: 'same-origin',
  // Looked up at each call, so that the mock API can stand in.
  fetch: (request) => globalThis.fetch(request),
})

type Answer<T> = { data?: T | undefined; error?: unknown; response: Response }

/** The body of a good answer; anything else throws. */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>
  try {
    answer = await call
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw toApiError(undefined)
  }
  if (!answer.response.ok) throw toApiError(answer.error, answer.response)
  return answer.data as T
}
