import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, asFailure, query } from "@gantry/plugin";
import { guard } from "../src/guard.ts";

declare const globalThis: { gantryHost: Record<string, Record<string, (...given: never[]) => unknown>> };

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
  assert.equal(lines.length, 1);
  assert.match(lines[0]!.join(" "), /^error plans\.run threw TypeError: oh\n.*guard\.test/s);
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
