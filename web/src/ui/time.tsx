/** Moments as people say them, with the exact one on hover. */
import { useSyncExternalStore } from 'react'
import { lastBeat, onBeat } from '~/lib/beat'
import { ago, moment, since } from '~/lib/format'

export const useNow = (): number => useSyncExternalStore(onBeat, lastBeat)

type TimeProps = { at: string; className?: string | undefined }

/** Drawn anew only when its words change, not each second. */
const useWords = (words: (now: number) => string): string => useSyncExternalStore(onBeat, () => words(lastBeat()))

export function Ago({ at, className }: TimeProps) {
  const words = useWords((time) => ago(at, Math.max(time, Date.parse(at) - 4_000)))
  return <time dateTime={at} title={moment(at)} className={className}>{words}</time>
}

export function Since({ at, className }: TimeProps) {
  const words = useWords((time) => since(at, time))
  return <time dateTime={at} title={moment(at)} className={className}>{words}</time>
}

/** A moment that is to come; once it is there, that it is. */
export function Until({ at, className }: TimeProps) {
  const words = useWords((time) => ago(at, Math.min(time, Date.parse(at))))
  return <time dateTime={at} title={moment(at)} className={className}>{words}</time>
}
