/** Moving whole files: saving a text, fetching by a link, and uploading with progress. */
import { client, take } from './client'
import { sendFile } from './sending'
import type { FileSaved } from './types'

const OCTETS = 'application/octet-stream'

const address = (serverId: string, what: 'download' | 'upload', query: Record<string, string>) =>
  `/api/servers/${encodeURIComponent(serverId)}/files/${what}?${new URLSearchParams(query).toString()}`

export const downloadAddress = (serverId: string, path: string): string => address(serverId, 'download', { path })

/** Saves over the version that was read; over whatever is there (`*`); or, without a version, as a further file. */
export const saveFile = (serverId: string, path: string, text: string, version?: string): Promise<FileSaved> =>
  take(client.PUT('/api/servers/{id}/files/content', { params: { path: { id: serverId }, query: { path, ...(version && { version }) } }, headers: { 'content-type': OCTETS }, body: text as never, bodySerializer: (body: unknown) => body as string }))

export const makeDirectory = (serverId: string, path: string, signal: AbortSignal): Promise<unknown> => take(client.POST('/api/servers/{id}/files/directory', { params: { path: { id: serverId } }, body: { path }, signal }))

export const uploadFile = (serverId: string, path: string, file: File, replace: boolean, onProgress: (sent: number) => void, signal: AbortSignal): Promise<FileSaved> =>
  sendFile({ method: 'PUT', address: address(serverId, 'upload', { path, ...(replace && { replace: 'true' }) }), mediaType: OCTETS, file, onProgress, signal })
