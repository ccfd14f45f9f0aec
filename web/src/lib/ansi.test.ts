import { expect, it } from 'vitest'
import { keepColours, plain } from './ansi'

it('keeps colours', () => expect(keepColours('\x1b[1;31mred\x1b[0m')).toBe('\x1b[1;31mred\x1b[0m'))
it('removes what moves, clears or scrolls', () => {
  expect(keepColours('a\x1b[2Jb\x1b[10;10Hc\x1b[?1049hd\x1b[>4;2me')).toBe('abcde')
})
it('removes titles, clipboard writes and links', () => {
  expect(keepColours('\x1b]0;evil\x07x\x1b]52;c;aGk=\x1b\\y\x1b]8;;http://evil\x07z\x1b]8;;\x07')).toBe('xyz')
})
it('removes a sequence that never ends', () => expect(keepColours('a\x1b]0;no end')).toBe('a'))
it('removes control characters but keeps tabs', () => expect(keepColours('a\rb\x07\tc\x08\x9b2Jd')).toBe('ab\tcd'))
it('leaves no lone escape', () => expect(keepColours('a\x1b')).toBe('a'))
it('gives the bare text', () => expect(plain('\x1b[32mok\x1b[0m\r')).toBe('ok'))
