/**
 * Uploads, one after the other: a file, or a folder with all that is in it. They belong to no page, so that they go on
 * while one looks elsewhere in the panel; what did not get there stays until it is tried again or dismissed.
 */
import { useSyncExternalStore } from 'react'
import { makeDirectory, uploadFile } from '~/api/files'
import type { Chosen } from './chosen'
import { join } from './paths'
import { patience } from './patience'
import { Store } from './store'
import { againOf, isFile, runUpload, sizeOf, type Missed, type Piece } from './upload-run'

export type Upload = {
  id: number
  serverId: string
  /** The directory that it goes to. */
  into: string
  name: string
  state: 'waiting' | 'sending' | 'ended'
  files: number
  done: number
  bytes: number
  sent: number
  missed: readonly Missed[]
  /** Seconds until the limit has room, while it is waited for. */
  pause: number | null
}

/** How a run ended: all of it is there, some of it is not, or it was called off. */
export type Outcome = 'whole' | 'part' | 'off'
type OnEnd = (upload: Upload, outcome: Outcome) => void
type Job = { pieces: Piece[]; replace: boolean; call: AbortController; onEnd: OnEnd }

const uploads = new Store<readonly Upload[]>([])
const jobs = new Map<number, Job>()
let next = 0
let busy = false

const find = (id: number) => uploads.get().find((one) => one.id === id)
const change = (id: number, part: Partial<Upload>) => uploads.set(uploads.get().map((one) => (one.id === id ? { ...one, ...part } : one)))

function forget(id: number): void {
  jobs.delete(id)
  uploads.set(uploads.get().filter((one) => one.id !== id))
}

async function send({ id, serverId, done, sent, missed }: Upload, { pieces, replace, call, onEnd }: Job): Promise<void> {
  const { signal } = call
  change(id, { state: 'sending', missed: [] })
  const calls = {
    makeDirectory: (path: string) => makeDirectory(serverId, path, signal),
    upload: (path: string, file: File, onSent: (sent: number) => void) => uploadFile(serverId, path, file, replace, onSent, signal),
  }
  const patient = patience(signal, (pause) => change(id, { pause }))
  const tried = new Set(pieces.map((piece) => piece.path))
  const kept = missed.filter(({ piece }) => !tried.has(piece.path))
  try {
    const failed = await runUpload(pieces, calls, patient, signal, (progress) => change(id, { done: done + progress.done, sent: sent + progress.sent }))
    change(id, { state: 'ended', missed: [...failed, ...kept], pause: null })
  } catch {
    // Nothing but calling it off throws.
    change(id, { state: 'ended', missed: [] })
  }
  const ended = find(id)
  if (!ended) return
  const outcome = signal.aborted ? 'off' : ended.missed.length > 0 ? 'part' : 'whole'
  if (outcome !== 'part') forget(id)
  onEnd(ended, outcome)
}

async function work(): Promise<void> {
  if (busy) return
  busy = true
  addEventListener('beforeunload', warn)
  for (;;) {
    const upload = uploads.get().find((one) => one.state === 'waiting')
    const job = upload && jobs.get(upload.id)
    if (!job) break
    await send(upload, job)
  }
  removeEventListener('beforeunload', warn)
  busy = false
}

/** Leaving the panel ends them; the browser asks whether that is meant. */
const warn = (event: Event) => event.preventDefault()

/** `onEnd` hears of each run, since each changes what is there. */
export function enqueue(serverId: string, into: string, chosen: readonly Chosen[], onEnd: OnEnd): void {
  const added = chosen.map(({ name, pieces }): Upload => {
    next += 1
    jobs.set(next, { pieces, replace: false, call: new AbortController(), onEnd })
    return { id: next, serverId, into, name, state: 'waiting', files: pieces.filter(isFile).length, done: 0, bytes: sizeOf(pieces), sent: 0, missed: [], pause: null }
  })
  uploads.set([...uploads.get(), ...added])
  void work()
}

/** Whether something of that name is there, which can be replaced if that is meant. */
export const isTaken = ({ error }: Missed): boolean => error.code === 'file_exists'

/** Sends again what did not get there: what has a taken name in place of that, or all the rest. */
export function again(id: number, how: 'replace' | 'retry'): void {
  const [upload, job] = [find(id), jobs.get(id)]
  if (!upload || !job) return
  const replace = how === 'replace'
  jobs.set(id, { ...job, pieces: againOf(upload.missed.filter((one) => isTaken(one) === replace), upload.into), replace })
  change(id, { state: 'waiting' })
  void work()
}

export function callOff(id: number): void {
  if (find(id)?.state === 'sending') jobs.get(id)?.call.abort()
  else forget(id)
}

export const useUploads = (serverId: string): readonly Upload[] =>
  useSyncExternalStore((listener) => uploads.watch(listener), () => uploads.get()).filter((one) => one.serverId === serverId)

export const shownPath = ({ into, name }: Upload): string => join(into, name)
export const missedName = ({ piece }: Missed, { into }: Upload): string => piece.path.slice(into ? into.length + 1 : 0)
