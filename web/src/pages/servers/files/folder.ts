/** The folder that something is to go to may not be there. The API says only that something is not: which, is asked here. */
import { client, take } from '~/api/client'
import { ApiError } from '~/api/problem'
import { crumbs } from '~/lib/paths'

/** The folder is not there; nothing was done. */
export class NoFolder extends Error {
  constructor(readonly folder: string) {
    super(folder)
  }
}

const isMissing = (error: unknown) => error instanceof ApiError && error.code === 'not_found'

export const makeFolder = (serverId: string, path: string) => take(client.POST('/api/servers/{id}/files/directory', { params: { path: { id: serverId } }, body: { path } }))

async function lacks(serverId: string, folder: string): Promise<boolean> {
  if (folder === '') return false
  try {
    await take(client.GET('/api/servers/{id}/files', { params: { path: { id: serverId }, query: { path: folder } } }))
    return false
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
}

/** Makes the folder and those above it that are not there; the API makes one at a time. */
export async function makeFolders(serverId: string, path: string): Promise<void> {
  for (const folder of crumbs(path)) if (await lacks(serverId, folder.path)) await makeFolder(serverId, folder.path)
}

/** The same failure, or that the folder is what is missing. */
export async function explained(error: unknown, serverId: string, folder: string): Promise<unknown> {
  return isMissing(error) && (await lacks(serverId, folder)) ? new NoFolder(folder) : error
}
