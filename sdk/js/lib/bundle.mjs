/**
 * An author's modules as one, and what it has and needs: its exports are the plugin's parts, and the imports that are left
 * after everything unused is gone are what the component imports.
 */
import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { moduleInstead } from "./absent.mjs";
import { Mistake } from "./manifest.mjs";
import { keeping } from "./places.mjs";

export const SDK = dirname(dirname(fileURLToPath(import.meta.url)));
/** Where the bundle would be, were it written. */
const OUT = join(SDK, "out");
const PACKAGE = "gantry:plugin/";
const ENTRIES = ["src/plugin.ts", "src/plugin.js", "plugin.ts", "plugin.js"];

/** `console-events` as `consoleEvents`: what a module can export. */
export const camel = (name) => name.replace(/-./g, (two) => two[1].toUpperCase());

/** The module that has the parts. */
export function entryOf(folder, chosen) {
  const found = (chosen ? [chosen] : ENTRIES).map((name) => join(folder, name)).find((path) => existsSync(path));
  if (!found) throw new Mistake(`${folder} has no ${chosen ?? ENTRIES.join(", ")}; that module exports the plugin's parts`);
  return found;
}

/** Names of the contract's interfaces that the entry exports. Any other export is taken for a misspelt one. */
export async function partsOf(entry, contract) {
  const { metafile } = await bundled({ entryPoints: [entry] });
  const [output] = Object.values(metafile.outputs);
  const parts = Object.keys(contract.exports);
  const strange = output.exports.find((name) => !parts.some((part) => camel(part) === name));
  if (strange) {
    throw new Mistake(`${entry} exports ${strange}, which is no part of a plugin; parts are ${parts.map(camel).join(", ")}`);
  }
  const found = parts.filter((part) => output.exports.includes(camel(part)));
  if (found.length === 0) throw new Mistake(`${entry} exports no part; parts are ${parts.map(camel).join(", ")}`);
  return found;
}

/** The whole program, and the interfaces that it imports. */
export async function program(folder, entry, parts, contract) {
  const guarded = parts.map((part) => {
    const functions = JSON.stringify(contract.exports[part].map(camel));
    return `export const ${camel(part)} = guard(${JSON.stringify(part)}, author.${camel(part)}, ${functions});`;
  });
  const guard = JSON.stringify(join(SDK, "src/guard.ts"));
  const contents = [`import { guard } from ${guard};`, `import * as author from ${JSON.stringify(entry)};`, ...guarded];
  const stdin = { contents: contents.join("\n"), resolveDir: dirname(entry), sourcefile: "plugin", loader: "js" };
  const { metafile, outputFiles } = await bundled({ stdin, sourcemap: "external", outdir: OUT });
  const find = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint);
  const imports = output.imports.filter((each) => each.external).map((each) => each.path);
  // Behind all that is there, so that no line moves.
  const bundle = find(".js");
  return { source: bundle + keeping(find(".js.map"), bundle, OUT, folder, SDK), imports: interfaces(imports, contract) };
}

function interfaces(specifiers, contract) {
  const version = contract.package.split("@")[1];
  const names = specifiers.map((specifier) => {
    const name = specifier.slice(PACKAGE.length, -`@${version}`.length);
    if (specifier !== `${PACKAGE}${name}@${version}` || !contract.imports[name]) {
      throw new Mistake(`${JSON.stringify(specifier)} is imported, and the contract ${version} has no such interface`);
    }
    return name;
  });
  return [...new Set(names)].sort();
}

async function bundled(what) {
  try {
    return await build({ ...OPTIONS, ...what });
  } catch (error) {
    if (!error.errors) throw error;
    const lines = error.errors.map(({ location, text }) => `${location ? `${location.file}:${location.line}: ` : ""}${explained(text)}`);
    throw new Mistake(lines.join("\n"));
  }
}

/** A module that is not there is told with what there is; one of the author's own files in the bundler's words. */
function explained(text) {
  const name = /^Could not resolve "([^./][^"]*)"/.exec(text)?.[1];
  return name ? `a plugin has no module ${JSON.stringify(name)}: ${moduleInstead(isBuiltin(name))}` : text;
}

/** What the host brings stays an import, and one without effect: where nothing of it is used, it goes. */
const host = {
  name: "host",
  setup(build) {
    build.onResolve({ filter: /^gantry:/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
  },
};

/** How modules become one; tests are bundled likewise. */
export const OPTIONS = {
  bundle: true,
  format: "esm",
  target: "es2023",
  platform: "neutral",
  mainFields: ["module", "main"],
  // A plugin in a checkout needs no packages of its own.
  alias: { "@gantry/plugin": join(SDK, "src/index.ts") },
  loader: { ".svg": "text", ".txt": "text" },
  plugins: [host],
  treeShaking: true,
  metafile: true,
  write: false,
  logLevel: "silent",
  // Names stay as they are: they are what the log shows of a defect.
  minifySyntax: true,
};
