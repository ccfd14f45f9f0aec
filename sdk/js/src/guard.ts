/**
 * Between the component's exports and an author's functions. The builder puts it there.
 *
 * The engine ends an instance without a word when something unforeseen is thrown, or when an answer has another shape than the
 * contract's, so that is written to the log first.
 */
import { names as absent } from "./absent.json";
import { Failure, asFailure } from "./failure.ts";
import { log } from "./host.ts";
import { answerOf, misfit, typeOf } from "./shape.ts";

type Part = Record<string, unknown>;

/** What a function answers that an author left out, where the contract has such an answer. */
const OTHERWISE: Record<string, () => unknown> = { "blueprints.validate": () => [] };

/** The functions of a part under the names that the contract has for them. Run while the component is built. */
export function guard(name: string, part: Part, functions: string[]): Part {
  const guarded: Part = {};
  for (const each of functions) {
    const found = part[each] ?? OTHERWISE[`${name}.${each}`];
    if (typeof found !== "function") throw new TypeError(`the part ${name} needs a function ${each}`);
    const call = `${name}.${each}`;
    const fits = answerOf(`${name}.${kebab(each)}`);
    guarded[each] = (...given: unknown[]) => {
      let answer: unknown;
      try {
        answer = found.apply(part, given);
      } catch (error) {
        throw said(call, error, found);
      }
      const wrong = misfit(fits, answer, "its answer");
      if (wrong) throw misshapen(call, wrong, found);
      return answer;
    };
  }
  return guarded;
}

const failureFits = typeOf("types.failure");

/** `configFiles` as `config-files`: what the contract says. */
const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function misshapen(call: string, wrong: string, found: Function): TypeError {
  log.write("error", `${call} does not fit the contract: ${wrong}`);
  // Which only this engine says of a function. A line of the answer itself is not known.
  const { fileName, lineNumber } = found as { fileName?: string; lineNumber?: number };
  if (fileName && lineNumber) log.write("error", placed(`    at ${found.name} (${fileName}:${lineNumber})`));
  return new TypeError(wrong);
}

function said(call: string, error: unknown, found: Function): unknown {
  const failure = asFailure(error);
  if (failure instanceof Failure) {
    // Exactly the record of the contract: an error of the engine has more to it.
    const refusal = { code: failure.code, message: failure.message, retryAfterMs: failure.retryAfterMs };
    const wrong = misfit(failureFits, refusal, "its failure");
    return wrong ? misshapen(call, wrong, found) : refusal;
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
  return stack.replace(/\b(?:[\w-]+:)?[\w.-]+\.js:(\d+)(?::\d+)?/g, (whole, text: string) => {
    const line = Number(text);
    const run = runs.find(([first, , , count]) => line >= first! && line < first! + count!);
    return run ? `${known.files[run[1]!]!}:${String(run[2]! + line - run[0]!)}` : whole;
  });
}
