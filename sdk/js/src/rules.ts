/**
 * Text from people on its way into a game's own syntax.
 *
 * A value that reaches a console, a command line or a `key value` file must not be able to become a second command. These
 * helpers say what is allowed; plugins use them in patterns and when they build commands.
 */
import { isControl } from "./wire.ts";

/**
 * A pattern for names that are safe in Quake-like consoles and in `key = value` files: no quotes, semicolons, backslashes,
 * percent signs, dollar signs or control characters.
 */
export const PLAIN_TEXT = String.raw`[^"';\\%$\x00-\x1f\x7f]*`;

/** Whether a text fits {@link PLAIN_TEXT}. */
export function isPlain(text: string): boolean {
  return ![...text].some((character) => `"';\\%$`.includes(character) || isControl(character));
}
