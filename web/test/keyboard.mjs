/**
 * Walks the panel by keyboard alone against the mock API: sign in, create a server, type a command, use the palette,
 * stop the server, work on its files, add a member. At every stop the focus has to be seen. `npm run keyboard -- [--url URL]`.
 */
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { launch, visit, WIDE } from './e2e/browser.mjs'

const { values: options } = parseArgs({ options: { url: { type: 'string' }, picture: { type: 'string' } } })
const MOST_TABS = 60

async function serve() {
  if (options.url) return { url: options.url, stop: () => undefined }
  const child = spawn('node', ['node_modules/vite/bin/vite.js', '--mode', 'mock', '--port', '5198', '--strictPort'], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => String(data).includes('5198') && resolve())
    child.on('exit', () => reject(new Error('vite ended')))
  })
  return { url: 'http://localhost:5198', stop: () => child.kill() }
}

/** Runs in the page: what has the focus, and whether a ring around it, or around what it stands in, can be seen. */
function focused() {
  const element = document.activeElement
  if (!element || element === document.body) return { name: 'nothing', seen: true }
  const outlined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
  const ringed = (style) => outlined(style) || /0px 0px 0px [1-9]/.test(style.boxShadow)
  // A ring around what is transparent is none: the terminal's textarea is, and the terminal has to wear the ring.
  const around = [element, element.parentElement, element.parentElement?.parentElement, element.closest('.xterm')].filter((one) => one && getComputedStyle(one).opacity !== '0')
  // An option that the combobox only points at is marked by its own background.
  const pointed = element.getAttribute('aria-activedescendant')
  const marked = pointed !== null && getComputedStyle(document.getElementById(pointed)).backgroundColor !== 'rgba(0, 0, 0, 0)'
  const seen = around.some((one) => ringed(getComputedStyle(one)) || outlined(getComputedStyle(one, '::after'))) || marked || element.matches('h1, #main')
  const name = element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent || ''
  return { name: `${element.tagName.toLowerCase()} “${name.trim().slice(0, 60)}”`, seen }
}

const { url, stop } = await serve()
const browser = await launch()
const page = await browser.newPage({ viewport: WIDE, reducedMotion: 'reduce' })
const faults = new Set()
let at = 'start'

async function look() {
  const { name, seen } = await page.evaluate(focused)
  if (!seen) faults.add(`${at}: the focus on ${name} cannot be seen`)
}
async function press(...keys) {
  for (const key of keys) await page.keyboard.press(key)
}
/** Tabs on until the element has the focus, looking at each stop. */
async function tabTo(locator, key = 'Tab') {
  await locator.waitFor()
  for (let i = 0; i < MOST_TABS; i += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) return look()
    await press(key)
    await look()
  }
  throw new Error(`${at}: ${String(locator)} is not reached by ${key}`)
}
const field = (name) => page.getByLabel(name, { exact: true }).first()
const button = (name) => page.getByRole('button', { name, exact: true }).first()

