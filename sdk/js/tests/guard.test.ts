import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, asFailure, query } from "@gantry/plugin";
import { guard, placed } from "../src/guard.ts";

declare const globalThis: { gantryPlaces?: unknown; gantryHost: Record<string, Record<string, (...given: never[]) => unknown>> };

test("a failure becomes the record of the contract and is no line of the log", () => {
  globalThis.gantryHost = {};
  const part = guard("plans", { run() { throw new Failure("no_port", "There is none."); } }, ["run"]);
  assert.throws(part.run as () => void, { code: "no_port", message: "There is none.", retryAfterMs: null });
});

test("a defect is written to the log with its place before the instance ends", () => {
  const lines: string[][] = [];
  globalThis.gantryHost = { log: { write: (...line: string[]) => lines.push(line) } };
  const part = guard("plans", { run() { throw new TypeError("oh"); } }, ["run"]);
  assert.throws(part.run as () => void, TypeError);
  assert.deepEqual(lines[0], ["error", "plans.run threw TypeError: oh"]);
  assert.ok(lines.slice(1).some((line) => line.join(" ").includes("guard.test")), String(lines));
});

test("a name that other engines have is told with what there is in its place", () => {
  const lines: string[][] = [];
  globalThis.gantryHost = { log: { write: (...line: string[]) => lines.push(line) } };
  const part = guard("plans", { run() { throw new ReferenceError("console is not defined"); } }, ["run"]);
  assert.throws(part.run as () => void, ReferenceError);
  assert.deepEqual(lines[0], ["error", "plans.run threw ReferenceError: console is not defined"]);
  assert.match(lines[1]![1]!, /^a plugin has no console: write to the plugin's log: `log\.write\("info", text\)`/);
});

test("a place in the bundle is told as one in the author's file", () => {
  globalThis.gantryPlaces = { files: ["src/plugin.ts", "src/run.ts"], runs: "3,0,10,5;8,1,1,2" };
  const stack = "    at run (user.js:4:5)\n    at <anonymous> (engine:user.js:9:1)\n    at guard (user.js:99:1)";
  assert.equal(placed(stack), "    at run (src/plugin.ts:11)\n    at <anonymous> (src/run.ts:2)\n    at guard (user.js:99:1)");
  delete globalThis.gantryPlaces;
});

test("a part without a function that it needs is refused while it is built", () => {
  assert.throws(() => guard("plans", {}, ["run"]), /plans needs a function run/);
  assert.deepEqual((guard("blueprints", {}, ["validate"]).validate as () => unknown)(), []);
});

test("what the host refuses can be caught as a failure", () => {
  const said = Object.assign(new Error("the engine's own"), { payload: { code: "timeout", message: "Nothing came.", retryAfterMs: null } });
  globalThis.gantryHost = { query: { datagram() { throw said; } } };
  assert.throws(() => query.datagram("game", new Uint8Array(), 1, 1), (caught) => asFailure(caught)?.code === "timeout");
  assert.equal(asFailure(new Error("a defect")), undefined);
});
