/**
 * One open console: the link, the lines, the terminal. Lines are written once per frame, however many come; what the
 * page shows around the terminal (link, unread lines, matches) is in small stores.
 */
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { client, take } from '~/api/client'
import { ConsoleLink } from '~/api/console'
import type { ConsoleLine } from '~/api/types'
import type { Outcome } from '~/lib/console-input'
import { LineBuffer, type Entry } from '~/lib/line-buffer'
import { Store } from '~/lib/store'
import { s } from '~/strings'
import { bare, paint, terminalTheme } from './paint'

export const LINES_KEPT = 10_000
const OLDER_AT_ONCE = 500
const WRITE_EVERY_MS = 500
/** Who typed a command watches for its answer. */
const WATCHED_MS = 2_000
const FALLBACK = 'ui-monospace, Menlo, Consolas, monospace'
const FONT = `'JetBrains Mono Variable', ${FALLBACK}`
const FONT_SIZE = 12.5

type ConsoleState = {
  /** Lines that came while the reader was further up. */
  unread: number
  following: boolean
  atTop: boolean
  empty: boolean
  /** Whether lines would be here if there were any. */
  told: boolean
  /** Whether the node may have lines before the first one here. */
  older: boolean
  nodeAwaySince: number | null
  revoked: boolean
  /** What became of the last command, when it was not simply taken. */
  outcome: Outcome | null
}

export class ConsoleController {
  readonly state = new Store<ConsoleState>({ unread: 0, following: true, atTop: false, empty: true, told: false, older: true, nodeAwaySince: null, revoked: false, outcome: null })
  readonly matches = new Store<{ index: number; count: number }>({ index: -1, count: 0 })
  readonly link: ConsoleLink
  readonly #serverId: string
  readonly #buffer = new LineBuffer(LINES_KEPT)
  readonly #terminal: Terminal
  readonly #fit = new FitAddon()
  readonly #search = new SearchAddon({ highlightLimit: 2_000 })
  readonly #resize: ResizeObserver
  #pending: Entry[] = []
  #frame = 0
  #rest: ReturnType<typeof setTimeout> | undefined
  #watchedUntil = 0
  #timestamps: boolean
  #closed = false

