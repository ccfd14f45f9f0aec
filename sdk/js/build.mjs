#!/usr/bin/env node
/**
 * From an author's folder to a component: `node build.mjs PLUGIN_DIR -o OUT.wasm`.
 *
 * The folder has `plugin.toml` and a module whose exports are the plugin's parts. Everything is bundled into one module, run
 * once by QuickJS up to the end of its top level, and kept as it then is: a call begins where that ended.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { componentize } from "componentize-qjs";
import { nameInstead } from "./lib/absent.mjs";
import { SDK, entryOf, partsOf, program } from "./lib/bundle.mjs";
import { Mistake, readManifest, withManifest } from "./lib/manifest.mjs";
import { told } from "./lib/places.mjs";
import { WORLD, checkCapabilities, composeWorld } from "./lib/world.mjs";

const USAGE = "usage: node build.mjs PLUGIN_DIR -o OUT.wasm";

async function main() {
  const { values, positionals } = parseArgs({ options: { output: { type: "string", short: "o" } }, allowPositionals: true });
  if (positionals.length !== 1 || !values.output) throw new Mistake(USAGE);
  const folder = resolve(positionals[0]);
  const { manifest, build } = await readManifest(folder);
  const contract = JSON.parse(await readFile(join(SDK, "contract.json"), "utf8"));
  checkContract(manifest, contract);
  const entry = entryOf(folder, build.entry);
  const parts = await partsOf(entry, contract);
  const { source, imports } = await program(folder, entry, parts, contract);
  checkCapabilities(imports, manifest);
  const component = await componentOf(source, await composeWorld(contract, imports, parts));
  await writeFile(values.output, withManifest(component, manifest));
}

function checkContract(manifest, contract) {
  const spoken = contract.package.split("@")[1].split(".").slice(0, 2).join(".");
  if (manifest.contract !== spoken) {
    throw new Mistake(`plugin.toml says contract ${manifest.contract}; this SDK builds for ${spoken}`);
  }
}

async function componentOf(jsSource, witPath) {
  try {
    // A plugin has no WASI: what the engine would import of it is replaced by what traps. `sync`: the contract has no async.
    const { component } = await componentize({ witPath, world: WORLD, jsSource, sync: true, stubWasi: true });
    return component;
  } catch (error) {
    const said = `the plugin could not be made a component: ${told(error.message, jsSource)}`;
    throw new Mistake([said, nameInstead(error.message)].filter(Boolean).join("\n"));
  } finally {
    await rm(witPath, { recursive: true });
  }
}

main().catch((error) => {
  console.error(error instanceof Mistake ? `error: ${error.message}` : error);
  process.exitCode = 1;
});
