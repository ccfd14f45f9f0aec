/** The panel with its mock API, as it is built for people, so that no page waits for a hundred modules of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, preview } from 'vite'

/** Builds and serves it, unless it is served somewhere already. */
export async function serve(given) {
  if (given) return { url: given, stop: () => undefined }
  const outDir = mkdtempSync(join(tmpdir(), 'gantry-mock-'))
  const made = { mode: 'mock', logLevel: 'error', build: { outDir, emptyOutDir: true } }
  await build(made)
  const server = await preview({ ...made, preview: { port: 0, host: '127.0.0.1' } })
  const stop = async () => {
    await server.close()
    rmSync(outDir, { recursive: true })
  }
  return { url: `http://127.0.0.1:${server.httpServer.address().port}`, stop }
}
