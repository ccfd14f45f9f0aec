/** Moments as people say them, with the exact one on hover. One clock ticks for the whole page. */
import { useSyncExternalStore } from 'react'
import { ago, moment, since } from '~/lib/format'
import { Store } from '~/lib/store'

const now = new Store(Date.now())
let watchers = 0
let ticking: ReturnType<typeof setInterval> | undefined

const watch = (listener: () => void) => {
  const stop = now.watch(listener)
  watchers += 1
  if (ticking === undefined) {
    now.set(Date.now())
    ticking = setInterval(() => now.set(Date.now()), 1_000)
  }
  return () => {
    stop()
    watchers -= 1
    if (watchers === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
  }
}

export const useNow = (): number => useSyncExternalStore(watch, now.get)

type TimeProps = { at: string; className?: string | undefined }

/** Drawn anew only when its words change, not each second. */
const useWords = (words: (now: number) => string): string => useSyncExternalStore(watch, () => words(now.get()))

export function Ago({ at, className }: TimeProps) {
  const words = useWords((time) => ago(at, Math.max(time, Date.parse(at) - 4_000)))
  return <time dateTime={at} title={moment(at)} className={className}>{words}</time>
}

export function Since({ at, className }: TimeProps) {
  const words = useWords((time) => since(at, time))
  return <time dateTime={at} title={moment(at)} className={className}>{words}</time>
}
