/** What plugins have not though other engines do, and what there is in its place: `src/absent.json`, for the builder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const { names, modules } = JSON.parse(readFileSync(join(import.meta.dirname, "../src/absent.json"), "utf8"));

/** What to do without a module. */
export const moduleInstead = (isOfNode) => (isOfNode ? modules.node : modules.other);

/** What to do where an engine's words are that a name is not defined; nothing where the name is the author's own. */
export function nameInstead(text) {
  const name = /\b(\w+)'? is not defined/.exec(text)?.[1];
  return Object.hasOwn(names, name ?? "") ? `a plugin has no ${name}: ${names[name]}` : undefined;
}
