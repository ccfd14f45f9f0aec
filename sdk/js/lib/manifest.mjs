/** `plugin.toml`: what a plugin says of itself, and how that travels inside the component. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "smol-toml";

/** Name of the custom section that hosts read. */
const SECTION = "gantry:manifest";
const WANTED = ["id", "name", "version", "contract"];

/** What is wrong with an author's files: shown without a stack. */
export class Mistake extends Error {}

/** Reads the manifest of the plugin in `folder`. Hosts check all of it; here it has to be whole. */
export async function readManifest(folder) {
  const path = join(folder, "plugin.toml");
  let manifest;
  try {
    manifest = parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new Mistake(`${path} cannot be read: ${error.message}`);
  }
  const missing = WANTED.filter((key) => typeof manifest[key] !== "string");
  if (missing.length > 0) throw new Mistake(`${path} needs ${missing.join(", ")}, each as text`);
  const { build = {}, capabilities = [], ...rest } = manifest;
  return { manifest: { ...rest, capabilities }, build };
}

/** The component with its manifest: section id 0, the length of what follows, the name with its length, the data. */
export function withManifest(component, manifest) {
  const name = Buffer.from(SECTION);
  const body = Buffer.concat([leb128(name.length), name, Buffer.from(JSON.stringify(manifest))]);
  return Buffer.concat([component, Buffer.from([0]), leb128(body.length), body]);
}

function leb128(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
