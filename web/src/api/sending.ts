/** Sending a file, with how far it is. */
import { toApiError } from './problem'

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export type Sending = { method: 'PUT' | 'POST'; address: string; mediaType: string; file: Blob; onProgress: (sent: number) => void; signal: AbortSignal }

/** The one use of XMLHttpRequest: nothing else tells how far an upload is. */
export function sendFile<T>({ method, address, mediaType, file, onProgress, signal }: Sending): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, address)
    request.setRequestHeader('content-type', mediaType)
    request.upload.onprogress = (event) => onProgress(event.loaded)
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) {
        resolve(body as T)
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
