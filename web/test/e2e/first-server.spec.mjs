/** What a person does on the first evening: set up, connect a machine, make a server, watch it start, see who plays. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { launch, PHONE, WIDE } from './browser.mjs'

const url = process.env.GANTRY_E2E_URL
const token = process.env.GANTRY_E2E_SETUP_TOKEN
const shots = process.env.GANTRY_E2E_SCREENSHOTS
const gantryd = process.env.GANTRY_E2E_GANTRYD
const nodeFolder = process.env.GANTRY_E2E_NODE_DIR
const plugin = process.env.GANTRY_E2E_PLUGIN
const person = { name: 'Ada Moreau', email: 'ada@example.org', password: 'a sentence works well' }
const PATIENCE_MS = Number(process.env.GANTRY_E2E_SECONDS ?? 600) * 1_000
const serverName = `Arena ${Date.now().toString(36)}`

let browser
let page
let daemon
const faults = []

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true })
  browser = await launch()
  page = await browser.newPage({ viewport: WIDE, colorScheme: 'dark', permissions: ['clipboard-read', 'clipboard-write'] })
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => /Content Security Policy|Refused to/.test(message.text()) && faults.push(message.text()))
})
after(async () => {
  await browser?.close()
  daemon?.kill('SIGTERM')
})

/** Wide and narrow, dark and light. */
async function picture(name) {
  if (!shots) return
  for (const [size, viewport] of [['wide', WIDE], ['phone', PHONE]]) {
    for (const colorScheme of ['dark', 'light']) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(300)
      await page.screenshot({ path: `${shots}/${name}-${size}-${colorScheme}.png` })
    }
  }
  await page.setViewportSize(WIDE)
  await page.emulateMedia({ colorScheme: 'dark' })
}

const heading = (name) => page.getByRole('heading', { level: 1, name })
const onServers = () => heading('Servers').waitFor()
const button = (name) => page.getByRole('button', { name, exact: true })

async function signIn() {
  await heading('Sign in').waitFor()
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await button('Sign in').click()
  await onServers()
}

test('a fresh installation leads to set-up, once', async () => {
  await page.goto(url)
  await heading('Set up Gantry').waitFor()
  await picture('setup')
  const tokenField = page.getByLabel('One-time token')
  if (await tokenField.isVisible()) await tokenField.fill(token)
  await page.getByLabel('Your name').fill(person.name)
  await page.getByLabel('E-mail address').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await button('Create administrator').click()
  await onServers()
})

test('signing out and in again comes back to the servers', async () => {
  await button('Account').click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await heading('Sign in').waitFor()
  await picture('sign-in')
  await signIn()
  await picture('servers-before')
})

test('a location, a node and its addresses are made', async () => {
  const dialog = page.getByRole('dialog')
  await page.getByRole('link', { name: 'Locations' }).click()
  await heading('Locations').waitFor()
  await button('Add location').click()
  await dialog.getByLabel('Name').fill('Cellar')
  await dialog.getByRole('button', { name: 'Add location' }).click()
  await page.getByText('Cellar').first().waitFor()
  await page.getByRole('link', { name: 'Nodes' }).click()
  await heading('Nodes').waitFor()
  await button('Add node').click()
  await dialog.getByLabel('Name').fill('anvil')
  await dialog.getByRole('button', { name: 'Add node' }).click()
  await heading('anvil').waitFor()
  await page.getByRole('link', { name: 'Allocations' }).click()
  await button('Add allocations').click()
  await dialog.getByLabel('IP address').fill('127.0.0.1')
  await dialog.getByLabel('Ports').fill('28960-28969')
  await dialog.getByRole('button', { name: 'Add allocations' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByText('28960').first().waitFor()
})

test('the command on the page connects the machine', async () => {
  await button('Connect machine').click()
  const command = page.getByLabel('Command', { exact: true })
  await command.waitFor()
  await picture('node-connect')
  const [program, ...words] = (await command.innerText()).trim().split(/\s+/)
  assert.equal(program, 'gantryd')
  words[words.indexOf('--data-dir') + 1] = nodeFolder
  await button('Copy Token').click()
  execFileSync(gantryd, words, { input: await page.evaluate(() => navigator.clipboard.readText()) })
  daemon = spawn(gantryd, ['run', '--data-dir', nodeFolder], { stdio: 'ignore' })
  await page.getByText('The daemon is connected').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await page.getByText('Connected', { exact: true }).first().waitFor()
  await picture('node')
})

test('a plugin is uploaded and its blueprint offered', async () => {
  await page.getByRole('link', { name: 'Plugins' }).click()
  await heading('Plugins').waitFor()
  await button('Upload plugin').click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[type=file]').setInputFiles(plugin)
  await dialog.getByText('It asks for nothing').waitFor()
  await picture('plugin-upload')
  await dialog.getByRole('button', { name: 'Install plugin' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('heading', { name: 'Hello' }).waitFor()
  await page.getByRole('link', { name: 'Servers', exact: true }).first().click()
  await onServers()
})

test('a wrong value is told at its field before anything is sent', async () => {
  await page.getByRole('link', { name: /^(Create server|See all blueprints)$/ }).click()
  await page.getByRole('button', { name: /OpenArena/ }).click()
  await page.getByLabel('Server name').fill('')
  await button('Continue').click()
  await page.getByText('This is needed.').waitFor()
  await picture('create-error')
  await page.getByLabel('Server name').fill(serverName)
})

test('a server is created after its install plan was shown', async () => {
  await button('Continue').click()
  await page.getByRole('radio').first().waitFor()
  await picture('create-resources')
  await button('Continue').click()
  const plan = page.getByRole('list', { name: 'What will happen' })
  await plan.getByRole('listitem').first().waitFor()
  assert.ok((await plan.getByRole('listitem').count()) > 0)
  await picture('create-review')
  const start = page.getByLabel('Start it once it is installed')
  if (!(await start.isChecked())) await start.check()
  await button('Create server').click()
  await heading(serverName).waitFor()
  await picture('create-progress')
})

test('it installs, starts and is running', async () => {
  await page.getByTestId('server-status').filter({ hasText: 'Running' }).waitFor({ timeout: PATIENCE_MS })
  await picture('console')
})

test('a typed command is echoed in the console', async () => {
  const input = page.getByRole('textbox', { name: 'Command' })
  await input.fill('status')
  await input.press('Enter')
  // Who typed it, then what: `Ada Moreau ❯ status`.
  await page.locator('.xterm-rows').filter({ hasText: /\S\s❯\sstatus/ }).waitFor()
})

test('the player count of the game is on the page', async () => {
  await page.getByTestId('players').filter({ hasText: /\d+ of \d+ players/ }).first().waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Overview' }).click()
  await page.getByRole('img', { name: /^CPU over time/ }).waitFor()
  await page.waitForTimeout(3_000)
  await picture('overview')
  await page.getByRole('link', { name: 'Servers', exact: true }).first().click()
  await onServers()
  await page.getByRole('row').filter({ hasText: serverName }).getByTestId('players').waitFor()
  await picture('servers')
})

test('stop is offered while it runs and start says why not', async () => {
  await page.getByRole('link', { name: serverName }).click()
  const start = button('Start')
  await start.waitFor()
  assert.equal(await start.getAttribute('aria-disabled'), 'true')
  await start.hover()
  await page.getByRole('tooltip').waitFor()
  await button('Stop').click()
  await page.getByTestId('server-status').filter({ hasText: 'Offline' }).waitFor({ timeout: 90_000 })
})

test('nothing failed silently on the way', () => assert.deepEqual(faults, []))
