/**
 * One upload of many pieces: directories first, outermost first, since a file needs its own to be there; then files, a
 * few at a time. What concerns one piece alone lets the others go on; what would befall each of them, such as a right
 * that was taken away or a disk that is full, ends the whole. Either way it is told what did not get there, and why.
 */
import { toApiError, type ApiError } from '~/api/problem'
import { parent } from './paths'
import type { Patience } from './patience'

/** A file and where it goes; without a file, a directory. */
export type Piece = { path: string; file: File | null }
export type Missed = { piece: Piece; error: ApiError }
export type Progress = { done: number; sent: number }

export type UploadCalls = {
  makeDirectory: (path: string) => Promise<unknown>
  upload: (path: string, file: File, onSent: (sent: number) => void) => Promise<unknown>
}

/** Files under way at once: enough to hide the time that each answer takes. */
const AT_ONCE = 3
const OF_ONE_ALONE = new Set(['file_exists', 'file_changed', 'file_refused', 'file_protected', 'payload_too_large', 'invalid_request', 'validation_failed'])

const depth = (piece: Piece) => piece.path.split('/').length
export const isFile = (piece: Piece): piece is Piece & { file: File } => piece.file !== null
export const sizeOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { file }) => sum + (file?.size ?? 0), 0)

/** Rejects when it is called off; whatever else goes wrong is in the answer. */
export async function runUpload(pieces: readonly Piece[], calls: UploadCalls, patient: Patience, signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<Missed[]> {
  const missed: Missed[] = []
  const lacking = new Map<string, ApiError>()
  let stop: ApiError | null = null

  /** Whether it worked; if not, it is in the account. */
  const attempt = async (piece: Piece, call: () => Promise<unknown>): Promise<boolean> => {
    const hindered = stop ?? lacking.get(parent(piece.path))
    try {
      if (hindered) throw hindered
      await patient(call)
      return true
    } catch (cause) {
      signal.throwIfAborted()
      const error = toApiError(cause)
      if (!isFile(piece) && error.code === 'file_exists') return true
      if (!OF_ONE_ALONE.has(error.code)) stop ??= error
      missed.push({ piece, error })
      return false
    }
  }

  for (const piece of pieces.filter((one) => !isFile(one)).sort((a, b) => depth(a) - depth(b))) {
    if (await attempt(piece, () => calls.makeDirectory(piece.path))) continue
    lacking.set(piece.path, missed.at(-1)?.error ?? toApiError(undefined))
  }

  const waiting = pieces.filter(isFile)
  const underWay = new Map<Piece, number>()
  let [done, arrived] = [0, 0]
  const tell = () => onProgress({ done, sent: arrived + [...underWay.values()].reduce((sum, sent) => sum + sent, 0) })
  const work = async () => {
    for (let piece = waiting.shift(); piece; piece = waiting.shift()) {
      const { path, file } = piece
      const onSent = (sent: number) => {
        underWay.set(piece, Math.min(sent, file.size))
        tell()
      }
      const there = await attempt(piece, () => calls.upload(path, file, onSent))
      underWay.delete(piece)
      if (there) [done, arrived] = [done + 1, arrived + file.size]
      tell()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return missed
}

/** What has to be sent again for these to get there: they, and the directories above them within `root`. */
export function againOf(missed: readonly Missed[], root: string): Piece[] {
  const directories = new Set<string>()
  for (const { piece } of missed) for (let path = isFile(piece) ? parent(piece.path) : piece.path; path.length > root.length; path = parent(path)) directories.add(path)
  return [...[...directories].map((path): Piece => ({ path, file: null })), ...missed.map(({ piece }) => piece).filter(isFile)]
}
