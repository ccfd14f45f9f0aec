/**
 * Between the component's exports and an author's functions. The builder puts it there.
 *
 * The engine ends an instance without a word when something unforeseen is thrown, so that is written to the log first.
 */
import { names as absent } from "./absent.json";
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
  const text = error instanceof Error ? `${error.name}: ${error.message}\n${instead(error)}${placed(error.stack ?? "")}` : String(error);
  // A line of the log has no breaks.
  for (const line of `${call} threw ${text}`.trim().split("\n")) log.write("error", line);
  return error;
}

/** What there is in the place of a name that other engines have. */
function instead(error: Error): string {
  const name = /^'?(\w+)'? is not defined$/.exec(error.message)?.[1] ?? "";
  const known: Record<string, string> = absent;
  return Object.hasOwn(known, name) ? `a plugin has no ${name}: ${known[name]!}\n` : "";
}

/** What the builder knows of the bundle's lines; the tests' bundle has none. */
declare const globalThis: { gantryPlaces?: { files: string[]; runs: string } };

/** A stack with the author's files and lines in the place of the bundle's. */
export function placed(stack: string): string {
  const known = globalThis.gantryPlaces;
  if (!known) return stack;
  const runs = known.runs.split(";").map((run) => run.split(",").map(Number));
  return stack.replace(/\b[\w.-]+\.js:(\d+)(?::\d+)?/g, (whole, text: string) => {
    const line = Number(text);
    const run = runs.find(([first, , , count]) => line >= first! && line < first! + count!);
    return run ? `${known.files[run[1]!]!}:${String(run[2]! + line - run[0]!)}` : whole;
  });
}
