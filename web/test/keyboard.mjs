/**
 * Walks the panel by keyboard alone against the mock API, each flow that there is (`keyboard-walks.mjs`). At every stop the focus has
 * to be seen. `npm run keyboard -- [--only WALK] [--url URL] [--picture FILE]`; `cargo xtask test browser` counts what it prints.
 */
import { parseArgs } from 'node:util'
import { launch, WIDE } from './e2e/browser.mjs'
import { walks } from './keyboard-walks.mjs'
import { serve } from './serve.mjs'

const { values: options } = parseArgs({ options: { only: { type: 'string' }, url: { type: 'string' }, picture: { type: 'string' } } })
const MOST_TABS = 60

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

const { url, stop } = await serve(options.url)
const browser = await launch()
const page = await browser.newPage({ viewport: WIDE, reducedMotion: 'reduce' })
const faults = new Set()
let at = 'start'

async function look() {
  // Whoever wants less motion has transitions of a hundredth of a millisecond: until they end, colours are those from before.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
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

const WALK = walks({ page, url, press, tabTo, look, field, button })

let walked = 0
try {
  for (const [name, walk] of Object.entries(WALK).filter(([name]) => !options.only || name === options.only)) {
    at = name
    await walk()
    walked += 1
    console.log(`walked: ${name}`)
  }
} catch (error) {
  faults.add(`${at}: ${error.message.split('\n')[0]}`)
  console.log(`stopped at ${page.url()}, on ${(await page.evaluate(focused)).name}: ${error.stack}`)
  if (options.picture) await page.screenshot({ path: options.picture })
} finally {
  await browser.close()
  await stop()
}
for (const fault of faults) console.log(`test ${fault} ... FAILED`)
console.log(`test result: ${String(walked)} passed; ${String(faults.size)} failed`)
process.exitCode = faults.size === 0 ? 0 : 1
