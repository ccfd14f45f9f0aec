/**
 * Between the component's exports and an author's functions. The builder puts it there.
 *
 * The engine ends an instance without a word when something unforeseen is thrown, so that is written to the log first.
 */
import { Failure, asFailure } from "./failure.ts";
import { log } from "./host.ts";

type Part = Record<string, unknown>;

/** What a function answers that an author left out, where the contract has such an answer. */
const OTHERWISE: Record<string, () => unknown> = { "blueprints.validate": () => [] };

/** The functions of a part under the names that the contract has for them. Run while the component is built. */
export function guard(name: string, part: Part, functions: string[]): Part {
  const guarded: Part = {};
  for (const each of functions) {
    const found = part[each] ?? OTHERWISE[`${name}.${each}`];
    if (typeof found !== "function") throw new TypeError(`the part ${name} needs a function ${each}`);
    guarded[each] = (...given: unknown[]) => {
      try {
        return found.apply(part, given);
      } catch (error) {
        throw said(`${name}.${each}`, error);
      }
    };
  }
  return guarded;
}

function said(call: string, error: unknown): unknown {
  const failure = asFailure(error);
  if (failure instanceof Failure) {
    // Exactly the record of the contract: an error of the engine has more to it.
    return { code: failure.code, message: failure.message, retryAfterMs: failure.retryAfterMs };
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ""}` : String(error);
  log.write("error", `${call} threw ${text.trim()}`);
  return error;
}
