/** Moving whole files: saving a text, fetching by a link, and uploading with progress. */
import { client, take } from './client'
import { toApiError } from './problem'
import type { FileSaved } from './types'

const OCTETS = 'application/octet-stream'

const address = (serverId: string, what: 'download' | 'upload', query: Record<string, string>) =>
  `/api/servers/${encodeURIComponent(serverId)}/files/${what}?${new URLSearchParams(query).toString()}`

export const downloadAddress = (serverId: string, path: string): string => address(serverId, 'download', { path })

/** Saves over the version that was read; over whatever is there (`*`); or, without a version, as a further file. */
export const saveFile = (serverId: string, path: string, text: string, version?: string): Promise<FileSaved> =>
  take(client.PUT('/api/servers/{id}/files/content', { params: { path: { id: serverId }, query: { path, ...(version && { version }) } }, headers: { 'content-type': OCTETS }, body: text as never, bodySerializer: (body: unknown) => body as string }))

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const makeDirectory = (serverId: string, path: string, signal: AbortSignal): Promise<unknown> => take(client.POST('/api/servers/{id}/files/directory', { params: { path: { id: serverId } }, body: { path }, signal }))

/** The one use of XMLHttpRequest: nothing else tells how far an upload is. */
export function uploadFile(serverId: string, path: string, file: File, replace: boolean, onProgress: (sent: number) => void, signal: AbortSignal): Promise<FileSaved> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', address(serverId, 'upload', { path, ...(replace && { replace: 'true' }) }))
    request.setRequestHeader('content-type', OCTETS)
    request.upload.onprogress = (event) => onProgress(event.loaded)
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) {
        resolve(body as FileSaved)
        return
      }
      reject(toApiError(body, new Response(null, { status: request.status, headers: { 'retry-after': request.getResponseHeader('retry-after') ?? '' } })))
    }
    request.onerror = () => reject(toApiError(undefined))
    request.onabort = () => reject(new DOMException('called off', 'AbortError'))
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}
