/** How console entries look in the terminal, and the terminal's colours in both themes. */
import type { ITheme } from '@xterm/xterm'
import { keepColours, plain } from '~/lib/ansi'
import { clock } from '~/lib/format'
import { isGap, isRestart, type Entry } from '~/lib/line-buffer'
import { token } from '~/lib/theme'
import { s } from '~/strings'

const RESET = '\x1b[0m'
const DIM = '\x1b[38;5;240m'

/** The node writes a typed line as `[who] command`. */
const TYPED = /^\[(.*?)\] (.*)$/

function paintCommand(text: string): string {
  const [, actor, command] = TYPED.exec(plain(text)) ?? []
  return command === undefined ? `\x1b[1;34m❯ ${plain(text)}` : `${DIM}${actor ?? ''}${RESET} \x1b[1;34m❯ ${command}`
}

/** One entry as one line of terminal text, its end included. */
export function paint(entry: Entry, timestamps: boolean): string {
  if (isGap(entry)) return `\x1b[33m┄┄ ${s.console.gap(entry.to - entry.from + 1)} ┄┄${RESET}\r\n`
  if (isRestart(entry)) return `\x1b[33m┄┄ ${s.console.restarted} ┄┄${RESET}\r\n`
  const stamp = timestamps ? `${DIM}${clock(entry.at)}${RESET}  ` : ''
  switch (entry.source) {
    case 'game':
      return `${stamp}${keepColours(entry.text)}${RESET}\r\n`
    case 'install':
      return `${stamp}${DIM}│${RESET} ${keepColours(entry.text)}${RESET}\r\n`
    case 'command':
      return `${stamp}${paintCommand(entry.text)}${RESET}\r\n`
    case 'gantry':
      return `${stamp}\x1b[36m● ${plain(entry.text)}${RESET}\r\n`
  }
}

/** The same as bare text, for copying. */
export function bare(entry: Entry, timestamps: boolean): string {
  if (isGap(entry)) return `[${s.console.gap(entry.to - entry.from + 1)}]`
  if (isRestart(entry)) return `[${s.console.restarted}]`
  return `${timestamps ? `${clock(entry.at)}  ` : ''}${plain(entry.text)}`
}

const DARK: ITheme = {
  black: '#3b4454', red: '#ff7b7b', green: '#46c98b', yellow: '#e9b44c', blue: '#9aa5ff', magenta: '#d69bff', cyan: '#5cc8e0', white: '#d5dae2',
  brightBlack: '#7c8899', brightRed: '#ff9c9c', brightGreen: '#73dca9', brightYellow: '#f3cb7d', brightBlue: '#b8c0ff', brightMagenta: '#e4bdff', brightCyan: '#8adcee', brightWhite: '#ffffff',
  extendedAnsi: [],
}
const LIGHT: ITheme = {
  black: '#14181f', red: '#c02626', green: '#0c7344', yellow: '#8a5600', blue: '#3f4bd1', magenta: '#8a35b8', cyan: '#0b6a86', white: '#4b5462',
  brightBlack: '#5d6878', brightRed: '#c02626', brightGreen: '#0c7344', brightYellow: '#8a5600', brightBlue: '#3f4bd1', brightMagenta: '#8a35b8', brightCyan: '#0b6a86', brightWhite: '#14181f',
}

/** The 256-colour palette's entry 240 is the grey of timestamps; it follows the theme as the others do. */
const withGrey = (theme: ITheme, grey: string): ITheme => ({ ...theme, extendedAnsi: Array.from({ length: 240 }, (_, i) => (i === 240 - 16 ? grey : '')).map((colour, i) => colour || cube(i + 16)) })

const hex = (value: number) => value.toString(16).padStart(2, '0')

/** The standard colour of an index from 16 to 255. */
function cube(index: number): string {
  if (index >= 232) {
    const grey = hex(8 + (index - 232) * 10)
    return `#${grey}${grey}${grey}`
  }
  const level = (step: number) => hex(step === 0 ? 0 : 55 + step * 40)
  const n = index - 16
  return `#${level(Math.floor(n / 36))}${level(Math.floor(n / 6) % 6)}${level(n % 6)}`
}

export const terminalTheme = (theme: 'light' | 'dark'): ITheme => ({
  ...withGrey(theme === 'dark' ? DARK : LIGHT, token('dim')),
  background: token('terminal'),
  foreground: token('text'),
  cursor: token('terminal'),
  selectionBackground: theme === 'dark' ? '#3a45a8aa' : '#b9c0ff99',
})
