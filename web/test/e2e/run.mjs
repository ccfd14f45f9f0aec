/**
 * The panel against a real control plane, node and game, from set-up to a player count.
 * `node test/e2e/run.mjs --url URL [--setup-token TOKEN] [--screenshots DIR]`
 * Credentials: GANTRY_E2E_NAME, GANTRY_E2E_EMAIL, GANTRY_E2E_PASSWORD. Where the installation is set up already, the
 * same credentials sign in. GANTRY_E2E_SECONDS bounds the installation of the game (default 600).
 */
import { spec as reporter } from 'node:test/reporters'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { url: { type: 'string' }, 'setup-token': { type: 'string' }, screenshots: { type: 'string' } } })
if (!values.url) {
  console.error('usage: node test/e2e/run.mjs --url URL [--setup-token TOKEN] [--screenshots DIR]')
  process.exit(2)
}
process.env.GANTRY_E2E_URL = values.url
process.env.GANTRY_E2E_SETUP_TOKEN = values['setup-token'] ?? ''
process.env.GANTRY_E2E_SCREENSHOTS = values.screenshots ?? ''

run({ files: [fileURLToPath(new URL('first-server.spec.mjs', import.meta.url))], concurrency: false })
  .on('test:fail', () => (process.exitCode = 1))
  .compose(reporter)
  .pipe(process.stdout)
