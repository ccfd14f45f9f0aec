/** Waits for limits of requests: once one refusal says how long, all who ask through the same patience wait for it. */
import { ApiError } from '~/api/problem'

/** What failed was begun, and may not be begun again unasked. */
const FAILED = 500

export type Patience = <T>(call: () => Promise<T>) => Promise<T>

/** `onPause` hears for how many seconds all wait, and null once they go on. */
export function patience(signal: AbortSignal, onPause: (seconds: number | null) => void, wait = pause): Patience {
  let gate: Promise<void> | null = null
  const shut = async (seconds: number) => {
    onPause(seconds)
    await wait(seconds, signal)
    gate = null
    onPause(null)
  }
  return async (call) => {
    for (;;) {
      await gate
      signal.throwIfAborted()
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof ApiError) || error.retryAfter === null || error.status >= FAILED) throw error
        gate ??= shut(error.retryAfter)
      }
    }
  }
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    }, { once: true })
  })
}
