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
  ticking ??= setInterval(() => now.set(Date.now()), 1_000)
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

export const Ago = ({ at, className }: { at: string; className?: string }) => (
  <time dateTime={at} title={moment(at)} className={className}>
    {ago(at, Math.max(useNow(), Date.parse(at) - 4_000))}
  </time>
)

export const Since = ({ at, className }: { at: string; className?: string }) => (
  <time dateTime={at} title={moment(at)} className={className}>
    {since(at, useNow())}
  </time>
)
