import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, blueprint, image, installPlan, runSpec, sample, variable, type RunSpec, type Sample } from "@gantry/plugin";
import { guard } from "../src/guard.ts";
import { answerOf, misfit } from "../src/shape.ts";

declare const globalThis: { gantryHost: Record<string, Record<string, (...given: never[]) => unknown>> };

const run = (rest: object): unknown => ({ ...runSpec(image.reference("a:1"), ["sh"]), ...rest });
const wrongRun = (rest: object) => misfit(answerOf("plans.run"), run(rest), "it");
const collected = (rest: object) => misfit(answerOf("collector.collect"), { ...sample({}), ...rest }, "it");

test("what the builders make fits", () => {
  const ready: RunSpec["ready"] = [{ tag: "udp", val: { endpoint: "game", payload: new Uint8Array(2) } }, { tag: "collector" }];
  assert.equal(wrongRun({ ready, extra: [["a", "b"]] }), undefined);
  const kinds = [variable.text("a", "A", "x", 9), variable.boolean("b", "B", true), variable.number("c", "C", 1, 0, 9)];
  assert.equal(misfit(answerOf("blueprints.list"), [blueprint("g", "G", { variables: kinds })], "it"), undefined);
  assert.equal(misfit(answerOf("plans.install"), installPlan([]), "it"), undefined);
  const playerList: Sample["playerList"] = [{ name: "Ada", id: null, score: -(2 ** 40), pingMs: 3, secondsOnline: null }];
  assert.equal(collected({ players: 1, latencyMs: 0.5, playerList }), undefined);
});

test("what the engine takes anyway is left to it", () => {
  assert.equal(wrongRun({ ready: [{ tag: "udp", val: { endpoint: "game", payload: [1, 255] } }] }), undefined);
  assert.equal(collected({ map: undefined, players: 2.5 }), undefined);
  assert.equal(misfit(answerOf("hooks.handle"), "anything", "it"), undefined);
});

test("each kind of value that does not fit is told with the way to it", () => {
  const ways: [object, string][] = [
    [{ terminal: 1 }, "it.terminal is a number, where true or false belongs"],
    [{ workingDirectory: null }, "it.workingDirectory is null, where a text belongs"],
    [{ workingDirectory: "a\ud800" }, "it.workingDirectory has half of a surrogate pair in it, which is no text"],
    [{ command: "sh" }, "it.command is a text of 2 characters, where an array belongs"],
    [{ command: ["sh", 5] }, "it.command[1] is a number, where a text belongs"],
    [{ extra: [["a"]] }, "it.extra[0] is an array of 1, where an array of 2 belongs"],
    [{ extra: [["a", 1n]] }, "it.extra[0][1] is a bigint, where a text belongs"],
    [{ readyTimeoutMs: "5" }, "it.readyTimeoutMs is a text of 1 characters, where a whole number from 0 to 4294967295 belongs"],
    [{ readyTimeoutMs: 2 ** 32 }, "it.readyTimeoutMs is 4294967296, where a whole number from 0 to 4294967295 belongs"],
    [{ readyTimeoutMs: -1 }, "it.readyTimeoutMs is -1, where a whole number from 0 to 4294967295 belongs"],
    [{ readyTimeoutMs: NaN }, "it.readyTimeoutMs is NaN, where a whole number from 0 to 4294967295 belongs"],
    [{ image: { tag: "ref", val: "a" } }, 'it.image.tag is a text of 3 characters, where one of "reference", "recipe" belongs'],
    [{ image: "a" }, "it.image is a text of 1 characters, where an object with tag and val belongs"],
    [{ image: { tag: "recipe", val: { dockerfile: "x" } } }, "it.image.val.files is not there, where an array belongs"],
    [{ ready: [{ tag: "udp", val: { endpoint: "a", payload: [256] } }] }, "it.ready[0].val.payload is an array of 1, where a Uint8Array belongs"],
    [{ edits: [{ path: "a", format: "cfg", edits: [], create: true }] },
      'it.edits[0].format is a text of 3 characters, where one of "properties", "ini", "json", "yaml", "toml", "xml", "lines" belongs'],
  ];
  for (const [rest, words] of ways) assert.equal(wrongRun(rest), words);
  assert.match(collected({ playerList: ["Ada"] })!, /^it\.playerList\[0\] is a text of 3 characters, where an object with name, id, /);
  assert.equal(collected({ latencyMs: "1" }), "it.latencyMs is a text of 1 characters, where a number belongs");
  const score = (value: number) => collected({ playerList: [{ name: "a", score: value }] });
  assert.equal(score(-(2 ** 63)), undefined);
  assert.equal(score(2 ** 63), "it.playerList[0].score is 9223372036854776000, where a whole number from -2^63 to 2^63 - 1 belongs");
});

test("an answer that does not fit is written to the log before the instance ends, without the text of it", () => {
  const lines: string[][] = [];
  globalThis.gantryHost = { log: { write: (...line: string[]) => lines.push(line) } };
  const part = guard("plans", { run: () => run({ readyTimeoutMs: "hunter2" }), install: async () => installPlan([]) }, ["run", "install"]);
  assert.throws(part.run as () => void, TypeError);
  const words = "is a text of 7 characters, where a whole number from 0 to 4294967295 belongs";
  assert.deepEqual(lines, [["error", `plans.run does not fit the contract: its answer.readyTimeoutMs ${words}`]]);
  assert.throws(part.install as () => void, /its answer is a promise, for which nothing waits, where an object with steps, installedVersion belongs/);
});

test("a failure that does not fit is told too", () => {
  globalThis.gantryHost = { log: { write() {} } };
  const part = guard("configFiles", { list() { throw new Failure("no_port", "There is none.", -1); } }, ["list"]);
  assert.throws(part.list as () => void, new TypeError("its failure.retryAfterMs is -1, where a whole number from 0 to 4294967295 belongs"));
});
