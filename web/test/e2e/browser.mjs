/** Starts Debian's Chromium with a fresh profile; no browser is ever downloaded. */
import { chromium } from 'playwright-core'

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGS })

export const WIDE = { width: 1440, height: 900 }
export const PHONE = { width: 360, height: 740 }
