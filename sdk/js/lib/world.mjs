/** The world of one plugin: the contract, and of it what this plugin has and uses, so that the rest costs nothing. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SDK } from "./bundle.mjs";
import { Mistake } from "./manifest.mjs";

export const WORLD = "this-plugin";
/** Every component may have these; whatever else is imported is a capability. */
const ALWAYS = ["log", "bundle"];

/** That the manifest asks for whatever is imported: a host would refuse it, later and elsewhere. */
export function checkCapabilities(imports, manifest) {
  const asked = manifest.capabilities.map((capability) => capability.name);
  const silent = imports.filter((name) => !ALWAYS.includes(name) && !asked.includes(name));
  if (silent.length > 0) {
    throw new Mistake(`it uses ${silent.join(", ")}; plugin.toml must ask for each as a capability, with a reason`);
  }
}

/** Makes a folder with the contract and the world; who asked for it removes it. */
export async function composeWorld(contract, imports, parts) {
  // In a package the contract lies within, in a checkout beside.
  const places = [join(SDK, "wit", contract.wit), join(SDK, "../wit", contract.wit)];
  const wit = places.find((place) => existsSync(place));
  if (!wit) throw new Mistake(`the contract ${contract.wit} is missing in ${SDK}; install the package anew`);
  const folder = await mkdtemp(join(tmpdir(), "gantry-plugin-"));
  await cp(wit, folder, { recursive: true });
  const lines = [...imports.map((name) => `import ${name};`), ...parts.map((name) => `export ${name};`)];
  await writeFile(join(folder, `${WORLD}.wit`), `world ${WORLD} {\n  ${lines.join("\n  ")}\n}\n`);
  return folder;
}
