/**
 * Takes a picture of every page and state against the mock API, wide and narrow, light and dark, and runs axe on each; those that
 * lay out columns are looked at on a small laptop too.
 * `npm run look -- [--only name,name] [--screenshots DIR] [--url URL] [--theme dark|light] [--size wide|laptop|phone] [--at-once N]`; it
 * builds and serves the panel with its mock API unless given a URL.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { LAPTOP, launch, MOST_TRIES, NETWORK_CHANGED, PHONE, WIDE } from './e2e/browser.mjs'
import { serve } from './serve.mjs'

const { values: options } = parseArgs({ options: { only: { type: 'string' }, screenshots: { type: 'string', default: 'test/screenshots' }, url: { type: 'string' }, theme: { type: 'string' }, size: { type: 'string' }, 'at-once': { type: 'string', default: '2' } } })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const BIG = '0193a0c0-0000-7000-8000-000000002711'
const S1 = '0193a0c0-0000-7000-8000-0000000003e9'
const S2 = '0193a0c0-0000-7000-8000-0000000003ea'
const S3 = '0193a0c0-0000-7000-8000-0000000003eb'
const S4 = '0193a0c0-0000-7000-8000-0000000003ec'
const S5 = '0193a0c0-0000-7000-8000-0000000003ed'
const S6 = '0193a0c0-0000-7000-8000-0000000003ee'
const N2 = '0193a0c0-0000-7000-8000-000000000066'
const N3 = '0193a0c0-0000-7000-8000-000000000067'
const N1 = '0193a0c0-0000-7000-8000-000000000065'

const [NIGHTLY, LEAGUE, SAVE, PASSWORD] = ['8d', '8e', '8f', '90'].map((end) => `0193a0c0-0000-7000-8000-0000000023${end}`)

const PICTURE = 'the-longest-name-that-anybody-ever-gave-to-a-screenshot-of-a-very-good-round-on-a-friday-evening.png'

const click = (role, name) => (page) => page.getByRole(role, { name }).first().click()
const pick = (...names) => async (page) => {
  for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).check()
  await page.getByRole('toolbar').waitFor()
}
const titled = (title) => (page) => page.waitForFunction((wanted) => document.title === wanted, title, { timeout: 5_000 })
const failing = (path, mock = 'failing') => [`${path}?mock=${mock}`, (page) => page.getByRole('alert').first().waitFor({ timeout: 15_000 })]

/** Hands a folder over as its picker does. */
async function sendFolder(page, name, files) {
  await page.getByLabel('Folder to upload').evaluate((input, [folder, made]) => {
    const fileOf = ([path, size]) => Object.defineProperty(new File([new Uint8Array(size)], path.split('/').at(-1)), 'webkitRelativePath', { value: `${folder}/${path}` })
    Object.defineProperty(input, 'files', { value: made.map(fileOf), configurable: true })
    input.dispatchEvent(new Event('change', { bubbles: true }))
    delete input.files
  }, [name, files])
}

/** The charts of a day cannot be had. */
async function dayFails(page) {
  await page.getByText('24 h').click()
  await page.getByRole('alert').first().waitFor({ timeout: 15_000 })
}

/** The rights end two seconds after the page came up. */
const gone = (page) => page.waitForTimeout(3_500)

/** Where one is, and the ways elsewhere, stand around what is still loading. */
const framed = (page) => page.getByRole('navigation', { name: 'Breadcrumb' }).waitFor()

/** Brings a card to the top. */
const scrolled = (card) => (page) => page.getByRole('heading', { name: card, exact: true }).evaluate((heading) => heading.scrollIntoView({ block: 'center' }))

/** Opens what says how SFTP is reached. */
async function connect(page) {
  await page.getByRole('button', { name: 'SFTP' }).click()
  await page.getByRole('dialog').getByText(/Host key|offers no SFTP/).first().waitFor()
}

/** A component of nothing but a manifest. */
function componentOf(manifest) {
  const name = Buffer.from('gantry:manifest')
  const body = Buffer.concat([Buffer.from([name.length]), name, Buffer.from(JSON.stringify(manifest))])
  return Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 0, (body.length & 0x7f) | 0x80, body.length >> 7]), body])
}

/** Chooses it in the upload dialog. */
async function offer(page, manifest) {
  await page.getByRole('button', { name: 'Upload plugin' }).click()
  await page.getByLabel('Plugin file').setInputFiles({ name: `${manifest.id}.wasm`, mimeType: 'application/wasm', buffer: componentOf(manifest) })
  await page.getByRole('heading', { name: manifest.name }).last().waitFor()
}

const QUAKE = { id: 'league-quake', name: 'Quake of the Tuesday league', version: '1.4.0', author: 'Bob', description: 'Matches with the rules of the league.', licence: 'Apache-2.0', capabilities: [{ name: 'query', reason: 'Counts who plays.' }] }

/** The same as a package with a signature or without, in the upload dialog. */
async function offerPackage(page, signed) {
  const entry = (name, body) => {
    const block = Buffer.alloc(512 + Math.ceil(body.length / 512) * 512)
    block.write(name, 0)
    block.write(body.length.toString(8).padStart(11, '0'), 124)
    block.write('ustar', 257)
    body.copy(block, 512)
    return block
  }
  const index = { manifests: ['1.4.0', ...(signed ? [`sha256-${'a'.repeat(64)}.sig`] : [])].map((name) => ({ annotations: { 'org.opencontainers.image.ref.name': name } })) }
  const buffer = Buffer.concat([entry('index.json', Buffer.from(JSON.stringify(index))), entry(`blobs/sha256/${'0'.repeat(64)}`, componentOf(QUAKE)), Buffer.alloc(1024)])
  await page.getByRole('button', { name: 'Upload plugin' }).click()
  await page.getByLabel('Plugin file').setInputFiles({ name: 'league-quake-1.4.0.gantry.tar', mimeType: 'application/x-tar', buffer })
  await page.getByRole('heading', { name: QUAKE.name }).last().waitFor()
  await page.getByText(signed ? 'Signatures are in it.' : 'No signature is in it.').waitFor()
}

const TRUST = '/admin/plugins/trust'
const PEM = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n'
const dialog = (page) => page.getByRole('dialog')
const save = (page) => dialog(page).getByRole('button', { name: 'Save' }).click()

/** Chooses an egg in the import dialog. */
async function importEgg(page, name, content, until) {
  await page.getByRole('button', { name: 'Import a game' }).click()
  await page.getByLabel('Egg or blueprint').setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(content) })
  await until(page.getByRole('dialog')).first().waitFor()
}

/** Chooses one of the game's own actions. */
async function choose(page, name) {
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name }).click()
  await page.getByRole('dialog').waitFor()
}

/** Opens what says how a plugin runs. */
async function conductOf(page, plugin, until) {
  await page.getByRole('button', { name: `More for ${plugin}` }).click()
  await page.getByRole('menuitem', { name: 'How it runs' }).click()
  await page.getByRole('dialog').getByText(until).first().waitFor()
}

/** And from there what it wrote. */
async function logOf(page, place, until) {
  await conductOf(page, 'OpenArena', 'nyc-1')
  await page.getByRole('button', { name: `Read the log: ${place}` }).first().click()
  await page.getByRole('dialog').getByText(until).first().waitFor()
}

/** Scrolls to the calls that are kept. */
async function recordsOf(page, until) {
  const records = page.getByRole('region', { name: 'Calls that were stopped' })
  await records.getByText(until).first().waitFor()
  await records.scrollIntoViewIfNeeded()
}

