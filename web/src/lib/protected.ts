/** What only the game and its plugin write stays where it is, whatever it was selected with. */
import type { FileEntry } from '~/api/types'

type Parted = { going: FileEntry[]; staying: FileEntry[] }

/** Those that people may move and delete, and those that they only read. A folder is told by what is in it, which only the node knows. */
export const parted = (entries: readonly FileEntry[]): Parted => ({ going: entries.filter((entry) => !entry.protected), staying: entries.filter((entry) => entry.protected) })
