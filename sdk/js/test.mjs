#!/usr/bin/env node
/**
 * An author's tests without a host: `node test.mjs PLUGIN_DIR`.
 *
 * Every `*.test.ts` below is bundled as a plugin is and run by Node's own test runner, with `node:test` and `node:assert/strict`.
 * What the host brings is there as functions of `globalThis.gantryHost`, by interface and name: a test sets those that it needs.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { OPTIONS } from "./lib/bundle.mjs";

const folder = resolve(process.argv[2] ?? ".");
if (!existsSync(folder)) {
  console.error("usage: node test.mjs PLUGIN_DIR");
  process.exit(2);
}
const found = await readdir(folder, { recursive: true });
const tests = found.filter((name) => /\.test\.[jt]s$/.test(name) && !name.includes("node_modules"));
if (tests.length === 0) {
  console.error(`error: there is no *.test.ts below ${folder}`);
  process.exit(1);
}

/** Looked up at each call, so that each test can bring its own. */
const fake = {
  name: "fake-host",
  setup(build) {
    build.onResolve({ filter: /^gantry:/ }, ({ path }) => ({ path, namespace: "gantry" }));
    build.onLoad({ filter: /.*/, namespace: "gantry" }, ({ path }) => {
      const name = /^gantry:plugin\/(.*)@/.exec(path)[1];
      return { contents: `import contract from "contract"; export default contract(${JSON.stringify(name)});`, resolveDir: folder };
    });
    build.onResolve({ filter: /^contract$/, namespace: "gantry" }, ({ path }) => ({ path, namespace: "contract" }));
    build.onLoad({ filter: /.*/, namespace: "contract" }, () => ({ contents: FAKE, loader: "js", resolveDir: import.meta.dirname }));
  },
};

const FAKE = `
import contract from "./contract.json";
const camel = (name) => name.replace(/-./g, (two) => two[1].toUpperCase());
export default (name) => Object.fromEntries(contract.imports[name].map(camel).map((each) => [each, (...given) => {
  const fake = globalThis.gantryHost?.[camel(name)]?.[each];
  if (!fake) throw new Error("the test brings no gantryHost." + camel(name) + "." + each);
  return fake(...given);
}]));`;

const out = await mkdtemp(join(tmpdir(), "gantry-test-"));
try {
  await build({
    ...OPTIONS,
    entryPoints: tests.map((name) => join(folder, name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    plugins: [fake],
    write: true,
    logLevel: "error",
  });
  const bundles = (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".mjs"));
  const ran = spawnSync(process.execPath, ["--test", ...bundles.map((name) => join(out, name))], { stdio: "inherit" });
  process.exitCode = ran.status ?? 1;
} finally {
  await rm(out, { recursive: true });
}