const SCENES = [
  ['setup', '/setup?mock=setup'],
  ['sign-in', '/sign-in?mock=signed-out'],
  ['sign-in-wrong', '/sign-in?mock=signed-out', async (page) => {
    await page.getByLabel('E-mail address').fill('ada@example.org')
    await page.getByLabel('Password').fill('wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
  }],
  ['servers', '/servers', titled('Servers · Gantry')],
  ['servers-filter', '/servers?q=node%3Afra-2'],
  ['servers-first', '/servers?mock=first'],
  ['servers-limited', '/servers?mock=limited'],
  ['create-limited', '/servers/new?mock=limited'],
  ['servers-spent', '/servers?mock=spent', (page) => page.getByRole('button', { name: 'Create server' }).hover()],
  ['create-spent', '/servers/new?mock=spent', (page) => page.getByText('nothing left for another server').waitFor()],
  ['create-resources-spent', '/servers/new?blueprint=openarena%3Aopenarena&mock=spent', async (page) => {
    await page.getByText('nothing left for another server').waitFor()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Left for you' }).waitFor()
    if ((await page.getByRole('button', { name: 'Continue' }).getAttribute('aria-disabled')) !== 'true') throw new Error('it goes on to what will be refused')
  }],
  ['create-alike', '/servers/new?mock=alike', (page) => page.getByText('egg-openarena').waitFor()],
  ['servers-failing', '/servers?mock=failing', (page) => page.getByRole('alert').waitFor({ timeout: 15_000 })],
  ['servers-long', '/servers?mock=long'],
  ['servers-many', '/servers?mock=many', async (page) => {
    await page.locator('main').evaluate((main) => main.scrollTo(0, 9_000))
    await page.waitForTimeout(600)
  }],
  ['servers-loading', '/servers?mock=loading'],
  ['servers-none', '/servers?q=nothing-like-this'],
  ['servers-no-term', '/servers?q=foo%3Abar', (page) => page.getByText('The terms are status:, node:, owner: and game:, each').waitFor()],
  ['servers-no-status', '/servers?q=status%3Asleeping', (page) => page.getByText('No status is called sleeping').waitFor()],
  ['servers-sorted', '/servers', async (page, narrow) => {
    if (narrow) await page.getByLabel('Sort by', { exact: true }).selectOption('Server')
    else await page.getByRole('button', { name: 'Sort by Server' }).click()
    await page.getByRole('row').nth(1).getByText('Clan war practice').waitFor()
  }],
  ['actions-menu', `/servers/${S1}/console`, async (page) => {
    const tops = await Promise.all(['Actions', 'Start', 'Stop'].map(async (name) => (await page.getByRole('button', { name, exact: true }).boundingBox())?.y))
    if (new Set(tops).size > 1) throw new Error(`the buttons stand in rows of their own, at ${tops.join(', ')} px`)
    await page.getByRole('button', { name: 'Actions' }).click()
    await page.getByRole('menuitem', { name: 'Kick a player' }).waitFor()
  }],
  ['actions-off', `/servers/${S3}/overview`, async (page) => {
    await page.getByRole('button', { name: 'Actions' }).click()
    await page.getByText('The server is not running.').first().waitFor()
  }],
  ['actions-form', `/servers/${S1}/overview`, (page) => choose(page, 'Change the map')],
  ['actions-at-it', `/servers/${S1}/overview`, async (page) => {
    await choose(page, 'Begin the match anew')
    await page.getByRole('dialog').getByRole('button', { name: 'Begin the match anew' }).click()
    await page.getByText('The game is at it.').waitFor()
  }],
  ['actions-refused', `/servers/${S1}/overview`, async (page) => {
    await choose(page, 'Kick a player')
    await page.getByLabel('Name').fill('Nobody')
    await page.getByRole('dialog').getByRole('button', { name: 'Kick a player' }).click()
    await page.getByRole('alert').waitFor()
  }],
  ['actions-held', `/servers/${S1}/overview?mock=held`, async (page) => {
    await choose(page, 'Kick a player')
    await page.getByLabel('Name').fill('Sarge')
    await page.getByRole('dialog').getByRole('button', { name: 'Kick a player' }).click()
    await page.getByRole('dialog').getByText('It is tried again at').waitFor()
  }],
  ['server-plugin-held', `/servers/${S1}/overview?mock=held`, (page) => page.getByText('plugin is on hold').waitFor()],
  ['actions-said', `/servers/${S1}/overview`, async (page) => {
    await choose(page, 'Kick a player')
    await page.getByLabel('Name').fill('Sarge')
    await page.getByRole('dialog').getByRole('button', { name: 'Kick a player' }).click()
    await page.getByText('Sarge was kicked.').waitFor()
  }],
  ['console-no-commands', `/servers/${S2}/console`, (page) => page.getByText('This game reads no commands.').waitFor()],
  ['tabs-further', `/servers/${S1}/overview`, async (page, narrow) => {
    const further = page.locator('[data-further=end]')
    if (!narrow) {
      if (await further.count()) throw new Error('it says that tabs follow where none do')
      return
    }
    await further.click()
    await page.waitForFunction(() => document.querySelector('[data-further=start]'))
    await page.getByRole('navigation', { name: 'Server', exact: true }).evaluate((row) => row.scrollTo(row.scrollWidth, 0))
    await further.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.waitForURL(/activity/)
  }],
  ['servers-help', '/servers', async (page) => {
    await page.getByRole('button', { name: 'How to filter' }).click()
    await page.getByRole('menuitem').first().waitFor()
  }],
  ['servers-columns', '/servers', async (page) => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Owner' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'CPU' }).click()
  }],
  ['servers-menu', '/servers', async (page) => {
    await page.getByRole('button', { name: /^More actions: Friday/ }).click()
    await page.getByRole('menuitem').first().waitFor()
  }],
  ['servers-picked', '/servers', pick('Friday fragfest', 'Hilltop village', 'Clan war practice')],
  ['servers-bulk-ask', '/servers', async (page) => {
    await pick('Friday fragfest', 'Hilltop village', 'Clan war practice')(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['servers-bulk-report', '/servers?mock=refusing', async (page) => {
    await pick('Friday fragfest', 'Hilltop village', 'Clan war practice')(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Stop 2 servers' }).click()
    await page.getByText('1 of 3 accepted').waitFor()
  }],
  ['create-none', '/servers/new?mock=empty'],
  ['create-loading', '/servers/new?mock=loading'],
  ['create-failing', '/servers/new?mock=failing', (page) => page.getByRole('alert').waitFor({ timeout: 15_000 })],
  ['create-choose', '/servers/new'],
  ['create-settings', '/servers/new?blueprint=openarena%3Aopenarena'],
  ['create-catalog', '/servers/new?blueprint=luanti%3Aluanti', async (page) => {
    await page.getByRole('combobox', { name: 'Version' }).click()
    await page.getByRole('option', { name: '5.12.0', exact: false }).first().waitFor()
    await page.keyboard.press('ArrowDown')
  }],
  ['create-catalog-search', '/servers/new?blueprint=luanti%3Aluanti', async (page) => {
    await page.getByRole('combobox', { name: 'Version' }).fill('5.9')
    await page.getByRole('option', { name: '5.9.1' }).waitFor()
  }],
  ['create-catalog-failed', '/servers/new?blueprint=luanti%3Aluanti&mock=unlisted', async (page) => {
    await page.getByRole('combobox', { name: 'Version' }).click()
    await page.getByText('The list could not be had.').waitFor()
  }],
  ['create-facts', '/servers/new?blueprint=luanti%3Aluanti', async (page) => {
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Looked up' }).waitFor()
  }],
  ['create-error', '/servers/new?blueprint=openarena%3Aopenarena', async (page) => {
    await page.getByLabel('Players at most').fill('99')
    await page.getByLabel('First map').fill('oa_dm99')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('There is no map of this name').waitFor()
  }],
  ['create-resources', '/servers/new?blueprint=openarena%3Aopenarena', click('button', 'Continue')],
  ['create-resources-tight', '/servers/new?blueprint=openarena%3Aopenarena&mock=tight', async (page) => {
    await click('button', 'Continue')(page)
    await page.getByText('Left for you').waitFor()
  }],
  ['create-review', '/servers/new?blueprint=openarena%3Aopenarena', async (page) => {
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('Fetch the community maps').waitFor()
  }],
  ['create-plan', '/servers/new?blueprint=openarena%3Aopenarena&mock=plan', async (page) => {
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('Make the world').waitFor()
  }],
  ['create-plan-edits', '/servers/new?blueprint=openarena%3Aopenarena&mock=plan', async (page) => {
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    const row = page.getByRole('listitem').filter({ hasText: 'Set the world' })
    await row.getByText('Show details').click()
    await row.evaluate((item) => item.scrollIntoView({ block: 'center' }))
  }],
  // Four clicks for a server that is left as it is proposed: more would be a fault.
  ['create-progress', '/servers/new', async (page) => {
    for (const name of [/OpenArena/, 'Continue', 'Continue', 'Create server']) await page.getByRole('button', { name }).click()
    await page.getByRole('progressbar').first().waitFor()
    await page.getByRole('heading', { name: 'Installing' }).waitFor()
    await page.waitForTimeout(3_000)
  }],
  ['console', `/servers/${S1}/console`, (page) => page.waitForTimeout(900)],
  ['console-scrolled', `/servers/${S1}/console`, async (page) => {
    await page.waitForTimeout(700)
    await page.mouse.move(500, 480)
    for (let i = 0; i < 5; i += 1) await page.mouse.wheel(0, -200)
    await page.getByLabel('Command').fill('status')
    await page.getByRole('button', { name: 'Search in console' }).click()
    await page.getByRole('search').getByRole('textbox').fill('Sarge')
    await page.waitForTimeout(300)
  }],
  ['console-connecting', `/servers/${S1}/console?mock=console-connecting`, async (page) => {
    await page.getByLabel('Command').fill('status')
    await page.keyboard.press('Enter')
    await page.getByText('Not sent. Connecting').waitFor()
  }],
  ['console-lost', `/servers/${S1}/console?mock=console-lost`, async (page) => {
    await page.getByLabel('Command').fill('say the map changes')
    await page.getByText('The link was lost').waitFor()
    await page.getByLabel('Command').press('Enter')
    await page.getByText('Not sent. The link was lost').waitFor()
  }],
  ['console-back', `/servers/${S1}/console?mock=console-lost`, async (page) => {
    await page.getByLabel('Command').fill('say the map changes')
    await page.getByText('The link was lost').waitFor()
    await page.getByLabel('Command').press('Enter')
    await page.getByText('Not sent yet').waitFor({ timeout: 20_000 })
  }],
  ['console-crashed', `/servers/${S4}/console`, (page) => page.waitForTimeout(600)],
  ['console-away', `/servers/${S5}/console`, (page) => page.waitForTimeout(600)],
  ['console-failed', `/servers/${S1}/console?mock=failed-install`, (page) => page.waitForTimeout(600)],
  ['config', `/servers/${S1}/config`, (page) => page.getByLabel('Speed of time').waitFor()],
  ['config-changed', `/servers/${S1}/config`, async (page) => {
    await page.getByLabel('Speed of time').fill('9999')
    await page.getByLabel('Longest chat message').fill('200')
    await page.getByRole('button', { name: 'Save', exact: true }).and(page.locator('[aria-disabled]')).waitFor()
  }],
  ['config-saved', `/servers/${S1}/config`, async (page) => {
    await page.getByLabel('Speed of time').fill('100')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The running game does not know').waitFor()
  }],
  ['config-underneath', `/servers/${S1}/config?mock=config-stale`, async (page) => {
    await page.getByLabel('Speed of time').fill('100')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The file was changed since you opened it').waitFor()
  }],
  ['config-read-again', `/servers/${S1}/config?mock=config-stale`, async (page) => {
    await page.getByLabel('Speed of time').fill('100')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: 'Read again' }).click()
    await page.getByText('The file was changed since you opened it').waitFor({ state: 'detached' })
    if ((await page.getByLabel('Speed of time').inputValue()) !== '100') throw new Error('what was entered is gone')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('The running game does not know').waitFor()
  }],
  ['config-strange', `/servers/${S1}/config?mock=config-strange`, (page) => page.getByText('It says “hibernate”.').waitFor()],
  ['config-absent', `/servers/${S1}/config?file=bans`, (page) => page.getByText('ipban.txt is not there yet').waitFor()],
  ['config-none', `/servers/${S1}/config?mock=config-none`, async (page) => {
    await page.getByText('This game has no settings of its own').waitFor()
    if (await page.getByRole('link', { name: 'Config files' }).count()) throw new Error('there is a tab for nothing')
  }],
  ['config-reader', `/servers/${S1}/config?mock=reader`, (page) => page.getByText('You need the permission files.write.').first().waitFor()],
  ['config-no-right', `/servers/${S1}/config?mock=no-writing`, (page) => page.getByText('You may not see this').waitFor()],
  ['config-away', `/servers/${S5}/config`, (page) => page.getByText('The file cannot be read now').waitFor()],
  ['config-loading', `/servers/${S1}/config?mock=loading-parts`, framed],
  ['config-failing', ...failing(`/servers/${S1}/config`, 'failing-parts')],
  ['backups', `/servers/${S1}/backups`, (page) => page.getByText('League final 2025').waitFor()],
  ['backups-empty', `/servers/${S3}/backups`, (page) => page.getByRole('link', { name: 'Back up every night' }).waitFor()],
  ['backups-menu', `/servers/${S1}/backups?mock=backups-ready`, async (page) => {
    await page.getByRole('button', { name: 'More for League final 2025' }).click()
    await page.getByText('It is locked. Unlock it first.').waitFor()
  }],
  ['backups-make', `/servers/${S1}/backups?mock=backups-ready`, async (page) => {
    await page.getByRole('button', { name: 'Back up now' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['backups-restore', `/servers/${S1}/backups?mock=backups-ready`, async (page) => {
    await page.getByRole('button', { name: 'More for League final 2025' }).click()
    await page.getByRole('menuitem', { name: 'Restore' }).click()
    await page.getByText('What changed since then is lost.').waitFor()
    if ((await dialog(page).getByRole('button', { name: 'Restore' }).getAttribute('aria-disabled')) !== 'true') throw new Error('files are replaced by one press')
  }],
  ['backups-unnamed', `/servers/${S1}/backups?mock=backups-unnamed`, async (page) => {
    const names = await page.getByRole('list', { name: 'Backups' }).getByText(/^Backup of /).allTextContents()
    if (new Set(names).size !== 2) throw new Error(`the backups are called ${names.join(' and ')}`)
  }],
  ['backups-restoring', `/servers/${S1}/backups?mock=backups-unnamed`, async (page) => {
    await page.getByRole('button', { name: /^More for Backup of/ }).first().click()
    await page.getByRole('menuitem', { name: 'Restore' }).click()
    await dialog(page).getByLabel('Type Friday fragfest to confirm').fill('Friday fragfest')
    await dialog(page).getByRole('button', { name: 'Restore' }).click()
    await page.getByText('Unpacking the backup').waitFor()
    if ((await page.getByTestId('server-status').textContent()) !== 'Restoring' || await page.getByTestId('players').count()) throw new Error('the head of the page does not say that a backup is restored')
  }],
  ['backups-full', `/servers/${S1}/backups?mock=backups-full`, (page) => page.getByText('3 of 3').waitFor()],
  ['backups-reader', `/servers/${S1}/backups?mock=reader`, async (page) => {
    await page.getByRole('button', { name: 'More for League final 2025' }).click()
    await page.getByText('You need the permission backups.restore.').waitFor()
  }],
  ['backups-long', `/servers/${S1}/backups?mock=backups-long`, (page) => page.getByText('could not wait').first().waitFor()],
  ['backups-loading', `/servers/${S1}/backups?mock=loading-parts`, framed],
  ['backups-failing', ...failing(`/servers/${S1}/backups`, 'failing-parts')],
  ['schedule-new-backup', `/servers/${S1}/schedules/new?start=backup`, (page) => page.getByText('the oldest that a schedule made').waitFor()],
  ['schedules', `/servers/${S1}/schedules`, async (page) => {
    await page.getByText('Running', { exact: true }).nth(1).waitFor()
    if ((await page.getByRole('link', { name: 'Schedules' }).first().getAttribute('aria-current')) !== 'page') throw new Error('the tab is not the open one')
  }],
  ['schedules-empty', `/servers/${S3}/schedules`, (page) => page.getByRole('link', { name: 'Say something every hour' }).waitFor()],
  ['schedules-empty-voxel', `/servers/${S2}/schedules`, async (page) => {
    await page.getByRole('link', { name: 'Restart every night' }).waitFor()
    if (await page.getByRole('link', { name: 'Save every 15 minutes' }).count()) throw new Error('a game that reads no commands is offered one')
  }],
  ['schedules-menu', `/servers/${S1}/schedules`, async (page) => {
    await page.getByRole('button', { name: 'More for Nightly restart' }).click()
    await page.getByRole('menuitem', { name: 'Duplicate' }).waitFor()
  }],
  ['schedules-delete', `/servers/${S1}/schedules`, async (page) => {
    await page.getByRole('button', { name: 'More for Weekend guests' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByText('Delete “Weekend guests”?').waitFor()
  }],
  ['schedules-no-power', `/servers/${S1}/schedules?mock=no-power`, async (page) => {
    await page.getByRole('switch', { name: 'Nightly restart is on' }).click()
    await page.getByText('“Nightly restart” is off').waitFor()
    await page.getByRole('button', { name: 'More for Nightly restart' }).click()
    await page.getByText('The schedule does what takes rights that you do not have: power.restart.').first().waitFor()
  }],
  ['schedules-reader', `/servers/${S1}/schedules?mock=reader`, async (page) => {
    await page.getByRole('switch', { name: 'Nightly restart is on' }).hover()
    await page.getByText('You need the permission schedules.update.').first().waitFor()
  }],
  ['schedules-long', `/servers/${S1}/schedules?mock=schedules-long`, (page) => page.getByRole('switch').first().waitFor()],
  ['schedules-loading', `/servers/${S1}/schedules?mock=loading-parts`, framed],
  ['schedules-failing', ...failing(`/servers/${S1}/schedules`, 'failing-parts')],
  ['schedule-new', `/servers/${S1}/schedules/new?start=restart`, (page) => page.getByText('Every day at 04:00', { exact: true }).waitFor()],
  ['schedule-new-blank', `/servers/${S1}/schedules/new`, async (page) => {
    await page.getByRole('button', { name: 'Create schedule' }).click()
    await page.getByText('It needs at least one step. Add one below.').waitFor()
    await page.waitForFunction(() => document.activeElement?.labels?.[0]?.textContent === 'Name')
  }],
  ['schedule-new-weekly', `/servers/${S1}/schedules/new?start=say`, async (page) => {
    await page.getByLabel('Repeats').selectOption('weekly')
    await page.getByText('Fri', { exact: true }).click()
    await page.getByLabel('At', { exact: true }).fill('20:30')
    await page.getByRole('combobox', { name: 'Time zone' }).fill('new york')
    await page.getByRole('option', { name: 'America/New York' }).click()
    await page.getByText('Mondays and Fridays at 20:30').waitFor()
    await page.getByText('for you').first().waitFor()
  }],
  ['schedule-new-custom', `/servers/${S1}/schedules/new?start=say`, async (page) => {
    await page.getByLabel('Repeats').selectOption('custom')
    await page.getByLabel('Cron expression').fill('0 25 * *')
    await page.getByText('It cannot be read').waitFor()
  }],
  ['schedule-zones', `/servers/${S1}/schedules/new?start=say`, async (page) => {
    await page.getByRole('combobox', { name: 'Time zone' }).fill('berl')
    await page.getByRole('option', { name: 'Europe/Berlin' }).waitFor()
  }],
  ['schedule-edit-steps', `/servers/${S1}/schedules/${LEAGUE}/edit`, (page) => page.getByRole('button', { name: 'Move step 2 up' }).scrollIntoViewIfNeeded()],
  ['schedule-edit-errors', `/servers/${S1}/schedules/${SAVE}/edit`, async (page) => {
    await page.getByRole('textbox', { name: 'Command', exact: true }).fill('quit now')
    await page.getByRole('button', { name: 'Move step 1 down' }).click()
    await page.getByRole('button', { name: 'Save schedule' }).click()
    await page.getByText('ends with this command').waitFor()
    await page.waitForFunction(() => document.activeElement?.labels?.[0]?.textContent === 'Command')
  }],
  ['schedule-edit-secret', `/servers/${S1}/schedules/${PASSWORD}/edit`, (page) => page.getByLabel('Password').scrollIntoViewIfNeeded()],
  ['schedule-edit-stale', `/servers/${S1}/schedules/${NIGHTLY}/edit?mock=schedules-stale`, async (page) => {
    await page.getByLabel('Name', { exact: true }).fill('Morning restart')
    await page.getByRole('button', { name: 'Save schedule' }).click()
    await page.getByText('Somebody changed this schedule meanwhile').waitFor()
    await page.getByText('Somebody changed this schedule meanwhile').scrollIntoViewIfNeeded()
  }],
  ['schedule-edit-leave', `/servers/${S1}/schedules/${NIGHTLY}/edit`, async (page) => {
    await page.getByLabel('Name', { exact: true }).fill('Morning restart')
    await page.getByRole('link', { name: 'Cancel' }).click()
    await page.getByRole('dialog').getByText('Leave without saving?').waitFor()
  }],
  ['schedule-edit-no-right', `/servers/${S1}/schedules/${NIGHTLY}/edit?mock=no-power`, (page) => page.getByText('You may not change this schedule').waitFor()],
  ['schedule-runs', `/servers/${S1}/schedules/${LEAGUE}`, (page) => page.getByText('Jonas Berg').first().waitFor()],
  ['schedule-runs-failed', `/servers/${S1}/schedules/${SAVE}`, async (page) => {
    await page.getByText('Skipped', { exact: true }).click()
    await page.locator('details[open]').getByText('The server was not running.').last().waitFor()
  }],
  ['schedule-runs-many', `/servers/${S1}/schedules/${NIGHTLY}`, async (page) => {
    await page.getByRole('button', { name: 'Load earlier runs' }).click()
    await page.waitForFunction(() => document.querySelectorAll('details').length === 40)
  }],
  ['schedule-run-now', `/servers/${S1}/schedules/${NIGHTLY}`, async (page) => {
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByText('By Ada Moreau').waitFor()
    await page.getByText('1 of 3 steps done').waitFor()
  }],
  ['schedule-runs-long', `/servers/${S1}/schedules/${SAVE}?mock=schedules-long`, (page) => page.getByText('Skipped', { exact: true }).waitFor()],
  ['schedule-gone', `/servers/${S1}/schedules/0193a0c0-0000-7000-8000-00000000dead`, (page) => page.getByText('There is no such schedule any more').waitFor()],
  ['schedule-away', `/servers/${S5}/schedules`, async (page) => {
    await page.getByRole('button', { name: 'More for Nightly restart' }).click()
    await page.getByText('The node is not connected.').first().waitFor()
  }],
  ['page', `/servers/${S1}/pages/match`, async (page) => {
    await page.getByRole('button', { name: /^Kick: \S/ }).first().waitFor()
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByText('Match', { exact: true }).waitFor()
    await titled('Match · Friday fragfest · Gantry')(page)
  }],
  ['page-form', `/servers/${S1}/pages/match`, async (page) => {
    await page.getByRole('heading', { name: 'Say something' }).evaluate((heading) => heading.scrollIntoView({ block: 'center' }))
  }],
  ['page-row-action', `/servers/${S1}/pages/match`, async (page) => {
    await page.getByRole('button', { name: /^Kick\W+Sarge$/ }).click()
    await page.getByRole('dialog').waitFor()
    if ((await page.getByRole('dialog').getByLabel('Name').inputValue()) !== 'Sarge') throw new Error('the form begins with nothing')
  }],
  ['page-long', `/servers/${S1}/pages/match?mock=long`, (page) => page.getByRole('button', { name: /^Kick/ }).first().waitFor()],
  ['page-many', `/servers/${S1}/pages/match?mock=crowd`, (page) => page.getByRole('button', { name: /^Kick/ }).first().waitFor()],
  ['page-blank', `/servers/${S1}/pages/match?mock=page-blank`, (page) => page.getByText('Nothing is on this page').waitFor()],
  ['page-reader', `/servers/${S1}/pages/match?mock=reader`, async (page) => {
    await page.getByText('Nobody is banned.').waitFor()
    if (await page.getByRole('button', { name: /^Kick/ }).count()) throw new Error('there is a button for what one may not do')
  }],
  ['page-none', `/servers/${S1}/pages/nothing`, (page) => page.getByText('There is no such page').waitFor()],
  ['page-away', `/servers/${S5}/pages/match`, (page) => page.getByText('The page cannot be shown now').waitFor()],
  ['page-failing', ...failing(`/servers/${S1}/pages/match`, 'failing-parts')],
  ['page-loading', `/servers/${S1}/pages/match?mock=loading-parts`, framed],
  ['files', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('table').waitFor()
    await titled('Files · Friday fragfest · Gantry')(page)
  }],
  ['files-sftp', `/servers/${S1}/files`, connect],
  ['files-sftp-first', `/servers/${S1}/files?mock=no-credentials`, connect],
  ['files-sftp-away', `/servers/${S5}/files`, connect],
  ['files-sftp-none', `/servers/${S1}/files?mock=no-sftp`, connect],
  ['files-sftp-long', `/servers/${S1}/files?mock=long`, connect],
  ['files-empty', `/servers/${S1}/files?mock=no-files`, (page) => page.getByText('Nothing is here').waitFor()],
  ['files-loading', `/servers/${S1}/files?mock=loading`],
  ['files-gone', `/servers/${S1}/files?path=nowhere`, (page) => page.getByRole('alert').waitFor()],
  ['files-menu', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: games.log' }).click()
    await page.getByRole('menuitem').first().waitFor()
  }],
  ['files-menu-folder', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: maps' }).click()
    await page.getByText('A folder cannot be edited.').waitFor()
    await page.getByText('A folder cannot be downloaded.').waitFor()
  }],
  ['files-folder-taken', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'New folder' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('maps')
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
    await page.getByText('Choose another name.').waitFor()
  }],
  ['files-reading-forbidden', `/servers/${S1}/files?mock=no-writing`, async (page) => {
    await page.getByRole('button', { name: 'More actions: gantry.cfg' }).click()
    await page.getByText('You may not read files').first().waitFor()
  }],
  ['files-delete', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: maps' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['files-picked', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('checkbox', { name: 'Select logs' }).click()
    await page.getByRole('checkbox', { name: 'Select games.log' }).click({ modifiers: ['Shift'] })
    await page.getByRole('toolbar').getByText('5 selected').waitFor()
  }],
  ['files-sorted', `/servers/${S1}/files`, async (page, narrow) => {
    if (narrow) await page.getByLabel('Sort by', { exact: true }).selectOption('Size')
    else await page.getByRole('button', { name: 'Sort by Size' }).click()
    if (narrow) await page.getByRole('button', { name: 'Turn the order round' }).click()
    else await page.getByRole('button', { name: 'Sort by Size' }).click()
  }],
  ['files-picked-last', `/servers/${BIG}/files?path=worlds&mock=many`, async (page) => {
    // What lies at the very bottom of the window is picked: the bar that comes must not lie on it.
    const boxes = page.getByRole('cell').getByRole('checkbox')
    await boxes.first().waitFor()
    const { height } = page.viewportSize()
    const box = (await boxes.evaluateAll((all, bottom) => all.map((one) => ({ name: one.getAttribute('aria-label'), end: one.getBoundingClientRect().bottom })).filter(({ end }) => end < bottom).at(-1)?.name, height))
    await page.getByRole('checkbox', { name: box, exact: true }).check()
    const bar = await page.getByRole('toolbar').boundingBox()
    const row = await page.getByRole('row').filter({ has: page.getByRole('checkbox', { name: box, exact: true }) }).boundingBox()
    if (row.y + row.height > bar.y + 1) throw new Error(`the bar lies on what was picked: ${row.y + row.height} > ${bar.y}`)
  }],
  ['files-picked-no-deleting', `/servers/${S1}/files?mock=no-deleting`, async (page) => {
    await pick('logs')(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).hover()
    await page.getByRole('tooltip').waitFor()
  }],
  ['files-delete-many', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('checkbox', { name: 'Select logs' }).focus()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Delete')
    await page.getByRole('dialog').getByText('Delete 9 things?').waitFor()
  }],
  ['files-delete-half', `/servers/${S1}/files`, async (page) => {
    await pick('logs', 'gantry.cfg', 'motd.txt', PICTURE)(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('These were not deleted').waitFor()
    await page.getByText('3 things are deleted').waitFor()
  }],
  ['files-protected', `/servers/${S1}/files`, async (page, narrow) => {
    const mark = page.getByRole('row').filter({ hasText: 'licence.key' }).getByRole('button', { name: 'Protected' })
    if (narrow) await mark.click({ force: true })
    else await mark.hover()
    await page.getByRole('tooltip').getByText('Only the game and its plugin write this.').waitFor()
  }],
  ['files-protected-menu', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: licence.key' }).click()
    await page.getByRole('menuitem', { name: 'View' }).waitFor()
    for (const name of ['Rename or move', 'Delete']) if ((await page.getByRole('menuitem', { name }).getAttribute('aria-disabled')) !== 'true') throw new Error(`${name} is offered`)
  }],
  ['files-protected-editor', `/servers/${S1}/files?edit=licence.key`, async (page) => {
    await page.getByText('Only the game and its plugin write this file').waitFor()
    await page.getByRole('textbox', { name: 'Content of licence.key' }).press('x')
    if (await page.getByText('Not saved').count()) throw new Error('it can be written in')
  }],
  ['files-protected-picked', `/servers/${S1}/files`, async (page, narrow) => {
    await pick('licence.key', 'q3key')(page)
    const remove = page.getByRole('toolbar').getByRole('button', { name: 'Delete' })
    if (narrow) await remove.click({ force: true })
    else await remove.hover()
    await page.getByRole('tooltip').waitFor()
  }],
  ['files-delete-protected', `/servers/${S1}/files`, async (page) => {
    await pick('logs', 'maps', 'licence.key')(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByText('This one stays').first().waitFor()
    await page.getByText('Delete 2 things?').waitFor()
  }],
  ['files-delete-holds', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: baseoa' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('baseoa holds baseoa/pak0.pk3').first().waitFor()
  }],
  ['files-move-many', `/servers/${S1}/files`, async (page) => {
    await pick('gantry.cfg', 'motd.txt', PICTURE)(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Move' }).click()
    await page.getByRole('dialog').getByLabel('To the folder').fill('maps')
  }],
  ['files-move-nowhere', `/servers/${S1}/files`, async (page) => {
    await pick('gantry.cfg', 'games.log')(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Move' }).click()
    await page.getByRole('dialog').getByLabel('To the folder').fill('archive/2026')
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await page.getByText('There is no folder archive/2026 yet').waitFor()
    await page.getByRole('button', { name: 'Make folder and move' }).waitFor()
  }],
  ['files-move-made', `/servers/${S1}/files`, async (page) => {
    await pick('gantry.cfg', 'games.log')(page)
    await page.getByRole('toolbar').getByRole('button', { name: 'Move' }).click()
    await page.getByRole('dialog').getByLabel('To the folder').fill('archive/2026')
    await page.getByRole('dialog').getByRole('button', { name: 'Move' }).click()
    await page.getByRole('button', { name: 'Make folder and move' }).click()
    await page.getByText('2 things moved').waitFor()
    await page.getByRole('row').filter({ hasText: 'archive' }).waitFor()
  }],
  ['files-rename-nowhere', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: motd.txt' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByLabel('New path').fill('old/motd.txt')
    await page.getByRole('dialog').getByRole('button', { name: 'Rename or move' }).click()
    await page.getByText('There is no folder old yet').waitFor()
    await page.getByRole('button', { name: 'Make folder and move' }).waitFor()
  }],
  ['files-rename-name', `/servers/${S1}/files?path=baseoa`, async (page) => {
    await page.getByRole('button', { name: 'More actions: server.cfg' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByLabel('New path').fill('other.cfg')
    await dialog(page).getByText('Becomes baseoa/other.cfg').waitFor()
    await dialog(page).getByRole('button', { name: 'Rename or move' }).click()
    await page.getByRole('row').filter({ hasText: 'other.cfg' }).waitFor()
  }],
  ['files-bad-name', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'New folder' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('a/b')
    await page.getByText('A name has no slash and no control characters in it, and is not empty, “.” or “..”.').first().waitFor()
  }],
  ['files-folder', `/servers/${S1}/files?path=maps`, async (page) => {
    await sendFolder(page, 'winter', Array.from({ length: 40 }, (_, n) => [`textures/wall_${n}.png`, 400_000]))
    await page.getByText(/[1-9]\d* of 40 files/).waitFor()
  }],
  ['files-folder-missed', `/servers/${S1}/files?path=baseoa`, async (page) => {
    await sendFolder(page, 'old', [['a.cfg', 10], ['b.cfg', 10]])
    await page.getByText('old is uploaded').waitFor()
    await sendFolder(page, 'old', [['a.cfg', 10], ['b.cfg', 10], ['c.cfg', 10], [`${'deep/'.repeat(20)}${'x'.repeat(40)}`, 10]])
    await page.getByText('Which and why').click()
  }],
  ['files-folder-full', `/servers/${S1}/files`, async (page) => {
    await sendFolder(page, 'big', [['pak0.pk3', 210_000_000], ...Array.from({ length: 8 }, (_, n) => [`more_${n}.pk3`, 1_000])])
    await page.getByRole('button', { name: 'Try again' }).waitFor()
  }],
  ['files-drop', `/servers/${S1}/files?path=maps`, (page) => page.getByRole('region', { name: 'Files' }).evaluate((place) => {
    const event = new DragEvent('dragover', { bubbles: true, cancelable: true, dataTransfer: new DataTransfer() })
    event.dataTransfer.items.add(new File(['x'], 'x'))
    place.dispatchEvent(event)
  })],
  ['files-many', `/servers/${BIG}/files?path=worlds&mock=many`, async (page) => {
    await page.getByText('map_0001.mts').waitFor()
    await page.locator('main').evaluate((main) => main.scrollTo(0, 9_000))
    await page.waitForTimeout(500)
  }],
  ['files-reader', `/servers/${S1}/files?mock=reader`, async (page) => {
    await page.getByRole('button', { name: 'Upload', exact: true }).hover()
    await page.getByRole('tooltip').waitFor()
  }],
  ['files-empty-reader', `/servers/${S1}/files?path=logs&mock=reader`, (page) => page.getByText('Nothing is here').waitFor()],
  ['files-failing', ...failing(`/servers/${S1}/files`, 'failing-parts')],
  ['files-away', `/servers/${S5}/files`],
  ['files-revoked', `/servers/${S1}/files?mock=revoked`, gone],
  ['files-rename', `/servers/${S1}/files`, async (page) => {
    await page.getByRole('button', { name: 'More actions: motd.txt' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['files-upload', `/servers/${S1}/files`, async (page) => {
    const input = page.getByLabel('Files to upload')
    await input.setInputFiles([{ name: 'motd.txt', mimeType: 'text/plain', buffer: Buffer.from('Hello') }])
    await page.getByText('A file with this name is there already').waitFor()
    await input.setInputFiles([{ name: 'oa_dm7.pk3', mimeType: 'application/zip', buffer: Buffer.alloc(3_000_000) }])
    await page.getByRole('progressbar', { name: 'Uploading oa_dm7.pk3' }).waitFor()
    await page.waitForTimeout(800)
  }],
  ['files-editor', `/servers/${S1}/files?edit=gantry.cfg`, async (page) => {
    await page.getByRole('textbox', { name: 'Content of gantry.cfg' }).click()
    await page.keyboard.type('// mine ')
    await page.getByText('Not saved').waitFor()
  }],
  ['files-editor-binary', `/servers/${S1}/files?edit=${encodeURIComponent(PICTURE)}`, (page) => page.getByText('This file is not text.').waitFor()],
  ['files-saved', `/servers/${S1}/files?edit=gantry.cfg`, async (page) => {
    await page.getByRole('textbox', { name: 'Content of gantry.cfg' }).click()
    await page.keyboard.type('// mine ')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.waitForTimeout(600)
    if (await page.getByRole('tooltip').count()) throw new Error('a tooltip contradicts what was saved')
  }],
  ['files-conflict', `/servers/${S1}/files?edit=motd.txt`, async (page) => {
    await page.getByRole('textbox', { name: 'Content of motd.txt' }).click()
    await page.keyboard.type('mine')
    await page.keyboard.press('Control+s')
    await page.getByRole('heading', { name: 'The file was changed meanwhile' }).waitFor()
  }],
  ['files-leave', `/servers/${S1}/files?edit=gantry.cfg`, async (page) => {
    await page.getByRole('textbox', { name: 'Content of gantry.cfg' }).click()
    await page.keyboard.type('mine')
    await page.getByRole('button', { name: 'Close the editor' }).click()
    await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor()
  }],
  ['overview', `/servers/${S1}/overview`, async (page) => {
    await page.getByText('24 h').click()
    await page.waitForTimeout(900)
  }],
  ['overview-gap', `/servers/${S1}/overview`, async (page) => {
    await page.getByText('24 h').click()
    await page.waitForTimeout(900)
    const plot = await page.locator('.u-over').first().boundingBox()
    const places = () => page.locator('figure').evaluateAll((figures) => figures.map((figure) => Math.round(figure.getBoundingClientRect().top)).join())
    const before = await places()
    await page.mouse.move(plot.x + plot.width / 2, plot.y + 40)
    await page.mouse.move(plot.x + (plot.width * 14) / 24, plot.y + 40)
    await page.waitForTimeout(200)
    if ((await places()) !== before) throw new Error('hovering a chart moves the page')
    if (!/CPU\d\d:\d\d:\d\d–/.test(await page.locator('figure').first().innerText().then((text) => text.replace(/\s/g, '')))) throw new Error('empty time shows a value')
  }],
  ['overview-reloaded', `/servers/${S1}/overview`, async (page) => {
    await page.getByText('7 d').click()
    await page.waitForURL(/range=week/)
    await page.reload()
    await page.waitForFunction(() => document.querySelector('[name=range]:checked')?.parentElement.textContent === '7 d', undefined, { timeout: 10_000 })
    await page.waitForTimeout(900)
  }],
  ['overview-young', `/servers/${S1}/overview?mock=young`, async (page) => {
    await page.getByText('24 h').click()
    await page.waitForTimeout(900)
  }],
  ['overview-live', `/servers/${S1}/overview`, async (page) => {
    await page.waitForTimeout(12_000)
    await page.mouse.move(500, 380)
    await page.waitForTimeout(300)
  }],
  ['overview-untold', `/servers/${S2}/overview?mock=untold`, (page) => page.getByText('This game gives no number of players').waitFor()],
  ['players-untold', `/servers/${S2}/players?mock=untold`, (page) => page.getByText('This game gives no number of players').waitFor()],
  ['players', `/servers/${S1}/players`],
  ['settings', `/servers/${S1}/settings`],
  ['delete', `/servers/${S1}/settings`, click('button', 'Delete server')],
  ['allocations', `/servers/${S1}/allocations`],
  ['members', `/servers/${S1}/members`],
  ['allocation-replace', `/servers/${S1}/allocations`, async (page) => {
    await page.getByRole('button', { name: /^Replace / }).first().click()
    await page.getByRole('dialog').waitFor()
  }],
  ['member-add', `/servers/${S1}/members`, click('button', 'Add member')],
  ['activity', `/servers/${S1}/activity`],
  ['activity-unfolded', `/servers/${S1}/activity`, async (page) => {
    await page.getByText('Created the server').scrollIntoViewIfNeeded()
    await page.getByRole('row').filter({ hasText: 'Created the server' }).locator('summary').click()
    await page.getByText('server.create').scrollIntoViewIfNeeded()
  }],
  ['activity-sftp', `/servers/${S1}/activity`, async (page) => {
    await page.getByText('3 paths').click()
    await page.getByText('oa_shine.pk3').scrollIntoViewIfNeeded()
  }],
  ['console-long', `/servers/${S1}/console?mock=long`, (page) => page.waitForTimeout(600)],
  ['overview-away', `/servers/${S5}/overview`, (page) => page.waitForTimeout(600)],
  ['console-revoked', `/servers/${S1}/console?mock=revoked`, gone],
  ['console-reader', `/servers/${S1}/console?mock=reader`, (page) => page.waitForTimeout(600)],
  ['overview-revoked', `/servers/${S1}/overview?mock=revoked`, gone],
  ['overview-failing', `/servers/${S1}/overview?mock=failing-parts`, dayFails],
  ['players-failing', ...failing(`/servers/${S1}/players`, 'failing-parts')],
  ['players-loading', `/servers/${S1}/players?mock=loading-parts`],
  ['players-many', `/servers/${BIG}/players?mock=many`],
  ['players-away', `/servers/${S5}/players`],
  ['settings-failing', ...failing(`/servers/${S1}/settings`, 'failing-parts')],
  ['settings-loading', `/servers/${S1}/settings?mock=loading-parts`],
  ['settings-reader', `/servers/${S1}/settings?mock=reader`],
  ['settings-away', `/servers/${S5}/settings`],
  ['allocations-failing', ...failing(`/servers/${S1}/allocations`, 'failing-parts')],
  ['allocations-loading', `/servers/${S1}/allocations?mock=loading-parts`],
  ['allocations-reader', `/servers/${S1}/allocations?mock=reader`],
  ['members-failing', ...failing(`/servers/${S1}/members`, 'failing-parts')],
  ['members-loading', `/servers/${S1}/members?mock=loading-parts`],
  ['members-reader', `/servers/${S1}/members?mock=reader`],
  ['members-revoked', `/servers/${S1}/members?mock=revoked`, gone],
  ['member-edit', `/servers/${S1}/members`, async (page) => {
    await page.getByRole('button', { name: 'Change rights: Jonas Berg' }).click()
    await page.getByRole('group', { name: /^Files/ }).scrollIntoViewIfNeeded()
  }],
  ['activity-failing', ...failing(`/servers/${S1}/activity`, 'failing-parts')],
  ['activity-loading', `/servers/${S1}/activity?mock=loading-parts`],
  ['activity-many', `/servers/${S1}/activity?mock=crowd`],
  ['overview-loading', `/servers/${S1}/overview?mock=loading`, framed],
  ['server-failing', ...failing(`/servers/${S1}/console`)],
  ['server-expelled', `/servers/${S1}/settings?mock=expelled`, async (page) => {
    await page.getByRole('button', { name: 'Restart', exact: true }).waitFor()
    await page.getByRole('heading', { name: 'There is no such server any more' }).waitFor()
    if (await page.getByText('Friday fragfest').count()) throw new Error('something of the server is left')
    if (await page.getByRole('button', { name: 'Restart', exact: true }).count()) throw new Error('it can still be restarted')
  }],
  ['console-expelled', `/servers/${S1}/console?mock=expelled`, async (page) => {
    await page.getByRole('heading', { name: 'There is no such server any more' }).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Go to servers' }).click()
    await page.getByRole('heading', { name: 'Servers', level: 1 }).waitFor()
    await page.getByText('Hilltop village').first().waitFor()
    if (await page.getByText('Friday fragfest').count()) throw new Error('it is still listed')
  }],
  ['server-gone', `/servers/0193a0c0-0000-7000-8000-00000000ffff/console`],
  ['players-none', `/servers/${S4}/players`],
  ['settings-waiting', `/servers/${S1}/settings?mock=waiting`, async (page) => {
    await page.getByText('4 saved changes wait for a restart').waitFor()
    await page.getByText('Name in game, Players at most, Limits, Addresses').waitFor()
  }],
  ['settings-restarted', `/servers/${S1}/settings`, async (page) => {
    await page.getByRole('button', { name: 'Restart now' }).click()
    await page.getByText('Running').first().waitFor()
    await page.getByText('wait for a restart').waitFor({ state: 'detached' })
  }],
  ['allocations-waiting', `/servers/${S1}/allocations?mock=waiting`, (page) => page.getByText('2 saved changes wait for a restart').waitFor()],
  ['settings-held', `/servers/${S6}/settings`],
  ['settings-long', `/servers/${S1}/settings?mock=long`],
  ['allocations-long', `/servers/${S1}/allocations?mock=long`],
  ['members-long', `/servers/${S1}/members?mock=long`],
  ['activity-none', `/servers/${S6}/activity`],
  ['tray', `/servers/${S3}/settings`, async (page, narrow) => {
    await page.getByRole('button', { name: 'Reinstall' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reinstall' }).click()
    if (narrow) await page.getByRole('button', { name: 'Open navigation' }).click()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Servers' }).click()
    await page.getByText('Step 2 of 3').waitFor()
  }],
  ['tray-cancelled', `/servers/${S3}/settings`, async (page, narrow) => {
    await page.getByRole('button', { name: 'Reinstall' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reinstall' }).click()
    if (narrow) await page.getByRole('button', { name: 'Open navigation' }).click()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Servers' }).click()
    await page.getByRole('button', { name: 'Call off' }).click()
    await page.getByText('is called off').waitFor()
  }],
  ['tray-reloaded', '/servers', async (page) => {
    await page.evaluate(() => sessionStorage.setItem('gantry.operations', '["0193a0c0-0000-7000-8000-00000000138a"]'))
    await page.reload()
    await page.getByText('Start of Friday fragfest failed').waitFor()
  }],
  ['account', '/account'],
  ['account-keys', '/account', scrolled('App passwords')],
  ['account-keys-none', '/account?mock=no-credentials', scrolled('App passwords')],
  ['account-keys-long', '/account?mock=long', scrolled('App passwords')],
  ['account-keys-loading', '/account?mock=loading', scrolled('App passwords')],
  ['account-keys-failing', '/account?mock=failing', async (page) => {
    await page.getByRole('alert').first().waitFor({ timeout: 15_000 })
    await scrolled('App passwords')(page)
  }],
  ['ssh-key-add', '/account', async (page) => {
    await page.getByRole('button', { name: 'Add key' }).click()
    await page.getByLabel('Public key').fill('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMZ0cX1pY1mJ0Yx2gq5nqkW8S5N1b7mKc3Hq0h2y7w9L ada@workshop')
  }],
  ['ssh-key-private', '/account', async (page) => {
    await page.getByRole('button', { name: 'Add key' }).click()
    await page.getByLabel('Public key').fill('-----BEGIN OPENSSH PRIVATE KEY-----')
    await page.getByText('was not sent').waitFor()
  }],
  ['ssh-key-wrong', '/account', async (page) => {
    await page.getByRole('button', { name: 'Add key' }).click()
    await page.getByLabel('Public key').fill('ssh-ed25519 AAAA ada@workshop')
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click()
    await page.getByText('The key is not whole').waitFor()
  }],
  ['ssh-key-remove', '/account', async (page) => {
    await page.getByRole('button', { name: 'Remove: ada@laptop' }).click()
    await page.getByRole('dialog').waitFor()
  }],
  ['app-password-add', '/account', click('button', 'Make password')],
  ['app-password-made', '/account', async (page) => {
    await page.getByRole('button', { name: 'Make password' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('WinSCP')
    await page.getByRole('dialog').getByRole('button', { name: 'Make password' }).click()
    await page.getByLabel('App password', { exact: true }).waitFor()
    // Nothing but its own button takes away what is shown only once.
    await page.keyboard.press('Escape')
    await page.mouse.click(4, 4)
    const copy = page.getByRole('dialog').getByRole('button', { name: /^Cop/ })
    if (!(await copy.evaluate((button) => button === document.activeElement))) throw new Error(`the focus is not on what copies but on ${await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))}`)
    if ((await page.getByRole('dialog').getByRole('button').count()) !== 2) throw new Error('more than two buttons')
  }],
  ['account-menu', '/servers', async (page) => {
    await page.getByRole('button', { name: 'Account' }).click()
    await page.getByRole('menuitem').first().waitFor()
  }],
  ['row-menu', '/servers', async (page, narrow) => {
    if (narrow) return
    await page.getByRole('button', { name: 'More actions: Friday' }).click()
    await page.getByRole('menuitem').first().waitFor()
    await page.getByRole('button', { name: 'Collapse navigation' }).hover()
    await page.getByRole('tooltip').waitFor()
  }],
  ['nodes', '/admin/nodes'],
  ['nodes-empty', '/admin/nodes?mock=empty'],
  ['node', `/admin/nodes/${N1}`, async (page) => {
    await page.getByText('24 h').click()
    await page.waitForTimeout(900)
  }],
  ['node-parts', `/admin/nodes/${N1}`, async (page) => {
    await page.getByText('24 h').click()
    await page.getByRole('img', { name: /^Core 0:/ }).waitFor()
    await page.getByRole('heading', { name: 'Part by part' }).scrollIntoViewIfNeeded()
    await page.waitForTimeout(300)
  }],
  ['node-parts-disks', `/admin/nodes/${N1}`, async (page) => {
    await page.getByText('24 h').click()
    await page.getByText('Disks', { exact: true }).click()
    await page.getByRole('img', { name: /^nvme0n1/ }).waitFor()
    await page.getByRole('img', { name: /^nvme1n1/ }).scrollIntoViewIfNeeded()
    await page.waitForTimeout(900)
  }],
  ['node-live', `/admin/nodes/${N1}`, async (page) => {
    await page.getByRole('meter', { name: 'Core 31' }).waitFor()
    await page.waitForTimeout(8_000)
    await page.mouse.move(500, 380)
    await page.waitForTimeout(300)
  }],
  ['node-cores', `/admin/nodes/${N1}?mock=many-cores`, async (page) => {
    await page.getByRole('meter', { name: 'Core 255' }).scrollIntoViewIfNeeded()
  }],
  ['node-promised', `/admin/nodes/${N1}`, async (page) => {
    await page.getByRole('meter', { name: 'Core 31' }).waitFor()
    await page.getByText('Promised to servers').scrollIntoViewIfNeeded()
  }],
  ['node-system', `/admin/nodes/${N1}/system`, (page) => page.getByRole('meter', { name: 'k10temp Tctl' }).waitFor()],
  ['node-system-end', `/admin/nodes/${N1}/system`, async (page) => {
    await page.getByRole('meter', { name: 'k10temp Tctl' }).waitFor()
    await page.getByRole('table', { name: 'Network interfaces' }).scrollIntoViewIfNeeded()
  }],
  ['node-away-live', `/admin/nodes/${N2}`, (page) => page.getByText('Live', { exact: true }).last().click()],
  ['node-system-away', `/admin/nodes/${N2}/system`, titled('System · fra-2 · Gantry')],
  ['node-allocations', `/admin/nodes/${N1}/allocations`],
  ['node-fresh', `/admin/nodes/${N3}`],
  ['node-fresh-system', `/admin/nodes/${N3}/system`],
  ['node-loading', `/admin/nodes/${N1}?mock=loading`, framed],
  ['node-failing', ...failing(`/admin/nodes/${N1}`)],
  ['node-add', '/admin/nodes', click('button', 'Add node')],
  ['node-drain', `/admin/nodes/${N1}`, click('button', 'Drain')],
  ['node-draining', `/admin/nodes/${N1}?mock=draining`, (page) => page.getByRole('table', { name: 'Servers' }).waitFor()],
  ['node-drained', `/admin/nodes/${N1}?mock=drained`, (page) => page.getByText('This node is drained').waitFor()],
  ['node-drain-long', `/admin/nodes/${N2}?mock=drain-unheard`, (page) => page.getByText('has not heard of it').waitFor()],
  ['node-drain-change', `/admin/nodes/${N1}?mock=draining`, click('button', 'Change')],
  ['node-drain-end', `/admin/nodes/${N1}?mock=draining`, click('button', 'End drain')],
  ['nodes-draining', '/admin/nodes?mock=draining'],
  ['server-draining', `/servers/${S1}/overview?mock=draining`, async (page) => {
    await page.getByText('The node is being drained').waitFor()
    for (const name of ['Start', 'Restart']) if ((await page.getByRole('button', { name, exact: true }).getAttribute('aria-disabled')) !== 'true') throw new Error(`${name} is offered while the node is drained`)
  }],
  ['node-enroll', `/admin/nodes/${N1}`, async (page) => {
    await page.getByRole('button', { name: 'New enrollment' }).click()
    await page.getByText('gantryd enroll').waitFor()
  }],
  ['allocations-add', `/admin/nodes/${N1}/allocations`, async (page) => {
    await page.getByRole('button', { name: 'Add allocations' }).click()
    await page.getByLabel('Ports').fill('27960-27970')
    await page.getByLabel('IP address').fill('nonsense')
    await page.getByLabel('Ports').focus()
  }],
  ['locations', '/admin/locations'],
  ['plugins', '/admin/plugins'],
  ['plugin-upload', '/admin/plugins', click('button', 'Upload plugin')],
  ['plugin-replace', '/admin/plugins', async (page) => {
    await offer(page, { id: 'openarena', name: 'OpenArena', version: '0.2.0', author: 'Ada Moreau', description: 'OpenArena with our own maps.', licence: 'Apache-2.0', capabilities: [{ name: 'query', reason: 'Asks the game for its map, its players and their pings.' }, { name: 'download', reason: 'Fetches the maps of your clan.', hosts: ['maps.example.org', '*.githubusercontent.com'] }, { name: 'kv', reason: 'Remembers who won.', quota_kib: 256 }] })
    await page.getByRole('button', { name: 'Install plugin' }).click()
    await page.getByRole('button', { name: 'Replace it' }).waitFor()
  }],
  ['plugin-replaced', '/admin/plugins', async (page) => {
    await offer(page, { id: 'luanti', name: 'Luanti', version: '0.2.0', capabilities: [] })
    await page.getByRole('button', { name: 'Install plugin' }).click()
    await page.getByRole('button', { name: 'Replace it' }).click()
    await page.getByText('Luanti is installed').waitFor()
    await offer(page, { id: 'luanti', name: 'Luanti', version: '0.1.1', capabilities: [] })
    await page.getByRole('button', { name: 'Install plugin' }).click()
    await page.getByText('which is later').waitFor()
  }],
  ['plugin-large', '/admin/plugins', async (page) => {
    await page.getByRole('button', { name: 'Upload plugin' }).click()
    await page.getByLabel('Plugin file').setInputFiles({ name: 'large.wasm', mimeType: 'application/wasm', buffer: Buffer.alloc(9 * 1024 ** 2) })
    await page.getByRole('alert').waitFor()
  }],
  ['plugins-updates', '/admin/plugins?mock=updates', (page) => page.getByText('asks for more than').waitFor()],
  ['plugins-disabled', '/admin/plugins?mock=disabled', (page) => page.getByText('Its servers go on.').waitFor()],
  ['plugin-menu', '/admin/plugins?mock=updates', async (page) => {
    await page.getByRole('button', { name: 'More for OpenArena' }).click()
    await page.getByRole('menuitem', { name: 'Versions' }).waitFor()
  }],
  ['plugin-grants', '/admin/plugins?mock=updates', async (page) => {
    await page.getByRole('button', { name: 'Decide' }).click()
    await page.getByText('goes further').waitFor()
  }],
  ['plugin-releases', '/admin/plugins?mock=updates', async (page) => {
    await page.getByRole('button', { name: 'More for OpenArena' }).click()
    await page.getByRole('menuitem', { name: 'Versions' }).click()
    await page.getByText('Waits for a grant').waitFor()
  }],
  ['plugin-release-remove', '/admin/plugins?mock=updates', async (page) => {
    await page.getByRole('button', { name: 'More for Luanti' }).click()
    await page.getByRole('menuitem', { name: 'Versions' }).click()
    await page.locator('button[aria-label^="Remove version"]:not([aria-disabled="true"])').first().click()
    await page.getByRole('heading', { name: /^Remove version .*\?$/ }).waitFor()
  }],
  ['plugin-releases-failed', '/admin/plugins?mock=updates', async (page) => {
    await page.getByRole('button', { name: 'More for Luanti' }).click()
    await page.getByRole('menuitem', { name: 'Versions' }).click()
    await page.getByText('Failed', { exact: true }).waitFor()
  }],
  ['plugin-failures', '/admin/plugins?mock=updates', async (page) => {
    await page.getByRole('button', { name: 'More for Luanti' }).click()
    await page.getByRole('menuitem', { name: 'What went wrong' }).click()
    for (const version of ['0.2.0', '0.1.0']) await page.getByRole('heading', { name: `Version ${version}` }).waitFor()
    await page.getByText('reported 214 times').waitFor()
  }],
  ['plugins-held', '/admin/plugins?mock=held', async (page) => {
    for (const version of ['0.1.0', '0.0.9']) await page.getByText(`Version ${version} is on hold for`).waitFor()
  }],
  ['plugin-conduct', '/admin/plugins', (page) => conductOf(page, 'OpenArena', 'nyc-1')],
  ['plugin-conduct-held', '/admin/plugins?mock=held', (page) => conductOf(page, 'OpenArena', 'times in a row')],
  ['plugin-conduct-lifted', '/admin/plugins?mock=held', async (page) => {
    await conductOf(page, 'OpenArena', 'times in a row')
    await page.getByRole('button', { name: 'Lift hold' }).first().click()
    await page.getByText('OpenArena is asked again').waitFor()
  }],
  ['plugin-records', '/admin/plugins?mock=held', async (page) => {
    await conductOf(page, 'OpenArena', 'times in a row')
    await recordsOf(page, 'hooks.handle')
    const fetched = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download record: collector.collect' }).click()
    const name = (await fetched).suggestedFilename()
    if (name !== 'openarena-aaaaaaaaaaaa.jsonl') throw new Error(`the record is called ${name}`)
    await page.getByRole('button', { name: 'Download record: hooks.handle' }).scrollIntoViewIfNeeded()
  }],
  ['plugin-records-gone', '/admin/plugins?mock=held', async (page) => {
    await conductOf(page, 'OpenArena', 'times in a row')
    await recordsOf(page, 'hooks.handle')
    await page.getByRole('button', { name: 'Download record: actions.perform' }).click()
    await page.getByRole('alert').scrollIntoViewIfNeeded()
  }],
  ['plugin-records-none', '/admin/plugins', async (page) => {
    await conductOf(page, 'OpenArena', 'nyc-1')
    await recordsOf(page, 'No call is kept')
  }],
  ['plugin-conduct-none', '/admin/plugins', (page) => conductOf(page, 'Luanti', 'Nobody has asked it yet')],
  ['plugin-conduct-loading', '/admin/plugins?mock=loading-parts', (page) => conductOf(page, 'OpenArena', 'How OpenArena runs')],
  ['plugin-conduct-failing', '/admin/plugins?mock=failing-parts', async (page) => {
    await conductOf(page, 'OpenArena', 'How OpenArena runs')
    await page.getByRole('alert').waitFor({ timeout: 15_000 })
  }],
  ['plugin-log', '/admin/plugins?mock=held', (page) => logOf(page, 'fra-1', 'Server Initialization')],
  ['plugin-log-filter', '/admin/plugins?mock=held', async (page) => {
    await logOf(page, 'fra-1', 'Server Initialization')
    await page.getByLabel('Kinds').selectOption('Warnings and worse')
    await page.getByLabel('Find').fill('packet')
    await page.getByText('1 of 8 lines').waitFor()
  }],
  ['plugin-log-none', '/admin/plugins', (page) => logOf(page, 'Control plane', 'It wrote nothing')],
  ['plugin-secrets', '/admin/plugins?mock=secrets', async (page) => {
    await page.getByRole('button', { name: 'More for OpenArena' }).click()
    await page.getByRole('menuitem', { name: 'Secrets' }).click()
    await page.getByRole('button', { name: 'Store webhook' }).click()
    await page.getByLabel('Secret for webhook').fill('https://example.org/hush')
  }],
  ['plugins-listens', '/admin/plugins?mock=listens', (page) => page.getByText('Discord notifier').waitFor()],
  ['plugin-settings', '/admin/plugins?mock=listens', async (page) => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByLabel('Webhook URL').waitFor()
  }],
  ['plugin-settings-wrong', '/admin/plugins?mock=listens', async (page) => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await page.getByLabel('Webhook URL').fill('https://example.com/hook')
    await page.getByText('It begins with https://discord.com').waitFor()
  }],
  ['plugin-events', '/admin/plugins?mock=told', async (page) => {
    await page.getByRole('button', { name: 'Events', exact: true }).click()
    await page.getByText('8 attempts').first().waitFor()
  }],
  ['plugin-events-none', '/admin/plugins?mock=listens', async (page) => {
    await page.getByRole('button', { name: 'Events', exact: true }).click()
    await page.getByText('Nothing was told yet').waitFor()
  }],
  ['plugin-pull', '/admin/plugins', async (page) => {
    await page.getByRole('button', { name: 'From a registry' }).click()
    await page.getByLabel('Reference').fill('ghcr.io/acme/luanti:1.4.0')
  }],
  ['plugin-pull-refused', '/admin/plugins', async (page) => {
    await page.getByRole('button', { name: 'From a registry' }).click()
    await page.getByLabel('Reference').fill('quay.io/acme/luanti:1.4.0')
    await page.getByRole('button', { name: 'Install plugin' }).click()
    await dialog(page).getByRole('link', { name: 'Trust policy' }).waitFor()
  }],
  ['trust', `${TRUST}?mock=trust`, (page) => page.getByText('acme-panel').first().waitFor()],
  ['trust-lower', `${TRUST}?mock=trust`, async (page) => {
    await page.getByText('acme-panel').first().waitFor()
    await page.getByRole('heading', { name: 'Sign-in for private registries' }).evaluate((heading) => heading.scrollIntoView({ block: 'center' }))
  }],
  ['trust-unwritten', TRUST, (page) => page.getByText('Nobody has written a policy yet').waitFor()],
  ['trust-keyless', `${TRUST}?mock=trust-keyless`, (page) => page.getByText('refused until there is a key').waitFor()],
  ['trust-open', `${TRUST}?mock=trust-open`],
  ['trust-long', `${TRUST}?mock=trust-long`],
  ['trust-loading', `${TRUST}?mock=loading`],
  ['trust-failing', ...failing(TRUST)],
  ['trust-forbidden', `${TRUST}?mock=limited`],
  ['trust-registry', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Allow a registry' }).click()
    await dialog(page).getByLabel('Registry', { exact: true }).fill('ghcr.io/acme/quake')
    await dialog(page).getByText('if signed by “Acme 2026”').waitFor()
  }],
  ['trust-registry-wrong', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Allow a registry' }).click()
    await dialog(page).getByLabel('Registry', { exact: true }).fill('Acme')
    await save(page)
    await dialog(page).getByText('is no reference').waitFor()
    if (await dialog(page).getByText('From Acme').count()) throw new Error('it says what is taken from what is no registry')
  }],
  ['trust-registry-keyless', TRUST, async (page) => {
    await page.getByRole('button', { name: 'Allow a registry' }).click()
    await dialog(page).getByLabel('Registry', { exact: true }).fill('ghcr.io/acme')
    await save(page)
    await dialog(page).waitFor({ state: 'detached' })
    await page.getByText('Nothing is taken from ghcr.io/acme yet').waitFor()
  }],
  ['trust-key-garbage', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Trust a key' }).click()
    await dialog(page).getByLabel('Public key').fill('garbage')
    await save(page)
    await dialog(page).getByText('This is no public key').waitFor()
  }],
  ['trust-rival', `${TRUST}?mock=trust-rival`, async (page) => {
    await page.getByRole('button', { name: 'Allow a registry' }).click()
    await dialog(page).getByLabel('Registry', { exact: true }).fill('quay.io/acme')
    await save(page)
    await dialog(page).getByText('Somebody else changed').waitFor()
  }],
  ['trust-rival-again', `${TRUST}?mock=trust-rival`, async (page) => {
    await page.getByRole('button', { name: 'Allow a registry' }).click()
    await dialog(page).getByLabel('Registry', { exact: true }).fill('quay.io/acme')
    await save(page)
    await dialog(page).getByText('Somebody else changed').waitFor()
    await page.getByText('registry.example.org/games').first().waitFor({ state: 'attached' })
    await save(page)
    await dialog(page).waitFor({ state: 'detached' })
    for (const both of ['quay.io/acme', 'registry.example.org/games']) await page.getByRole('list', { name: 'Registries' }).getByText(both, { exact: true }).waitFor()
  }],
  ['trust-registry-remove', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Remove: registry.lan:5000' }).click()
    await dialog(page).waitFor()
  }],
  ['trust-key', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Trust a key' }).click()
    await dialog(page).getByLabel('Public key').fill(PEM)
    await dialog(page).getByText('Compare it').waitFor()
    await dialog(page).getByLabel('Name').fill('Acme release')
  }],
  ['trust-key-private', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Trust a key' }).click()
    await dialog(page).getByLabel('Public key').fill('-----BEGIN PRIVATE KEY-----\nMC4CAQ')
    await dialog(page).getByText('whoever has it can sign').waitFor()
  }],
  ['trust-key-wrong', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Edit: Bob of the Tuesday league' }).click()
    await dialog(page).getByText('Compare it').waitFor()
    await dialog(page).getByLabel('For what is in these registries').fill('ghcr.io/Bob')
    await save(page)
    await dialog(page).getByText('is no reference').waitFor()
  }],
  ['trust-pin', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Pin a plugin' }).click()
    await dialog(page).getByLabel('Plugin').fill('openarena')
    await dialog(page).getByRole('button', { name: /which is installed/ }).waitFor()
  }],
  ['trust-login', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Add a sign-in' }).click()
    await dialog(page).getByLabel('Registry', { exact: true }).fill('registry.lan:5000')
    await dialog(page).getByLabel('User name').fill('panel')
    await dialog(page).getByLabel('Password or access token').fill('hush')
  }],
  ['trust-login-wrong', `${TRUST}?mock=trust`, async (page) => {
    await page.getByRole('button', { name: 'Replace: registry-1.docker.io/acme' }).click()
    await dialog(page).getByLabel('Token service').fill('https://auth.docker.io')
    await dialog(page).getByLabel('Password or access token').fill('hush')
    await save(page)
    await dialog(page).getByText('Write the host alone').waitFor()
  }],
  ['plugin-upload-package', '/admin/plugins?mock=trust', (page) => offerPackage(page, true)],
  ['plugin-upload-unsigned', '/admin/plugins?mock=trust', (page) => offerPackage(page, false)],
  ['plugin-upload-sending', '/admin/plugins?mock=trust', async (page) => {
    await offerPackage(page, true)
    await page.getByRole('button', { name: 'Install plugin' }).click()
    await dialog(page).getByRole('progressbar').waitFor()
    await page.waitForTimeout(900)
  }],
  ['plugin-upload-refused', '/admin/plugins?mock=trust', async (page) => {
    await offer(page, QUAKE)
    await page.getByRole('button', { name: 'Install plugin' }).click()
    await dialog(page).getByRole('link', { name: 'Trust policy' }).waitFor()
    await dialog(page).getByText('only if it is pinned').first().waitFor()
  }],
  ['settings-release', `/servers/${S1}/settings?mock=updates`, async (page) => {
    await page.getByText('Version 0.2.0 is there').waitFor()
    await scrolled('Version of the plugin')(page)
  }],
  ['people', '/admin/people'],
  ['audit', '/admin/audit'],
  ['nodes-long', '/admin/nodes?mock=long'],
  ['nodes-loading', '/admin/nodes?mock=loading'],
  ['nodes-failing', ...failing('/admin/nodes')],
  ['nodes-forbidden', '/admin/nodes?mock=limited'],
  ['node-away', `/admin/nodes/${N2}`],
  ['node-long', `/admin/nodes/${N1}?mock=long`],
  ['locations-empty', '/admin/locations?mock=empty'],
  ['locations-long', '/admin/locations?mock=long'],
  ['plugin-import', '/admin/plugins', click('button', 'Import a game')],
  ['plugin-import-reading', '/admin/plugins', async (page) => {
    await importEgg(page, 'slow-egg.json', '{"name":1}', (dialog) => dialog.getByText('Reading slow-egg.json'))
    await page.getByRole('button', { name: 'Install game' }).hover()
    await page.getByText('The file is still being read.').first().waitFor()
  }],
  ['plugin-import-losses', '/admin/plugins', (page) => importEgg(page, 'egg-terraria.json', '{"name":1}', (dialog) => dialog.getByText('gsl_token'))],
  ['plugin-import-plain', '/admin/plugins', (page) => importEgg(page, 'egg-plain.json', '{"name":1}', (dialog) => dialog.getByText('Everything in it was kept.'))],
  ['plugin-import-document', '/admin/plugins', async (page) => {
    await importEgg(page, 'egg-plain.json', '{"name":1}', (dialog) => dialog.getByText('Everything in it was kept.'))
    await page.getByText('The document that becomes the plugin').first().click()
    await page.getByRole('textbox', { name: 'The document' }).fill('{}')
    await page.getByRole('button', { name: 'Check again' }).scrollIntoViewIfNeeded()
  }],
  ['plugin-import-wrong', '/admin/plugins', (page) => importEgg(page, 'notes.json', '{}', (dialog) => dialog.getByRole('alert'))],
  ['plugins-empty', '/admin/plugins?mock=empty'],
  ['plugins-failing', ...failing('/admin/plugins')],
  ['people-limits', '/admin/people?mock=tight', async (page) => {
    await page.getByRole('button', { name: 'Limits: Ada Moreau' }).click()
    await page.getByRole('dialog').getByLabel('Memory').waitFor()
  }],
  ['people-long', '/admin/people?mock=long'],
  ['audit-failing', ...failing('/admin/audit')],
  ['nodes-many', '/admin/nodes?mock=many'],
  ['node-parts-failing', `/admin/nodes/${N1}?mock=failing-parts`, dayFails],
  ['node-parts-loading', `/admin/nodes/${N1}?mock=loading-parts`],
  ['node-forbidden', `/admin/nodes/${N1}?mock=limited`],
  ['node-allocations-none', `/admin/nodes/${N3}/allocations`],
  ['node-allocations-many', `/admin/nodes/${N1}/allocations?mock=many`],
  ['node-allocations-failing', ...failing(`/admin/nodes/${N1}/allocations`, 'failing-parts')],
  ['locations-loading', '/admin/locations?mock=loading'],
  ['locations-failing', ...failing('/admin/locations')],
  ['plugins-loading', '/admin/plugins?mock=loading'],
  ['plugins-many', '/admin/plugins?mock=many', async (page) => {
    await page.getByRole('searchbox', { name: 'Search plugins' }).fill('luanti egg')
    const cards = page.getByRole('article')
    await cards.first().waitFor()
    if (await cards.filter({ hasText: 'OpenArena' }).count()) throw new Error('it shows what was not searched for')
    if (await cards.getByText('Licence').count()) throw new Error('a row has nothing in it')
  }],
  ['plugins-no-match', '/admin/plugins?mock=many', async (page) => {
    await page.getByRole('searchbox', { name: 'Search plugins' }).fill('zzz')
    await page.getByText('No plugin matches').waitFor()
  }],
  ['plugins-long', '/admin/plugins?mock=long'],
  ['people-loading', '/admin/people?mock=loading'],
  ['people-failing', ...failing('/admin/people')],
  ['people-many', '/admin/people?mock=many'],
  ['person-add', '/admin/people', click('button', 'Add person')],
  ['audit-loading', '/admin/audit?mock=loading'],
  ['audit-empty', '/admin/audit?mock=audit-empty'],
  ['audit-many', '/admin/audit?mock=many', async (page) => {
    await page.locator('main').evaluate((main) => main.scrollTo(0, 9_000))
    await page.waitForTimeout(500)
  }],
  ['create-long', '/servers/new?mock=long'],
  ['palette-many', '/servers?mock=many', async (page) => {
    await page.getByRole('heading', { level: 1, name: /Servers|Friday/ }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('fragfest')
    await page.waitForTimeout(500)
  }],
  ['palette-power', '/servers', async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('stop')
    await page.getByRole('option', { name: 'Stop Hilltop village' }).waitFor()
    if (await page.getByRole('option', { name: /Clan war practice/ }).count()) throw new Error('what is off can be stopped')
    await page.getByRole('dialog').getByRole('combobox').fill('stop clan')
    await page.getByRole('option', { name: /Stop Clan war practice.*It is not running/ }).waitFor()
    await page.getByRole('dialog').getByRole('combobox').fill('stop')
    await page.getByRole('option', { name: 'Stop Hilltop village' }).waitFor()
  }],
  ['palette-power-name', '/servers', async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('hilltop')
    await page.getByRole('option', { name: 'Restart Hilltop village' }).waitFor()
  }],
  ['palette-power-done', '/servers', async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('stop hill')
    await page.getByRole('option', { name: 'Stop Hilltop village' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('row').filter({ hasText: 'Hilltop village' }).getByText('Offline').waitFor()
  }],
  ['palette-none', '/servers', async (page) => {
    await page.getByRole('heading', { level: 1, name: /Servers|Friday/ }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('zzzz')
    await page.waitForTimeout(200)
  }],
  ['palette', `/servers/${S1}/console`, async (page) => {
    await page.waitForTimeout(400)
    await page.getByRole('heading', { level: 1, name: /Servers|Friday/ }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
    await page.waitForTimeout(200)
  }],
  ['rail', '/servers', async (page, narrow) => {
    await page.getByRole('button', { name: narrow ? 'Open navigation' : 'Collapse navigation' }).click()
    await page.waitForTimeout(250)
  }],
  ['not-found', '/nowhere'],
]

/** Scenes of columns, which get tight long before a phone's layout takes over. */
const COLUMNS = new Set([
  'servers', 'servers-long', 'servers-many', 'servers-columns', 'servers-picked', 'create-choose', 'create-resources', 'create-resources-tight', 'nodes', 'nodes-long', 'nodes-many', 'node', 'node-allocations-many',
  'locations-long', 'people', 'people-long', 'people-many', 'audit', 'audit-many', 'plugins', 'plugins-long', 'plugin-releases', 'allocations', 'members', 'activity', 'schedules', 'schedules-long', 'schedule-runs-failed', 'schedule-new',
])

/** What is drawn past the edge of the card or the row that it is in; what is cut off or scrolls on purpose is not. */
const spilled = () => [...document.querySelectorAll('main :is(section, article, [role=row])')]
  .filter((box) => getComputedStyle(box).position !== 'absolute' && box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === 'visible')
  .map((box) => `${box.getAttribute('role') ?? box.localName} “${(box.getAttribute('aria-label') ?? box.textContent ?? '').trim().slice(0, 40)}” holds ${box.scrollWidth} px in ${box.clientWidth}`)

/** One scene: what is wrong with it, and whether that may be the doing of a network that came or went. */
async function look(name, path, act, size, viewport, theme) {
  const page = await browser.newPage({ viewport, colorScheme: theme, reducedMotion: 'reduce', hasTouch: size === 'phone', permissions: ['clipboard-read', 'clipboard-write'] })
  const told = []
  let spoiled = false
  const complain = (text) => told.push(text)
  page.on('requestfailed', (request) => (spoiled ||= request.failure()?.errorText === NETWORK_CHANGED))
  page.on('pageerror', (error) => complain(`error ${error.message}`))
  page.on('console', (message) => message.type() === 'error' && !/status of (4|5)\d\d|ApiError: /.test(message.text()) && complain(`console ${message.text().slice(0, 300)}`))
  try {
    await page.goto(url + path)
    await page.locator('h1, [role=alert], [role=status]').first().waitFor({ timeout: 20_000 })
    const loaded = () => (name.includes('loading') ? undefined : page.waitForFunction(() => !document.querySelector('.animate-pulse'), undefined, { timeout: 20_000 }))
    await loaded()
    await page.waitForTimeout(350)
    await act?.(page, size === 'phone')
    await page.waitForTimeout(200)
    await loaded()
    await page.screenshot({ path: `${options.screenshots}/${name}-${size}-${theme}.png` })
    const wider = await page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll('main')].map((main) => main.scrollWidth - main.clientWidth)))
    if (wider > 0) complain(`page is ${wider} px too wide`)
    for (const one of (await page.evaluate(spilled)).slice(0, 3)) complain(one)
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => globalThis.axe.run({ exclude: ['#tooltip'] }, { resultTypes: ['violations'], rules: { region: { enabled: !document.querySelector('[role=menu]') } } }))
    for (const one of violations) complain(`axe ${one.id}: ${one.nodes.slice(0, 2).map((node) => `${node.target.join(' ')} ${(node.failureSummary ?? '').split('\n')[1] ?? ''}`).join(' | ').slice(0, 400)}`)
  } catch (error) {
    complain(error.message.split('\n')[0])
    if (!spoiled) await page.screenshot({ path: `${options.screenshots}/${name}-${size}-${theme}-FAILED.png` })
  }
  await page.close()
  return { told, spoiled: spoiled && told.length > 0 }
}

/** Tells what is wrong with a scene, and how much; again where the machine's network changed. */
async function steady(name, path, act, size, viewport, theme) {
  for (let tries = 1; ; tries += 1) {
    const { told, spoiled } = await look(name, path, act, size, viewport, theme)
    if (spoiled && tries < MOST_TRIES) {
      console.log(`${name} ${size} ${theme}: once more, since the machine's network changed meanwhile`)
      continue
    }
    for (const text of told) console.log(`${name} ${size} ${theme}: ${text}`)
    return told.length
  }
}

const only = options.only?.split(',')
for (const name of COLUMNS) if (!SCENES.some(([known]) => known === name)) throw new Error(`no scene is called ${name}`)
const themes = options.theme ? [options.theme] : ['dark', 'light']
mkdirSync(options.screenshots, { recursive: true })
const { url, stop } = await serve(options.url)
const browser = await launch()
let faults = 0
try {
  const sizes = [['wide', WIDE], ['laptop', LAPTOP], ['phone', PHONE]].filter(([size]) => !options.size || options.size === size)
  const scenes = SCENES.filter(([name]) => !only || only.includes(name))
  const wanted = themes.flatMap((theme) => sizes.flatMap((size) => scenes.filter(([name]) => size[0] !== 'laptop' || COLUMNS.has(name)).map(([name, path, act]) => [name, path, act, ...size, theme])))
  const lookOn = async () => {
    for (let next = wanted.shift(); next; next = wanted.shift()) {
      // Apart from the sum: others add to it meanwhile.
      const found = await steady(...next)
      faults += found
    }
  }
  await Promise.all(Array.from({ length: Number(options['at-once']) }, lookOn))
} finally {
  await browser.close()
  await stop()
}
console.log(faults === 0 ? 'no faults' : `${faults} faults`)
process.exitCode = faults === 0 ? 0 : 1
