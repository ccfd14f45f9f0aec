/**
 * Reading answers of games: bytes that a stranger may have sent.
 *
 * A {@link Reader} throws where the bytes end, and {@link read} turns exactly that into `undefined`, so that a parser reads
 * from top to bottom and no answer, however short, looks like an error of the plugin.
 */

/** Thrown by a {@link Reader} where what it wants is not there. */
export class Ended extends Error {
  constructor() {
    super("the bytes end here, or are others than expected");
  }
}

/** What `parse` makes of the bytes, or `undefined` where they end too early. */
export function read<T>(payload: Uint8Array, parse: (reader: Reader) => T): T | undefined {
  try {
    return parse(new Reader(payload));
  } catch (error) {
    if (error instanceof Ended) return undefined;
    throw error;
  }
}

/** A cursor over received bytes. It counts rather than cuts, because each cut is an object in an interpreter. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** Starts at the first byte. */
  constructor(payload: Uint8Array) {
    this.#bytes = payload;
  }
  /** What is left. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
  /** Whether nothing is left. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
  /** The next `count` bytes. */
  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Ended();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
  /** The next byte. */
  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Ended();
    this.#at += 1;
    return byte;
  }
  /** The next two bytes, most significant first. */
  u16be(): number {
    const [high, low] = this.take(2);
    return (high! << 8) | low!;
  }
  /** Consumes `prefix`. */
  expect(prefix: Uint8Array): void {
    for (let index = 0; index < prefix.length; index++) {
      if (this.#bytes[this.#at + index] !== prefix[index]) throw new Ended();
    }
    this.#at += prefix.length;
  }
  /** The bytes before the next zero, which is consumed too. */
  untilZero(): Uint8Array {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new Ended();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return taken;
  }
}

/** Bytes from text of characters up to `\xff`, one byte for each. */
export function bytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (character) => {
    const code = character.charCodeAt(0);
    if (code > 0xff) throw new RangeError(`${JSON.stringify(character)} is more than one byte`);
    return code;
  });
}

/** All of them, one behind the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes as text: UTF-8 where it is that, Latin-1 otherwise, without control characters, at most `max` characters. */
export function text(payload: Uint8Array, max: number): string {
  // Most of what games say, and by far the quickest in an interpreter.
  if (isPrintableAscii(payload)) return String.fromCharCode(...payload.subarray(0, max));
  const characters = [...(utf8(payload) ?? latin1(payload))];
  return characters.filter((character) => !isControl(character)).slice(0, max).join("");
}

/** Whether a character is one of C0, C1 or DEL. */
export function isControl(character: string): boolean {
  const code = character.codePointAt(0)!;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

function isPrintableAscii(payload: Uint8Array): boolean {
  for (let at = 0; at < payload.length; at++) if (payload[at]! < 0x20 || payload[at]! > 0x7e) return false;
  return true;
}

/** The engine has no TextDecoder; `decodeURIComponent` decodes UTF-8 as strictly. */
function utf8(payload: Uint8Array): string | undefined {
  let escaped = "";
  for (const byte of payload) escaped += `%${byte.toString(16).padStart(2, "0")}`;
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function latin1(payload: Uint8Array): string {
  let text = "";
  for (const byte of payload) text += String.fromCharCode(byte);
  return text;
}
