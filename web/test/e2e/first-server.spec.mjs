/** What a person does on the first evening: set up, connect a machine, make a server, watch it start, see who plays. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test as run } from 'node:test'
import { launch, NETWORK_CHANGED, PHONE, visit, WIDE } from './browser.mjs'

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
/** Requests that ended because a network of the machine came or went: they may be why something else failed. */
const spoiled = []

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true })
  browser = await launch()
  page = await browser.newPage({ viewport: WIDE, colorScheme: 'dark', permissions: ['clipboard-read', 'clipboard-write'] })
  page.setDefaultTimeout(20_000)
  page.on('requestfailed', (request) => request.failure()?.errorText === NETWORK_CHANGED && spoiled.push(request.url()))
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => /Content Security Policy|Refused to/.test(message.text()) && faults.push(message.text()))
})
after(async () => {
  await browser?.close()
  daemon?.kill('SIGTERM')
})

/** What failed is kept as a picture, and what the network did meanwhile is said. */
const test = (name, step) =>
  run(name, async () => {
    spoiled.length = 0
    try {
      await step()
    } catch (error) {
      if (shots) await page.screenshot({ path: `${shots}/FAILED-${name.replaceAll(/\W+/g, '-')}.png` })
      if (spoiled.length > 0) console.log(`the machine's network changed during “${name}”, which ended: ${spoiled.join(', ')}`)
      throw error
    }
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

async function signIn(on = page, who = person) {
  await on.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()
  await on.getByLabel('E-mail address').fill(who.email)
  await on.getByLabel('Password').fill(who.password)
  await on.getByRole('button', { name: 'Sign in', exact: true }).click()
  await on.getByRole('heading', { level: 1, name: 'Servers' }).waitFor()
}

const fileRow = (name) => page.getByRole('table', { name: 'Files' }).getByRole('row').filter({ hasText: name })
const fileLink = (name) => page.getByRole('table', { name: 'Files' }).getByRole('link', { name, exact: true })
const text = (name, content) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(content) })

test('a fresh installation leads to set-up, once', async () => {
  await visit(page, url)
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

test('files are uploaded one by one and as a folder', async () => {
  await page.getByRole('link', { name: serverName }).click()
  await page.getByRole('link', { name: 'Files', exact: true }).click()
  await button('New folder').click()
  await page.getByRole('dialog').getByLabel('Name').fill('notes')
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await fileLink('notes').click()
  await page.getByText('Nothing is here').waitFor()
  await page.getByLabel('Files to upload').setInputFiles([text('one.txt', 'first\n'), text('two.txt', 'second\n')])
  await fileRow('two.txt').waitFor()
  const folder = mkdtempSync(join(tmpdir(), 'gantry-e2e-'))
  try {
    mkdirSync(join(folder, 'pack', 'deep'), { recursive: true })
    writeFileSync(join(folder, 'pack', 'readme.txt'), 'outer\n')
    writeFileSync(join(folder, 'pack', 'deep', 'inner.txt'), 'inner\n')
    await page.getByLabel('Folder to upload').setInputFiles(join(folder, 'pack'))
    await page.getByText('pack is uploaded').waitFor()
  } finally {
    rmSync(folder, { recursive: true })
  }
  await fileRow('pack').waitFor()
  await picture('files')
  await fileLink('pack').click()
  await fileRow('readme.txt').waitFor()
  await fileLink('deep').click()
  await fileRow('inner.txt').waitFor()
  await page.getByRole('navigation', { name: 'Where you are' }).getByRole('link', { name: 'notes' }).click()
})

test('a file is edited, saved and renamed', async () => {
  await fileLink('one.txt').click()
  const editor = page.getByRole('textbox', { name: 'Content of one.txt' })
  await editor.click()
  await page.keyboard.press('Control+Home')
  await page.keyboard.type('typed before the ')
  await page.keyboard.press('Control+s')
  await page.getByText('Saved', { exact: true }).waitFor()
  await button('Close the editor').click()
  await button('More actions: one.txt').click()
  await page.getByRole('menuitem', { name: 'Rename or move' }).click()
  await page.getByRole('dialog').getByLabel('New path').fill('notes/kept.txt')
  await page.getByRole('dialog').getByRole('button', { name: 'Rename or move' }).click()
  await fileLink('kept.txt').click()
  await page.getByRole('textbox', { name: 'Content of kept.txt' }).filter({ hasText: 'typed before the first' }).waitFor()
  await button('Close the editor').click()
})

test('several are deleted after one question that names them', async () => {
  await fileRow('kept.txt').getByRole('checkbox').check()
  await fileRow('two.txt').getByRole('checkbox').click({ modifiers: ['Shift'] })
  await page.getByText('2 selected').waitFor()
  await fileRow('pack').getByRole('checkbox').check()
  await fileRow('kept.txt').getByRole('checkbox').uncheck()
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog')
  assert.deepEqual(await dialog.getByRole('listitem').locator('span:last-child').allInnerTexts(), ['pack', 'two.txt'])
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await dialog.waitFor({ state: 'detached' })
  await fileRow('two.txt').waitFor({ state: 'detached' })
  assert.equal(await fileRow('pack').count(), 0)
  assert.equal(await fileRow('kept.txt').count(), 1)
})

test('who may only look at files is told so, and is refused', async () => {
  const guest = { name: 'Jonas Berg', email: 'jonas@example.org', password: 'another sentence' }
  const address = page.url()
  const dialog = page.getByRole('dialog')
  await page.getByRole('link', { name: 'Members' }).click()
  const members = page.url()
  await page.getByRole('link', { name: 'People' }).click()
  await button('Add person').click()
  await dialog.getByLabel('Name').fill(guest.name)
  await dialog.getByLabel('E-mail address').fill(guest.email)
  await dialog.getByLabel('Password').fill(guest.password)
  await dialog.getByRole('button', { name: 'Add person' }).click()
  await dialog.waitFor({ state: 'detached' })
  await visit(page, members)
  await button('Add member').click()
  await dialog.getByLabel('E-mail address').fill(guest.email)
  await dialog.getByRole('checkbox', { name: 'See which files the server has' }).check()
  await dialog.getByRole('button', { name: 'Add member' }).click()
  await dialog.waitFor({ state: 'detached' })

  const theirs = await (await browser.newContext({ viewport: WIDE })).newPage()
  await visit(theirs, url)
  await signIn(theirs, guest)
  await visit(theirs, address)
  await theirs.getByText('kept.txt').waitFor()
  assert.equal(await theirs.getByRole('checkbox').count(), 0)
  assert.equal(await theirs.getByRole('link', { name: 'kept.txt' }).count(), 0)
  await theirs.getByRole('button', { name: 'Upload', exact: true }).hover()
  await theirs.getByRole('tooltip').filter({ hasText: 'You may not change files' }).waitFor()
  const refused = await theirs.evaluate(async (id) => (await fetch(`/api/servers/${id}/files/content?path=notes/kept.txt`)).status, new URL(address).pathname.split('/')[2])
  assert.equal(refused, 403)
  await theirs.context().close()
  await page.getByRole('link', { name: 'Servers', exact: true }).first().click()
  await onServers()
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
