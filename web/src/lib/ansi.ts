/**
 * Console text is untrusted: a player's name may carry escape sequences. Colour (SGR) stays; everything that could move
 * the cursor, clear the screen, retitle the window, write the clipboard or make a link is removed.
 */

// eslint-disable-next-line no-control-regex
const SEQUENCE = /\x1b\[([0-9:;<=>?]*)([ -/]*)([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|\x9b[0-9:;<=>?]*[ -/]*[@-~]/g
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]/g
// eslint-disable-next-line no-control-regex
const LONE_ESCAPE = /\x1b(?!\[[0-9:;]*m)/g

/** The text with its colours and nothing else that a terminal would act on. */
export function keepColours(text: string): string {
  return text
    .replace(SEQUENCE, (sequence, parameters: string | undefined, middle: string | undefined, final: string | undefined) =>
      final === 'm' && !middle && /^[0-9:;]*$/.test(parameters ?? '') ? sequence : '',
    )
    .replace(CONTROL, '')
    .replace(LONE_ESCAPE, '')
}

/** The bare text, for copying and searching. */
export const plain = (text: string): string => keepColours(text).replace(SEQUENCE, '')
