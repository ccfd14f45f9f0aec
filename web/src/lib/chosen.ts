/**
 * What somebody chose or dropped, as what is to be uploaded: each folder is one upload with all that is in it, and so are
 * files that are too many to be told one by one.
 */
import { files as f } from '~/strings/files'
import { join, spell } from './paths'
import type { Piece } from './upload-run'

export type Chosen = { name: string; pieces: Piece[] }
type Source = { path: string; file: File | null }

/** More than this is no work for a browser. */
export const MOST_PIECES = 5_000
const ALONE = 5

/** `found` are paths from where they were taken, such as `maps/a.pk3`; `into` is the directory that they go to. */
export function gather(found: readonly Source[], into: string): Chosen[] {
  const folders = new Map<string, Map<string, Piece>>()
  const loose: Piece[] = []
  for (const { path, file } of found) {
    const parts = path.split('/').map(spell)
    const top = parts[0] ?? ''
    if (parts.length === 1 && file) {
      loose.push({ path: join(into, top), file })
      continue
    }
    const pieces = folders.get(top) ?? new Map<string, Piece>()
    folders.set(top, pieces)
    const directories = file ? parts.length - 1 : parts.length
    for (let n = 1; n <= directories; n += 1) {
      const directory = join(into, parts.slice(0, n).join('/'))
      if (!pieces.has(directory)) pieces.set(directory, { path: directory, file: null })
    }
    if (file) pieces.set(join(into, parts.join('/')), { path: join(into, parts.join('/')), file })
  }
  const single = (piece: Piece): Chosen => ({ name: piece.path.slice(into ? into.length + 1 : 0), pieces: [piece] })
  return [
    ...(loose.length > ALONE ? [{ name: f.many(loose.length), pieces: loose }] : loose.map(single)),
    ...[...folders].map(([name, pieces]) => ({ name, pieces: [...pieces.values()] })),
  ]
}

/** From a file field, which knows a folder's files by their relative paths, and nothing of empty folders. */
export const ofField = (files: readonly File[]): Source[] => files.map((file) => ({ path: file.webkitRelativePath || file.name, file }))

/** Whatever was dropped, folders whole; `unread` is what this machine would not give. */
export async function ofDrop(items: DataTransferItemList): Promise<{ found: Source[]; unread: string[] }> {
  // The list is empty as soon as the event is over.
  const entries = [...items].filter((item) => item.kind === 'file').flatMap((item) => item.webkitGetAsEntry() ?? [])
  const found: Source[] = []
  const unread: string[] = []
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (found.length > MOST_PIECES) return
    const path = entry.fullPath.replace(/^\//, '')
    try {
      if (entry.isFile) {
        found.push({ path, file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) })
        return
      }
      found.push({ path, file: null })
      for (const inner of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(inner)
    } catch {
      unread.push(path)
    }
  }
  for (const entry of entries) await walk(entry)
  return { found, unread }
}

/** All entries: a reader gives them in portions, and an empty one last. */
async function entriesOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (portion.length === 0) return all
    all.push(...portion)
  }
}
