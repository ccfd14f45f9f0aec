import assert from "node:assert/strict";
import { test } from "node:test";
import { rules, wire } from "@gantry/plugin";

test("a reader ends without an error of the plugin", () => {
  const pair = wire.read(Uint8Array.of(1, 2, 3), (reader) => [reader.u16be(), reader.byte()]);
  assert.deepEqual(pair, [0x0102, 3]);
  assert.equal(wire.read(Uint8Array.of(1), (reader) => reader.u16be()), undefined);
  assert.equal(wire.read(wire.bytes("ab"), (reader) => reader.untilZero()), undefined);
  assert.equal(wire.read(wire.bytes("ab"), (reader) => reader.expect(wire.bytes("ac")) ?? "there"), undefined);
});

test("a reader knows what is left", () => {
  const rest = wire.read(wire.bytes("ab\0cd"), (reader) => {
    reader.expect(wire.bytes("a"));
    const word = reader.untilZero();
    return [wire.text(word, 9), wire.text(reader.rest, 9), reader.isAtEnd, reader.take(2).length, reader.isAtEnd];
  });
  assert.deepEqual(rest, ["b", "cd", false, 2, true]);
});

test("an error of the parser itself is not swallowed", () => {
  assert.throws(() => wire.read(Uint8Array.of(), () => { throw new TypeError("a defect"); }), TypeError);
});

test("text loses control characters and keeps Latin-1", () => {
  assert.equal(wire.text(wire.bytes("a\x1b[31mb\n"), 10), "a[31mb");
  assert.equal(wire.text(Uint8Array.of(0x63, 0xe9), 10), "cé");
  assert.equal(wire.text(wire.bytes("abcdef"), 3), "abc");
});

test("text is UTF-8 only where all of it is", () => {
  assert.equal(wire.text(Uint8Array.of(0xf0, 0x9f, 0x98, 0x80), 10), "😀");
  // Overlong, a surrogate, cut off: none of them is UTF-8.
  assert.equal(wire.text(Uint8Array.of(0xc0, 0xaf), 10), "À¯");
  assert.equal(wire.text(Uint8Array.of(0xed, 0xa0, 0x80), 10), "í\u00a0");
  assert.equal(wire.text(Uint8Array.of(0xc3), 10), "Ã");
});

test("a second command is not plain", () => {
  assert.ok(rules.isPlain("Friday night, 8 pm (EU)"));
  for (const text of ["a;quit", 'a"b', "a\nquit", "$rcon", "a\\b", "%n"]) assert.ok(!rules.isPlain(text), text);
});
