/**
 * What a live page costs: the share of one core that Chromium takes while a page gets 20 events a second over a real
 * WebSocket, beside the same page that gets none. `npm run busy -- [--seconds 30] [--rate 20] [--only NAME,NAME] [--profile DIR]`.
 * A figure is no test: it only fails if a page shows nothing of what it is told.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { launch, MOST_TRIES, visit, WIDE } from './e2e/browser.mjs'
import { serve } from './e2e/stub.mjs'

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '30' }, rate: { type: 'string', default: '20' }, only: { type: 'string' }, profile: { type: 'string' } } })
const [seconds, rate] = [Number(options.seconds), Number(options.rate)]
const SETTLE_MS = 4_000

/** Forty servers that run, so that every row in sight has something to tell. */
function prepare({ servers, aServer, id }) {
  servers.length = 0
  for (let n = 0; n < 40; n += 1) servers.push(aServer({ id: id(30_001 + n), name: `Arena ${n + 1}` }))
}

const stub = await serve({ prepare })
const [first] = stub.data.servers
const [node] = stub.data.nodes
let line = 1_000

const linkTo = (path) => [...stub.links].find((link) => link.path.startsWith(path))
const now = () => new Date().toISOString()

/** A second of a server's life; the game is asked less often than the container. */
function sampleOf(serverId, turn) {
  const server = stub.data.servers.find((one) => one.id === serverId)
  const numbers = stub.numbersAt(Date.now() / 1_000 + turn * 3, server)
  return { serverId, sample: { at: now(), statistics: { ...numbers, memoryLimitBytes: 512 * 1024 ** 2, pids: 12 }, game: turn % 5 === 0 ? { ...server.sample.game, players: turn % 17 } : null } }
}

const live = () => linkTo('/api/ws/live')
const TOGETHER_MS = 250
let waiting = []

/** As the control plane does: what comes within a moment is one frame. */
function giveSample(sample) {
  waiting.push(sample)
  if (waiting.length > 1) return
  setTimeout(() => {
    live()?.give({ type: 'samples', samples: waiting })
    waiting = []
  }, TOGETHER_MS)
}

const topics = (kind) => (live()?.topics ?? []).filter((topic) => topic.startsWith(kind)).map((topic) => topic.slice(kind.length))

/** Each page with what it is told in one event; true once somebody was told. */
const PAGES = {
  'server list': { path: '/servers', tell: (turn) => {
    const shown = topics('server:')
    if (shown.length > 0) giveSample(sampleOf(shown[turn % shown.length], turn))
    return shown.length > 0
  } },
  console: { path: `/servers/${first.id}/console`, tell: (turn) => {
    const link = linkTo('/api/ws/console/')
    if (turn % rate === 0) giveSample(sampleOf(first.id, turn))
    else link?.give({ type: 'lines', lines: [{ seq: (line += 1), at: now(), source: 'game', text: `\x1b[32mKill: ${turn} 1 10:\x1b[0m Sarge killed Grism by MOD_RAILGUN` }] })
    return link !== undefined
  } },
  overview: { path: `/servers/${first.id}/overview`, tell: (turn) => {
    if (topics('server:').includes(first.id)) giveSample(sampleOf(first.id, turn))
    return topics('server:').includes(first.id)
  } },
  node: { path: `/admin/nodes/${node.id}`, tell: (turn) => {
    if (topics('node:').includes(node.id)) live().give({ type: 'node_sample', nodeId: node.id, sample: { ...stub.machineAt(Date.now() / 1_000 + turn * 3, node), at: now() } })
    return topics('node:').includes(node.id)
  } },
}

const cpu = async (session) => {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const sum = (which) => processInfo.filter(which).reduce((all, one) => all + one.cpuTime, 0)
  return { renderer: sum((one) => one.type === 'renderer'), all: sum(() => true) }
}
const percent = (value) => `${value.toFixed(1)} %`.padStart(8)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The shares of one core, in a browser of its own, so that nothing of another page is in them. */
async function measure({ path, tell }, fed) {
  const browser = await launch()
  try {
    const page = await browser.newPage({ viewport: WIDE })
    let spoiled = false
    page.on('requestfailed', () => (spoiled = true))
    await visit(page, stub.url + path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await pause(SETTLE_MS)
    let [turn, told] = [0, 0]
    const began = performance.now()
    // Late timers are caught up with, so that the rate holds on a machine with other work.
    const feed = fed ? setInterval(() => {
      for (; turn < ((performance.now() - began) / 1_000) * rate; turn += 1) told += Number(tell(turn))
    }, 1_000 / rate) : undefined
    await pause(SETTLE_MS)
    const look = () => page.locator('body').evaluate((body) => body.innerText)
    const [seen, toldBefore] = [await look(), told]
    const session = await browser.newBrowserCDPSession()
    const profiler = options.profile && fed ? await page.context().newCDPSession(page) : null
    const shares = async () => Object.fromEntries(((await profiler?.send('Performance.getMetrics'))?.metrics ?? []).map(({ name, value }) => [name, value]))
    await profiler?.send('Performance.enable')
    const worked = await shares()
    await profiler?.send('Profiler.enable')
    await profiler?.send('Profiler.start')
    const [start, at] = [await cpu(session), performance.now()]
    await pause(seconds * 1_000)
    const [end, took] = [await cpu(session), (performance.now() - at) / 1_000]
    clearInterval(feed)
    if (profiler) {
      const after = await shares()
      const parts = ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration', 'TaskDuration'].map((name) => `${name} ${percent(((after[name] - worked[name]) / took) * 100).trim()}`)
      console.log([...parts, `${((after.LayoutCount - worked.LayoutCount) / took).toFixed(0)} layouts/s`].join(', '))
      mkdirSync(options.profile, { recursive: true })
      writeFileSync(`${options.profile}/${path.split('/').at(-1)}.cpuprofile`, JSON.stringify((await profiler.send('Profiler.stop')).profile))
    }
    const share = (which) => ((end[which] - start[which]) / took) * 100
    return { spoiled, renderer: share('renderer'), all: share('all'), perSecond: (told - toldBefore) / took, changed: (await look()) !== seen }
  } finally {
    await browser.close()
  }
}

/** Again where the machine's network changed, which takes the page's sockets from it. */
async function steady(page, fed) {
  for (let tries = 1; ; tries += 1) {
    const figures = await measure(page, fed)
    if (!figures.spoiled || tries >= MOST_TRIES) return figures
    console.log('once more, since a request failed meanwhile')
  }
}

try {
  console.log(`share of one core over ${seconds} s: the page's process (and all of Chromium)`)
  for (const [name, page] of Object.entries(PAGES)) {
    if (options.only && !options.only.split(',').includes(name)) continue
    const quiet = await steady(page, false)
    const busy = await steady(page, true)
    console.log(`${name.padEnd(12)} ${busy.perSecond.toFixed(1)} events/s ${percent(busy.renderer)} (${percent(busy.all)})   without any ${percent(quiet.renderer)} (${percent(quiet.all)})`)
    if (busy.perSecond < rate * 0.9 || !busy.changed) {
      console.log(`${name}: it was not told enough, or shows nothing of it`)
      process.exitCode = 1
    }
  }
} finally {
  await stub.stop()
}