  constructor(serverId: string, element: HTMLElement, theme: 'light' | 'dark', options: { label: string; timestamps: boolean }) {
    this.#serverId = serverId
    this.#timestamps = options.timestamps
    this.#terminal = new Terminal({
      allowProposedApi: true,
      disableStdin: true,
      scrollback: LINES_KEPT,
      cursorStyle: 'bar',
      cursorInactiveStyle: 'none',
      fontFamily: FALLBACK,
      fontSize: FONT_SIZE,
      lineHeight: 1.35,
      theme: terminalTheme(theme),
      // Text comes from games: no link of theirs is ever opened by a click.
      linkHandler: { activate: () => undefined },
    })
    this.#terminal.loadAddon(this.#fit)
    this.#terminal.loadAddon(this.#search)
    this.#terminal.open(element)
    this.#terminal.textarea?.setAttribute('aria-label', options.label)
    this.#terminal.write('\x1b[?25l')
    this.#search.onDidChangeResults((result) => this.matches.set({ index: result.resultIndex, count: result.resultCount }))
    this.#terminal.onScroll(() => this.#looked())
    // The terminal takes no input: Tab leads on to where commands are typed, and the page's own keys stay the page's.
    this.#terminal.attachCustomKeyEventHandler((event) => event.key !== 'Tab' && !(event.ctrlKey && (event.key === 'k' || event.key === 'f')))
    // Cells are measured once per font: measured before the font is there, they would keep the wrong width.
    void document.fonts.load(`${String(FONT_SIZE)}px 'JetBrains Mono Variable'`).then(() => {
      if (this.#closed) return
      this.#terminal.options.fontFamily = FONT
      this.#fit.fit()
    })
    this.#resize = new ResizeObserver(() => this.#fit.fit())
    this.#resize.observe(element)
    for (const event of ['wheel', 'pointerup', 'keyup', 'touchmove', 'scroll'] as const) {
      element.addEventListener(event, () => requestAnimationFrame(() => this.#looked()), { passive: true, capture: true })
    }
    this.link = new ConsoleLink(serverId, {
      last: () => this.#buffer.last,
      onLines: (lines) => this.#arrived(lines),
      onGap: (from, to) => {
        const gap = this.#buffer.gap(from, to)
        if (gap) this.#queue([gap])
      },
      onRestarted: () => {
        const mark = this.#buffer.restart()
        if (!mark) return
        this.#queue([mark])
        this.#patch({ older: false })
      },
      onNode: (connected) => this.#patch({ told: true, nodeAwaySince: connected ? null : Date.now() }),
      onRefused: (command, problem) => this.#patch({ outcome: { kind: 'refused', command, says: s.console.refused([problem.title, problem.detail, problem.remedy].filter(Boolean).map((part) => part.replace(/\.?$/, '.')).join(' ')) } }),
      onUnanswered: (command) => this.#patch({ outcome: { kind: 'unanswered', command, says: s.console.unanswered } }),
      onRevoked: () => this.#patch({ revoked: true }),
    })
  }

  setTheme(theme: 'light' | 'dark'): void {
    this.#terminal.options.theme = terminalTheme(theme)
  }

  setTimestamps(shown: boolean): void {
    if (this.#timestamps === shown) return
    this.#timestamps = shown
    this.#repaint()
    this.follow()
  }

  /** Types a line into the game; false when it could not be sent. */
  command(command: string): boolean {
    if (!this.link.command(command)) return false
    this.#watchedUntil = performance.now() + WATCHED_MS
    clearTimeout(this.#rest)
    this.#rested()
    this.#patch({ outcome: null })
    this.follow()
    return true
  }

  /** Back to the tail. */
  follow(): void {
    this.#terminal.scrollToBottom()
    this.#looked()
  }

  clear(): void {
    this.#buffer.clear()
    this.#pending = []
    this.#terminal.reset()
    this.#terminal.write('\x1b[?25l')
    this.#patch({ unread: 0, following: true, empty: true, atTop: false })
  }

  /** The selection, or everything that is held. */
  text(): string {
    return this.#terminal.getSelection() || this.#buffer.entries.map((entry) => bare(entry, this.#timestamps)).join('\n')
  }

  find(text: string, direction: 'next' | 'previous', incremental = false): void {
    if (text === '') {
      this.#search.clearDecorations()
      this.matches.set({ index: -1, count: 0 })
      return
    }
    const options = { incremental, decorations: { matchBackground: '#6b5a1e', matchOverviewRuler: '#e9b44c', activeMatchBackground: '#b07a12', activeMatchColorOverviewRuler: '#ffffff' } }
    if (direction === 'next') this.#search.findNext(text, options)
    else this.#search.findPrevious(text, options)
    this.#looked()
  }

  async older(): Promise<void> {
    const before = this.#buffer.first
    if (before === null) return
    const page = await take(client.GET('/api/servers/{id}/console', { params: { path: { id: this.#serverId }, query: { before, limit: OLDER_AT_ONCE } } }))
    const added = this.#buffer.prepend(page.lines)
    const first = this.#buffer.first ?? 0
    this.#patch({ older: added && first > page.firstSeq })
    if (!added) return
    const below = this.#terminal.buffer.active.baseY - this.#terminal.buffer.active.viewportY
    this.#repaint(() => this.#terminal.scrollToLine(Math.max(0, this.#terminal.buffer.active.baseY - below)))
  }

  close(): void {
    this.#closed = true
    cancelAnimationFrame(this.#frame)
    clearTimeout(this.#rest)
    this.#resize.disconnect()
    this.link.close()
    this.#terminal.dispose()
  }

  #patch(change: Partial<ConsoleState>): void {
    const state = this.state.get()
    if (Object.entries(change).some(([name, value]) => state[name as keyof ConsoleState] !== value)) this.state.set({ ...state, ...change })
  }

  #arrived(lines: ConsoleLine[]): void {
    const fresh = this.#buffer.append(lines)
    if (fresh.length > 0) this.#queue(fresh)
  }

  #queue(entries: Entry[]): void {
    this.#pending.push(...entries)
    // A hidden page draws no frames: what would scroll away before anybody sees it is dropped here.
    if (this.#pending.length > LINES_KEPT * 1.2) this.#pending = this.#pending.slice(-LINES_KEPT)
    if (this.#frame === 0 && this.#rest === undefined) this.#frame = requestAnimationFrame(() => this.#flush())
  }

  /** Each write draws every row in sight, so that lines that come one by one are written a few times a second. */
  readonly #rested = (): void => {
    this.#rest = undefined
    if (this.#pending.length === 0) return
    if (document.hidden) this.#queue([])
    else this.#flush()
  }

  #flush(): void {
    this.#frame = 0
    const entries = this.#pending
    this.#pending = []
    if (entries.length === 0) return
    if (performance.now() > this.#watchedUntil) this.#rest = setTimeout(this.#rested, WRITE_EVERY_MS)
    const { following, unread } = this.state.get()
    this.#terminal.write(entries.map((entry) => paint(entry, this.#timestamps)).join(''), () => this.#looked())
    this.#patch({ empty: false, unread: following ? 0 : unread + entries.length })
  }

  #repaint(then?: () => void): void {
    this.#pending = []
    this.#terminal.reset()
    this.#terminal.write(`\x1b[?25l${this.#buffer.entries.map((entry) => paint(entry, this.#timestamps)).join('')}`, then)
  }

  /** Where the reader stands. */
  #looked(): void {
    const { viewportY, baseY } = this.#terminal.buffer.active
    const state = this.state.get()
    const following = viewportY >= baseY
    const atTop = viewportY === 0 && baseY > 0
    const unread = following ? 0 : state.unread
    if (following !== state.following || atTop !== state.atTop || unread !== state.unread) this.#patch({ following, atTop, unread })
  }
}
