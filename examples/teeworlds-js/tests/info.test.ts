import assert from "node:assert/strict";
import { test } from "node:test";
import { asFailure, wire } from "@gantry/plugin";
import { TOKEN_REQUEST, collect, number, parse } from "../src/info.ts";

const { bytes } = wire;
/** Recorded from Debian's teeworlds-server 0.7.5 with one player, but for the tokens. */
const RECORDED = bytes(
  "!Gtry\xd5\x01k\x99\xff\xff\xff\xffinf3\x010.7.5\0Hello world\0\0dm1\0DM\0" +
    "\0\x01\x01\x08\x01\x08Gr\xc3\xbc\xc3\x9fe 'x'\0CLAN\0@\0\0",
);

declare const globalThis: { gantryHost: unknown };

test("a request is as long as the game demands", () => {
  assert.equal(TOKEN_REQUEST.length, 520);
  assert.deepEqual(TOKEN_REQUEST.subarray(0, 12), bytes("\x04\0\0\xff\xff\xff\xff\x05Gtry"));
});

test("the server's token goes into the question, and the answer is a sample", () => {
  const asked: Uint8Array[] = [];
  const answers = [bytes("\x04\0\0Gtry\x05S\xb5\xd2\x0e"), RECORDED];
  const datagram = (_endpoint: string, payload: Uint8Array) => {
    asked.push(payload);
    return [{ payload: answers[asked.length - 1], afterUs: 1_500 }];
  };
  globalThis.gantryHost = { query: { datagram } };
  const sample = collect();
  assert.deepEqual(asked[1], bytes("!S\xb5\xd2\x0eGtry\xff\xff\xff\xffgie3\x01"));
  assert.equal(sample.latencyMs, 1.5);
  assert.deepEqual(sample.playerList, [{ name: "Grüße 'x'", id: null, score: 0, pingMs: null, secondsOnline: null }]);
});

test("numbers of all lengths and signs are read", () => {
  for (const [given, value] of [
    ["\x00", 0], ["\x40", -1], ["\x3f", 63], ["\x80\x01", 64], ["\xc0\x01", -65],
    ["\xbf\xff\xff\xff\x0f", 2 ** 31 - 1], ["\xff\xff\xff\xff\x0f", -(2 ** 31)], ["\x80", undefined],
  ] as const) {
    assert.equal(wire.read(bytes(given), number), value);
  }
});

test("a stranger's bytes are never a defect", () => {
  for (let cut = 0; cut < RECORDED.length; cut++) {
    try {
      // What ends before the first player is an answer with nobody.
      assert.deepEqual(parse(RECORDED.subarray(0, cut)).playerList, [], String(cut));
    } catch (error) {
      assert.equal(asFailure(error)?.code, "bad_answer", String(cut));
    }
  }
});