const WALK = {
  'sign in': async () => {
    await visit(page, `${url}/sign-in?mock=signed-out`)
    await tabTo(field('E-mail address'))
    await page.keyboard.type('ada@example.org')
    await tabTo(field('Password'))
    await page.keyboard.type('a sentence works well')
    await press('Enter')
    await page.getByRole('heading', { name: 'Servers' }).waitFor()
  },
  'create a server': async () => {
    await tabTo(page.getByRole('link', { name: 'Create server' }))
    await press('Enter')
    await page.getByText('What should it run?').waitFor()
    await tabTo(page.getByRole('main').getByRole('button', { name: /OpenArena/ }).or(page.getByRole('main').getByRole('link', { name: /OpenArena/ })).or(page.getByRole('main').getByRole('radio', { name: /OpenArena/ })).first())
    await press('Enter')
    await tabTo(field('Server name'))
    await press('Control+a')
    await page.keyboard.type('Keyboard arena')
    await tabTo(button('Continue'))
    await press('Enter')
    await page.getByText('Addresses', { exact: true }).first().waitFor()
    await tabTo(button('Continue'))
    await press('Enter')
    await page.getByText('Fetch the community maps').waitFor()
    await tabTo(button('Create server'))
    await press('Enter')
    await page.getByRole('heading', { name: 'Keyboard arena' }).waitFor()
    await page.getByText('Running', { exact: true }).first().waitFor({ timeout: 40_000 })
  },
  'type a console command': async () => {
    await tabTo(page.getByRole('textbox', { name: 'Command', exact: true }))
    await page.keyboard.type('status')
    await press('Enter')
    await page.waitForFunction(() => document.querySelector('form input')?.value === '')
  },
  'use the palette and stop': async () => {
    // Before that there is nothing to stop, and the palette says so.
    await page.getByText('Running', { exact: true }).first().waitFor()
    await press('Control+k')
    await page.getByRole('option').first().waitFor()
    await look()
    await page.keyboard.type('stop')
    await page.getByRole('option', { name: 'Stop Keyboard arena' }).waitFor()
    await press('ArrowDown', 'ArrowUp')
    await look()
    await press('Enter')
    await page.getByText('Offline', { exact: true }).first().waitFor()
    await tabTo(page.getByRole('button', { name: 'Account' }), 'Shift+Tab')
    await press('Enter')
    await page.getByRole('menuitem', { name: 'Account settings' }).waitFor()
    await press('Escape')
    await page.getByRole('menu').waitFor({ state: 'detached' })
    await tabTo(page.getByRole('button', { name: 'Account' }))
  },
  'select files and delete them': async () => {
    await tabTo(page.getByRole('link', { name: 'Files', exact: true }))
    await press('Enter')
    await page.getByRole('table', { name: 'Files' }).waitFor()
    await tabTo(page.getByRole('checkbox', { name: 'Select logs' }))
    await press('Space')
    await tabTo(page.getByRole('checkbox', { name: 'Select current' }))
    await press('Shift+Space')
    await page.getByText('4 selected').waitFor()
    await press('Delete')
    await page.getByRole('dialog').getByText('Delete 4 things?').waitFor()
    await tabTo(page.getByRole('dialog').getByRole('button', { name: 'Delete' }))
    await press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('checkbox', { name: 'Select logs' }).waitFor({ state: 'detached' })
    // What had the focus is gone with its row.
    await tabTo(page.getByRole('checkbox', { name: 'Select baseoa' }))
    await press('Control+a')
    await page.getByText('5 selected').waitFor()
    await press('Escape')
    await page.getByText('5 selected').waitFor({ state: 'detached' })
  },
  'make a folder and edit a file': async () => {
    await tabTo(page.getByRole('button', { name: 'New folder' }), 'Shift+Tab')
    await press('Enter')
    await page.getByRole('dialog').getByLabel('Name').waitFor()
    await page.keyboard.type('screenshots')
    await press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await tabTo(page.getByRole('link', { name: 'gantry.cfg' }))
    await press('Enter')
    await page.getByRole('textbox', { name: 'Content of gantry.cfg' }).waitFor()
    await look()
    await page.keyboard.type('// by hand ')
    await press('Control+s')
    await page.getByText('Saved', { exact: true }).waitFor()
    await tabTo(button('Close the editor'), 'Shift+Tab')
    await press('Enter')
    await page.getByRole('table', { name: 'Files' }).waitFor()
  },
  'add a member': async () => {
    await tabTo(page.getByRole('link', { name: 'Members', exact: true }), 'Shift+Tab')
    await press('Enter')
    await tabTo(page.getByRole('button', { name: 'Add member' }))
    await press('Enter')
    await tabTo(page.getByRole('dialog').getByLabel('E-mail address'))
    await page.keyboard.type('jonas@example.org')
    await tabTo(page.getByRole('dialog').getByRole('checkbox', { name: 'See which files the server has' }))
    await press('Space')
    await tabTo(page.getByRole('dialog').getByRole('button', { name: 'Add member' }))
    await press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  },
}

try {
  for (const [name, walk] of Object.entries(WALK)) {
    at = name
    await walk()
    console.log(`walked: ${name}`)
  }
} catch (error) {
  faults.add(`${at}: ${error.message.split('\n')[0]}`)
  if (options.picture) await page.screenshot({ path: options.picture })
} finally {
  await browser.close()
  stop()
}
for (const fault of faults) console.log(fault)
console.log(faults.size === 0 ? 'no faults' : `${String(faults.size)} faults`)
process.exitCode = faults.size === 0 ? 0 : 1
