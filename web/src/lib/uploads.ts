/**
 * Uploads, one after the other. They belong to no page, so that they go on while one looks elsewhere in the panel; a
 * limit of requests is waited for, and everything else that goes wrong stays until it is dismissed.
 */
import { useSyncExternalStore } from 'react'
import { Waits, uploadFile } from '~/api/files'
import { toApiError, type ApiError } from '~/api/problem'
import { base } from './paths'
import { Store } from './store'

export type Upload = {
  id: number
  serverId: string
  path: string
  name: string
  file: File
  state: 'waiting' | 'sending' | 'failed'
  sent: number
  error: ApiError | null
  /** Seconds until the limit has room, while it is waited for. */
  pause: number | null
}

const uploads = new Store<readonly Upload[]>([])
const calls = new Map<number, AbortController>()
let next = 0
let busy = false

const change = (id: number, part: Partial<Upload>) => uploads.set(uploads.get().map((one) => (one.id === id ? { ...one, ...part } : one)))
const forget = (id: number) => uploads.set(uploads.get().filter((one) => one.id !== id))

async function send(upload: Upload, replace: boolean, onDone: (upload: Upload) => void): Promise<void> {
  const call = new AbortController()
  calls.set(upload.id, call)
  change(upload.id, { state: 'sending', error: null, sent: 0 })
  try {
    for (;;) {
      try {
        await uploadFile(upload.serverId, upload.path, upload.file, replace, (sent) => change(upload.id, { sent }), call.signal)
        break
      } catch (error) {
        if (!(error instanceof Waits)) throw error
        change(upload.id, { pause: error.seconds, sent: 0 })
        await new Promise((resolve) => setTimeout(resolve, error.seconds * 1000))
        call.signal.throwIfAborted()
        change(upload.id, { pause: null })
      }
    }
    forget(upload.id)
    onDone(upload)
  } catch (error) {
    if (call.signal.aborted) forget(upload.id)
    else change(upload.id, { state: 'failed', error: toApiError(error), pause: null })
  } finally {
    calls.delete(upload.id)
  }
}

const replacing = new Set<number>()

async function work(onDone: (upload: Upload) => void): Promise<void> {
  if (busy) return
  busy = true
  for (;;) {
    const upload = uploads.get().find((one) => one.state === 'waiting')
    if (!upload) break
    await send(upload, replacing.delete(upload.id), onDone)
  }
  busy = false
}

/** Adds files to a directory; `pathOf` says where each goes. */
export function enqueue(serverId: string, files: readonly File[], pathOf: (file: File) => string, onDone: (upload: Upload) => void): void {
  const added = files.map((file): Upload => {
    next += 1
    const path = pathOf(file)
    return { id: next, serverId, path, name: base(path), file, state: 'waiting', sent: 0, error: null, pause: null }
  })
  uploads.set([...uploads.get(), ...added])
  void work(onDone)
}

export function replaceFile(id: number, onDone: (upload: Upload) => void): void {
  replacing.add(id)
  change(id, { state: 'waiting', error: null })
  void work(onDone)
}

export function callOff(id: number): void {
  const call = calls.get(id)
  if (call) call.abort()
  else forget(id)
}

export const useUploads = (serverId: string): readonly Upload[] =>
  useSyncExternalStore((listener) => uploads.watch(listener), () => uploads.get()).filter((one) => one.serverId === serverId)
