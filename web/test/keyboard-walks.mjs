/**
 * The flows of the panel, each by keyboard alone, in an order in which one leads to the next. `keyboard.mjs` walks them.
 */
import { visit } from './e2e/browser.mjs'

const S1 = '0193a0c0-0000-7000-8000-0000000003e9'

export function walks({ page, url, press, tabTo, look, field, button }) {
  const dialog = () => page.getByRole('dialog')
  const closed = () => dialog().waitFor({ state: 'detached' })
  /** Goes somewhere by the palette. */
  async function go(place, title = place) {
    if (page.url() === 'about:blank') await begin('/servers')
    // Until the frame is there, nobody hears its keys.
    await page.getByRole('button', { name: 'Account' }).waitFor()
    await press('Control+k')
    await page.getByRole('option').first().waitFor()
    await page.keyboard.type(place)
    await page.getByRole('option', { name: place }).first().waitFor()
    await look()
    await press('Enter')
    // The page takes the focus to its heading once it stands; whoever walks on before that loses it.
    const heading = page.getByRole('heading', { name: title, level: 1 })
    await heading.waitFor()
    await page.waitForFunction((element) => element === document.activeElement, await heading.elementHandle())
  }
  /** Opens a menu and picks from it. */
  async function pick(opener, item, key = 'Tab') {
    await tabTo(opener, key)
    await press('Enter')
    const wanted = page.getByRole('menuitem', { name: item }).or(page.getByRole('menuitemcheckbox', { name: item })).first()
    await wanted.waitFor()
    for (let i = 0; i < 12 && !(await wanted.evaluate((element) => element === document.activeElement)); i += 1) {
      await press('ArrowDown')
      await look()
    }
    await press('Enter')
  }
  /** Ends a dialog by its button; it closes, or says something. */
  async function confirm(name, words) {
    await tabTo(dialog().getByRole('button', { name, exact: typeof name === 'string' }))
    await press('Enter')
    await (words ? said(words) : closed())
  }
  /** Somewhere by address, in the world that the mock API begins with. */
  async function begin(path) {
    if (page.url() !== 'about:blank') await page.evaluate(() => sessionStorage.clear())
    await visit(page, url + path)
  }
  const server = async (tab) => {
    await begin(`/servers/${S1}/${tab}`)
    await page.getByRole('heading', { name: 'Friday fragfest', level: 1 }).waitFor()
  }
  const said = (words) => page.getByText(words).first().waitFor()
  const retype = async (text) => {
    await press('Control+a')
    await page.keyboard.type(text)
  }

  return {
    'set up': async () => {
      await begin('/setup?mock=setup')
      await tabTo(field('One-time token'))
      await page.keyboard.type('a'.repeat(32))
      await tabTo(field('Your name'))
      await page.keyboard.type('Ada Moreau')
      await tabTo(field('E-mail address'))
      await page.keyboard.type('ada@example.org')
      await tabTo(field('Password'))
      await page.keyboard.type('a sentence works well')
      await tabTo(button('Create administrator'))
      await press('Enter')
      await page.getByRole('heading', { name: 'Servers', level: 1 }).waitFor()
    },
    'sign in': async () => {
      await begin('/sign-in?mock=signed-out')
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
      await page.getByText('7 selected').waitFor()
      await press('Escape')
      await page.getByText('7 selected').waitFor({ state: 'detached' })
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
    'change what the game runs with': async () => {
      await server('settings')
      await tabTo(field('First map'))
      await retype('oa_dm6')
      await tabTo(page.getByRole('switch', { name: /^Friendly fire/ }))
      await press('Space')
      await tabTo(button('Save settings'))
      await press('Enter')
      await said('wait for a restart')
      await tabTo(field('Reason, shown to everybody who sees the server'))
      await page.keyboard.type('The bill is open')
      await tabTo(button('Suspend server'))
      await press('Enter')
      await page.getByRole('button', { name: 'Release server' }).waitFor()
    },
    'put another address in the place of one': async () => {
      await server('allocations')
      await tabTo(page.getByRole('button', { name: /^Replace / }).first())
      await press('Enter')
      await confirm('Replace address')
    },
    'set a value of the game’s own file': async () => {
      await server('config')
      await tabTo(field('Speed of time'))
      await retype('100')
      await tabTo(page.getByRole('combobox', { name: /^When nobody plays/ }))
      await press('ArrowDown')
      await tabTo(button('Save'))
      await press('Enter')
      await said('The running game does not know')
    },
    'kick a player on a page of the game': async () => {
      await server('pages/match')
      await tabTo(page.getByRole('button', { name: 'Kick: Grism', exact: true }))
      await press('Enter')
      await confirm('Kick a player', 'Grism was kicked.')
      await press('Escape')
      await closed()
      // Where one was, or where the row was.
      await look()
    },
    'back up, restore and delete': async () => {
      await server('backups?mock=backups-ready')
      await tabTo(button('Back up now'))
      await press('Enter')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.type('Before the party')
      await look()
      await press('Enter')
      await said('“Before the party” is being made')
      await closed()
      await page.getByRole('listitem').filter({ hasText: 'Before the party' }).getByText('Ready').waitFor()
      await pick(button('More for Before the party'), 'Restore')
      await page.getByRole('dialog').getByText('What changed since then is lost.').waitFor()
      await tabTo(page.getByRole('dialog').getByRole('textbox'))
      await page.keyboard.type('Friday fragfest')
      await confirm('Restore')
      await pick(button('More for Before the party'), 'Delete')
      await confirm('Delete', '“Before the party” is deleted')
      await look()
    },
    'drain a node and end it': async () => {
      await begin('/admin/nodes/0193a0c0-0000-7000-8000-000000000065')
      await page.getByRole('heading', { name: 'fra-1', level: 1 }).waitFor()
      await tabTo(button('Drain'))
      await press('Enter')
      await page.getByRole('dialog').getByText('Nothing starts there until you end the drain').waitFor()
      await look()
      await tabTo(page.getByLabel('Back up each server'))
      await press('Space')
      await tabTo(button('Drain node'))
      await press('Enter')
      await said('fra-1 is being drained')
      await closed()
      await page.getByRole('table', { name: 'Servers' }).waitFor()
      await tabTo(button('End drain'))
      await press('Enter')
      await confirm('End drain', 'fra-1 is drained no more')
      await look()
    },
    'make a schedule, run it and delete it': async () => {
      await server('schedules')
      await tabTo(page.getByRole('link', { name: 'New schedule' }))
      await press('Enter')
      await page.getByRole('heading', { name: 'New schedule', level: 2 }).waitFor()
      // What brought one here went away with its page.
      await page.waitForFunction(() => document.activeElement?.matches('h2'))
      await tabTo(field('Name'))
      await page.keyboard.type('League evening')
      await tabTo(field('Repeats'))
      await press('ArrowDown')
      await tabTo(page.getByRole('checkbox', { name: 'Friday' }))
      await press('Space')
      await tabTo(page.getByRole('combobox', { name: 'Time zone' }))
      await page.keyboard.type('berlin')
      await page.getByRole('option', { name: 'Europe/Berlin' }).waitFor()
      await press('ArrowDown', 'Enter')
      await tabTo(button('Power'))
      await press('Enter')
      // The step that was added is the next thing to fill in.
      await page.waitForFunction(() => document.activeElement?.matches('[data-step] select'))
      await tabTo(button('Message to players'))
      await press('Enter')
      await page.waitForFunction(() => document.activeElement?.matches('[data-step] input'))
      await page.keyboard.type('The league begins.')
      await tabTo(button('Move step 2 up'), 'Shift+Tab')
      await press('Enter')
      await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Move step 1 up')
      await look()
      await tabTo(button('Action of the game'))
      await press('Enter')
      await tabTo(button('Create schedule'))
      await press('Enter')
      // Whoever forgot something is brought to it.
      await page.waitForFunction(() => document.activeElement?.labels?.[0]?.textContent === 'Action')
      await tabTo(button('Remove step 3'), 'Shift+Tab')
      await press('Enter')
      await tabTo(button('Create schedule'))
      await press('Enter')
      await page.getByRole('heading', { name: 'League evening', level: 2 }).waitFor()
      await page.getByText('Mondays and Fridays at 04:00').waitFor()
      await tabTo(button('Run now'))
      await press('Enter')
      await said('By Ada Moreau')
      await page.getByText('2 of 2 steps done').waitFor()
      await pick(page.getByRole('button', { name: 'More for League evening' }), 'Delete')
      await confirm('Delete')
      await page.getByRole('link', { name: 'Nightly restart' }).waitFor()
      await tabTo(page.getByRole('switch', { name: 'Nightly restart is on' }))
      await press('Space')
      await said('“Nightly restart” is off')
    },
    'say something by an action': async () => {
      await server('console')
      await pick(page.getByRole('button', { name: 'Actions', exact: true }), 'Change the map', 'Shift+Tab')
      await dialog().waitFor()
      await tabTo(dialog().getByRole('combobox').or(dialog().getByRole('textbox')).first())
      await press('Escape')
      await closed()
      await tabTo(page.getByRole('button', { name: 'Actions', exact: true }))
    },
    'look at a day and come back': async () => {
      await server('overview')
      await tabTo(page.getByRole('radio', { name: 'Live' }))
      await press('ArrowRight', 'ArrowRight', 'ArrowRight')
      await page.waitForURL(/range=day/)
      await look()
    },
    'kill what hangs': async () => {
      await server('console')
      await tabTo(page.getByRole('button', { name: 'Hold to kill' }), 'Shift+Tab')
      await page.keyboard.down('Space')
      await said('Offline')
      await page.keyboard.up('Space')
    },
    'stop several at once': async () => {
      await begin('/servers')
      await tabTo(page.getByRole('checkbox', { name: 'Select Friday fragfest' }))
      await press('Space')
      await tabTo(page.getByRole('checkbox', { name: 'Select Hilltop village' }))
      await press('Space')
      await tabTo(page.getByRole('toolbar').getByRole('button', { name: 'Stop' }))
      await press('Enter')
      await confirm(/^Stop \d/)
      await pick(page.getByRole('button', { name: 'More actions: Clan war practice' }), 'Start')
      await pick(page.getByRole('button', { name: 'Columns' }), 'Owner', 'Shift+Tab')
      await press('Escape')
    },
    'delete a server': async () => {
      await begin(`/servers/${S1}/settings`)
      await tabTo(button('Delete server'))
      await press('Enter')
      await tabTo(dialog().getByRole('textbox'))
      await page.keyboard.type('Friday fragfest')
      await confirm('Delete server')
    },
    'keep one’s account': async () => {
      await go('Account settings', 'Account')
      await tabTo(button('Add key'))
      await press('Enter')
      await tabTo(dialog().getByRole('textbox', { name: /^Public key/ }))
      await page.keyboard.type('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1yzHwZ4mO0v9d2m6q7b3n8x5c1a9k2j4h6g8f0d2s4 ada@desk')
      await confirm('Add key')
      await tabTo(button('Make password'))
      await press('Enter')
      await tabTo(dialog().getByRole('textbox').first())
      await page.keyboard.type('Desk')
      await tabTo(dialog().getByRole('button', { name: 'Make password' }))
      await press('Enter')
      await dialog().getByRole('button', { name: /^Copy/ }).first().waitFor()
      await tabTo(dialog().getByRole('button', { name: 'I have saved it' }))
      await press('Enter')
      await closed()
    },
    'add a location': async () => {
      await go('Locations')
      await tabTo(button('Add location'))
      await press('Enter')
      await tabTo(dialog().getByLabel('Name').first())
      await page.keyboard.type('Oslo')
      await confirm('Add location')
    },
    'add a node and addresses': async () => {
      await go('Nodes')
      await tabTo(button('Add node'))
      await press('Enter')
      await tabTo(dialog().getByLabel('Name').first())
      await page.keyboard.type('osl-1')
      await tabTo(dialog().getByRole('button', { name: 'Add node' }))
      await press('Enter')
      await tabTo(button('Connect machine'))
      await press('Enter')
      await tabTo(dialog().getByRole('button', { name: /^Copy/ }).first())
      await press('Escape')
      await closed()
      await tabTo(page.getByRole('link', { name: 'System', exact: true }))
      await press('Enter')
      await tabTo(page.getByRole('navigation').getByRole('link', { name: 'Allocations', exact: true }))
      await press('Enter')
      await tabTo(button('Add allocations'))
      await press('Enter')
      await tabTo(dialog().getByLabel(/^Ports/))
      await page.keyboard.type('28000-28003')
      await press('Enter')
      // Whoever forgot something is brought to it.
      await page.waitForFunction(() => document.activeElement?.labels?.[0]?.textContent === 'IP address')
      await page.keyboard.type('203.0.113.40')
      await confirm('Add allocations')
    },
    'add a person and their limits': async () => {
      await go('People')
      await tabTo(button('Add person'))
      await press('Enter')
      await tabTo(dialog().getByLabel('Name').first())
      await page.keyboard.type('Ines Falk')
      await tabTo(dialog().getByLabel(/^E-mail/))
      await page.keyboard.type('ines@example.org')
      await tabTo(dialog().getByLabel(/^Password/))
      await page.keyboard.type('a sentence works well')
      await confirm('Add person')
      await tabTo(page.getByRole('button', { name: 'Limits: Jonas Berg' }))
      await press('Enter')
      await tabTo(dialog().getByLabel('Memory'))
      await retype('2048')
      await confirm('Save')
    },
    'see how a plugin runs': async () => {
      await begin('/admin/plugins?mock=held')
      await pick(page.getByRole('button', { name: 'More for OpenArena' }), 'How it runs')
      await dialog().getByText('times in a row').first().waitFor()
      await tabTo(dialog().getByRole('button', { name: 'Lift hold' }).first())
      await press('Enter')
      await said('OpenArena is asked again')
      await tabTo(dialog().getByRole('button', { name: /^Read the log: fra-1/ }).first())
      await press('Enter')
      await tabTo(dialog().getByLabel('Find'))
      await page.keyboard.type('packet')
      await dialog().getByText(/of 8 lines/).waitFor()
      await press('Escape')
    },
    'import a game': async () => {
      await begin('/admin/plugins')
      await tabTo(page.getByRole('button', { name: 'Import a game' }))
      await press('Enter')
      await tabTo(dialog().getByLabel('Egg or blueprint'))
      await press('Escape')
      await closed()
      await tabTo(page.getByRole('button', { name: 'Import a game' }))
    },
    'read the audit log and sign out': async () => {
      await go('Audit log')
      await tabTo(page.getByRole('table', { name: 'Audit log' }).locator('summary').first())
      await press('Enter')
      await press('Control+k')
      await page.getByRole('option').first().waitFor()
      await page.keyboard.type('sign out')
      await page.getByRole('option', { name: 'Sign out' }).waitFor()
      await press('Enter')
      await field('Password').waitFor()
    },
  }
}
