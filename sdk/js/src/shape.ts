/**
 * Whether an answer has the shape that the contract gives it, and where it has not.
 *
 * The engine ends an instance without a word at a value of another type, and takes a number that is too large for another
 * number. So the guard compares first, by the table that is made from the contract; what an engine takes anyway (an array for
 * bytes, `undefined` for what is absent, a fraction, which it cuts off) is left to it. Checks are made while the component is built.
 */
import { answers, types } from "./shapes.json";

type Composed = [kind: string, of: unknown];
type Shape = string | Composed;
/** Nothing, or what is wrong: the way to the value, beginning with a dot or a bracket, and words about it. */
type Check = (value: unknown) => Wrong | undefined;
type Wrong = { way: string; words: string };

const NAMED: Record<string, Shape> = types as never;
const ANSWERS: Record<string, Shape> = answers as never;
const known = new Map<string, Check>();

/** The check of what a function answers, by its name in the contract, as in `plans.run`. */
export function answerOf(call: string): Check {
  return checkOf(ANSWERS[call] ?? "_");
}

/** The check of a type of the contract, as in `types.failure`. */
export function typeOf(name: string): Check {
  return checkOf(name);
}

/** What is wrong with it, in words for an author; undefined where nothing is. */
export function misfit(check: Check, value: unknown, name: string): string | undefined {
  const wrong = check(value);
  return wrong && `${name}${wrong.way} ${wrong.words}`;
}

function checkOf(shape: Shape): Check {
  if (typeof shape !== "string") return composed(shape);
  const found = known.get(shape);
  if (found) return found;
  const check = shape.includes(".") ? composed(NAMED[shape] as Composed) : primitive(shape);
  known.set(shape, check);
  return check;
}

function primitive(name: string): Check {
  switch (name) {
    case "_":
      return () => undefined;
    case "bool":
      return (value) => (typeof value === "boolean" ? undefined : other(value, "true or false"));
    case "string":
      return (value) => (typeof value === "string" ? unpaired(value) : other(value, "a text"));
    case "float":
      return (value) => (typeof value === "number" ? undefined : other(value, "a number"));
    case "bytes":
      return (value) => (value instanceof Uint8Array || (Array.isArray(value) && value.every(isByte)) ? undefined : other(value, "a Uint8Array"));
    default:
      return whole(name);
  }
}

const isByte = (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256;

/** The engine has it of ES2024; the library of types that is named in tsconfig.json does not. */
type Text = string & { isWellFormed(): boolean };

function unpaired(text: string): Wrong | undefined {
  return (text as Text).isWellFormed() ? undefined : { way: "", words: "has half of a surrogate pair in it, which is no text" };
}

function whole(name: string): Check {
  const bits = Number(name.slice(1));
  const [least, past] = name[0] === "u" ? [0, 2 ** bits] : [-(2 ** (bits - 1)), 2 ** (bits - 1)];
  // Beyond 2^53 a number stands for several, and is written as a power.
  const exact = (end: number, power: string) => (bits === 64 && end ? power : String(end));
  const wanted = `a whole number from ${exact(least, "-2^63")} to ${bits === 64 ? `2^${name[0] === "u" ? 64 : 63} - 1` : past - 1}`;
  return (value) => {
    if (typeof value !== "number") return other(value, wanted);
    const cut = Math.trunc(value);
    return cut >= least && cut < past ? undefined : { way: "", words: `is ${value}, where ${wanted} belongs` };
  };
}

function composed([kind, of]: Composed): Check {
  switch (kind) {
    case "option": {
      const some = checkOf(of as Shape);
      return (value) => (value === null || value === undefined ? undefined : some(value));
    }
    case "list":
      return list(checkOf(of as Shape));
    case "tuple":
      return tuple((of as Shape[]).map(checkOf));
    case "record":
      return record((of as [string, Shape][]).map(([name, shape]) => [camel(name), checkOf(shape)]));
    case "variant":
      return variant(new Map((of as [string, Shape][]).map(([name, shape]) => [name, checkOf(shape)])));
    default: {
      const names = of as string[];
      return (value) => (names.includes(value as string) ? undefined : other(value, oneOf(names)));
    }
  }
}

function list(item: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return other(value, "an array");
    for (let index = 0; index < value.length; index += 1) {
      const wrong = item(value[index]);
      if (wrong) return { way: `[${index}]${wrong.way}`, words: wrong.words };
    }
    return undefined;
  };
}

function tuple(items: Check[]): Check {
  return (value) => {
    if (!Array.isArray(value) || value.length !== items.length) return other(value, `an array of ${items.length}`);
    for (const [index, item] of items.entries()) {
      const wrong = item(value[index]);
      if (wrong) return { way: `[${index}]${wrong.way}`, words: wrong.words };
    }
    return undefined;
  };
}

function record(fields: [string, Check][]): Check {
  return (value) => {
    if (!isPlain(value)) return other(value, `an object with ${fields.map(([name]) => name).join(", ")}`);
    for (const [name, check] of fields) {
      const wrong = check(value[name]);
      if (wrong) return { way: `.${name}${wrong.way}`, words: wrong.words };
    }
    return undefined;
  };
}

function variant(cases: Map<string, Check>): Check {
  return (value) => {
    if (!isPlain(value)) return other(value, "an object with tag and val");
    const { tag, val } = value;
    const check = cases.get(tag as string);
    if (!check) return { ...other(tag, oneOf([...cases.keys()])), way: ".tag" };
    const wrong = check(val);
    return wrong && { way: `.val${wrong.way}`, words: wrong.words };
  };
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise);
}

const oneOf = (names: string[]) => `one of ${names.map((name) => `"${name}"`).join(", ")}`;

const camel = (name: string) => name.replace(/-./g, (two) => two[1]!.toUpperCase());

/** Without the value itself where that is a text: it may be a secret, and this becomes a line of the log. */
function other(value: unknown, wanted: string): Wrong {
  return { way: "", words: `is ${described(value)}, where ${wanted} belongs` };
}

function described(value: unknown): string {
  if (value === undefined) return "not there";
  if (value === null) return "null";
  if (typeof value === "string") return `a text of ${value.length} characters`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Promise) return "a promise, for which nothing waits";
  if (typeof value === "object") return "an object";
  return typeof value === "boolean" ? String(value) : `a ${typeof value}`;
}
