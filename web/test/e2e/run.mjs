/**
 * The panel against a real control plane, node and game: from the set-up of a fresh installation to a player count.
 * `node test/e2e/run.mjs --url URL --gantryd PROGRAM --node-dir DIR --plugin FILE [--setup-token TOKEN] [--screenshots DIR]`
 * The daemon is enrolled as the page says and keeps its data in `--node-dir`; `--plugin` is a component to upload.
 * GANTRY_E2E_SECONDS bounds the installation of the game (default 600).
 */
import { spec as reporter } from 'node:test/reporters'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const names = ['url', 'gantryd', 'node-dir', 'plugin', 'setup-token', 'screenshots']
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) })
for (const name of ['url', 'gantryd', 'node-dir', 'plugin']) {
  if (values[name]) continue
  console.error(`--${name} is missing; the options are ${names.map((one) => `--${one}`).join(' ')}`)
  process.exit(2)
}
for (const name of names) process.env[`GANTRY_E2E_${name.toUpperCase().replace('-', '_')}`] = values[name] ?? ''

run({ files: [fileURLToPath(new URL('first-server.spec.mjs', import.meta.url))], concurrency: false })
  .on('test:fail', () => (process.exitCode = 1))
  .compose(reporter)
  .pipe(process.stdout)
