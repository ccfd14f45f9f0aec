/**
 * The panel as it is built, in front of the mock API over real HTTP and real WebSockets: what the browser does with a
 * frame is what it does with one of the control plane's. Nothing happens by itself; the caller feeds the frames.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { build, createServer } from 'vite'

const KEY_OF_RFC_6455 = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KINDS = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.png': 'image/png' }
const [TEXT, CLOSE] = [1, 8]

/** An unmasked frame of text, as servers send it. */
function framed(text) {
  const body = Buffer.from(text)
  const head = body.length < 126 ? Buffer.from([0x81, body.length]) : body.length < 65_536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255]) : null
  if (!head) throw new Error('a frame of 64 KiB is none of ours')
  return Buffer.concat([head, body])
}

/** The whole frames at the beginning of these bytes, unmasked, and what is left. A page's frames are small. */
function unframed(bytes) {
  const found = []
  for (;;) {
    const short = (bytes[1] ?? 0) & 127
    const from = short === 126 ? 4 : 2
    if (bytes.length < from + 4) break
    const length = short === 126 ? bytes.readUInt16BE(2) : short
    const end = from + 4 + length
    if (bytes.length < end) break
    const mask = bytes.subarray(from, from + 4)
    found.push({ code: bytes[0] & 15, text: Buffer.from(bytes.subarray(from + 4, end)).map((byte, i) => byte ^ mask[i & 3]).toString() })
    bytes = bytes.subarray(end)
  }
  return { found, rest: bytes }
}

class Link {
  topics = []
  constructor(path, socket) {
    this.path = path
    this.socket = socket
  }
  give(frame) {
    this.socket.write(framed(JSON.stringify(frame)))
  }
}

/** Serves until `stop`; `prepare` may change the installation before anybody asks. `links` are the open sockets. */
export async function serve({ prepare }) {
  const dist = mkdtempSync(join(tmpdir(), 'gantry-panel-'))
  await build({ logLevel: 'error', build: { outDir: dist, emptyOutDir: true } })
  const vite = await createServer({ mode: 'mock', logLevel: 'error', appType: 'custom', server: { middlewareMode: true, hmr: false, ws: false } })
  const [{ answer }, data, { machineAt }, { numbersAt }] = await Promise.all(['handlers', 'data', 'machines', 'world'].map((name) => vite.ssrLoadModule(`/mock-api/${name}.ts`)))
  prepare(data)
  const links = new Set()
  const http = createHttp(async (request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`)
    if (url.pathname.startsWith('/api/')) {
      const given = await answer(new Request(url, { method: request.method, headers: request.headers }), 'well')
      response.writeHead(given.status, Object.fromEntries(given.headers))
      response.end(Buffer.from(await given.arrayBuffer()))
      return
    }
    const path = join(dist, normalize(url.pathname))
    const file = statSync(path, { throwIfNoEntry: false })?.isFile() ? path : join(dist, 'index.html')
    response.writeHead(200, { 'content-type': KINDS[extname(file)] ?? 'application/octet-stream' })
    response.end(readFileSync(file))
  })
  http.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + KEY_OF_RFC_6455).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.setNoDelay(true)
    const link = new Link(request.url, socket)
    let bytes = Buffer.alloc(0)
    socket.on('data', (more) => {
      const { found, rest } = unframed(Buffer.concat([bytes, more]))
      bytes = rest
      for (const { code, text } of found) {
        if (code === CLOSE) socket.end()
        if (code === TEXT) hear(link, JSON.parse(text))
      }
    })
    socket.on('error', () => undefined)
    socket.on('close', () => links.delete(link))
  })
  function hear(link, frame) {
    if (frame.type === 'authenticate') links.add(link)
    if (frame.type !== 'subscribe') return
    link.topics = frame.topics
    link.give({ type: 'subscribed', topics: frame.topics })
  }
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
  const stop = async () => {
    http.closeAllConnections()
    for (const { socket } of links) socket.destroy()
    http.close()
    await vite.close()
    rmSync(dist, { recursive: true })
  }
  return { url: `http://127.0.0.1:${http.address().port}`, links, data, machineAt, numbersAt, stop }
}
