/** Every failure of a call as one thing: a problem with a code, what happened and what to do, however it came about. */
import { s } from '~/strings'
import type { FieldProblem, Problem } from './types'

export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly remedy: string
  readonly requestId: string | null
  readonly fields: FieldProblem[]
  /** After how many seconds the same may be asked again, where the answer says so. */
  readonly retryAfter: number | null
  /** The moment of it, for people: where it is worth a look at the clock. */
  readonly againAt: number | null

  constructor(problem: Omit<Problem, 'code' | 'type'> & { code: string }, retryAfter: number | null = null) {
    super(problem.detail || problem.title)
    this.code = problem.code
    this.status = problem.status
    this.title = problem.title
    this.detail = problem.detail
    this.remedy = problem.remedy
    this.requestId = problem.requestId ?? null
    this.fields = problem.fields ?? []
    this.retryAfter = retryAfter
    this.againAt = problem.code === 'plugin_on_hold' && retryAfter !== null ? Date.now() + retryAfter * 1_000 : null
  }

  /** The problem of one field, under any of the names that the API may use for it. */
  field(...keys: string[]): string | null {
    const found = this.fields.find((field) => keys.includes(field.key))
    return found ? [found.message, found.remedy].filter(Boolean).join(' ') : null
  }

  /** All of it as text, for support. */
  report(): string {
    return [
      `${this.title} (${this.code}, ${String(this.status)})`,
      this.detail,
      ...this.fields.map((field) => `${field.key}: ${field.message}`),
      this.requestId ? `request ${this.requestId}` : '',
    ]
      .filter(Boolean)
      .join('\n')
  }
}

const isProblem = (value: unknown): value is Problem => typeof value === 'object' && value !== null && 'code' in value && 'title' in value

const TOO_MANY = 429
const USUAL_WAIT = 5
const waitOf = (response?: Response) => Number(response?.headers.get('retry-after')) || (response?.status === TOO_MANY ? USUAL_WAIT : null)

/** Whatever was thrown or answered, as an [`ApiError`]. */
export function toApiError(cause: unknown, response?: Response): ApiError {
  if (cause instanceof ApiError) return cause
  if (isProblem(cause)) return new ApiError(cause, waitOf(response))
  if (response) {
    return new ApiError({ code: 'unexpected_answer', status: response.status, title: s.problems.unexpected, detail: s.problems.unexpectedDetail(response.status), remedy: s.problems.tryAgain })
  }
  return new ApiError({ code: 'unreachable', status: 0, title: s.problems.unreachable, detail: s.problems.unreachableDetail, remedy: s.problems.unreachableRemedy })
}
