/** Starts Debian's Chromium with a fresh profile; no browser is ever downloaded. */
import { chromium } from 'playwright-core'

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGS })

export const WIDE = { width: 1440, height: 900 }
/** A small laptop, where columns have least room beside the open navigation. */
export const LAPTOP = { width: 1280, height: 800 }
export const PHONE = { width: 360, height: 740 }

/** How Chromium ends what is under way when an interface of the machine comes or goes, as those of containers do. */
export const NETWORK_CHANGED = 'net::ERR_NETWORK_CHANGED'
export const MOST_TRIES = 4

/** Goes to an address, again if the machine's network changed on the way. */
export async function visit(page, url) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await page.goto(url)
    } catch (error) {
      if (!error.message.includes(NETWORK_CHANGED) || tries >= MOST_TRIES) throw error
      console.log(`${url} once more, since the machine's network changed meanwhile`)
    }
  }
}
