/**
 * Fails the build when the first page grows past its budget: everything that index.html loads before it can draw,
 * with the frame, the server list and the text font, compressed.
 */
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 235
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))
const files = new Set(['index.html', 'theme.js'])

function take(key) {
  const chunk = manifest[key]
  // A page that shares its chunk with another has no entry of its own: it would be left out of the sum unseen.
  if (!chunk) throw new Error(`${key} is not in the manifest`)
  if (files.has(chunk.file)) return
  files.add(chunk.file)
  for (const css of chunk.css ?? []) files.add(css)
  for (const next of chunk.imports ?? []) take(next)
}
for (const key of ['index.html', 'src/layout/shell.tsx', 'src/pages/servers/list.tsx']) take(key)
for (const file of readdirSync(new URL('assets/', dist))) if (/^inter-.*woff2$/.test(file)) files.add(`assets/${file}`)

let total = 0
for (const file of files) total += gzipSync(readFileSync(new URL(file, dist))).length
rmSync(new URL('.vite', dist), { recursive: true })
const kb = total / 1000
console.log(`first page: ${kb.toFixed(1)} kB compressed in ${files.size} files (limit ${LIMIT_KB} kB)`)
if (kb > LIMIT_KB) process.exit(1)
