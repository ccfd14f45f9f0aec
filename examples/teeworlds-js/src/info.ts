/**
 * The question that the game's server browser asks: who plays, and what.
 *
 * Teeworlds 0.7 answers only those who prove that they receive what is sent to their address. So there are two exchanges from
 * one socket, which the host keeps for the length of a call: our token for the server's, then the question with both.
 * Sources: `engine/shared/network.h` for the headers, `engine/shared/compression.cpp` for numbers,
 * `CServer::GenerateServerInfo` for the answer.
 */
import { Failure, type Player, type Reply, type Sample, player, query, sample, wire } from "@gantry/plugin";

const { bytes, concat } = wire;

/** Ours. The host's socket hears nobody but the game, so it need not be a secret. */
const TOKEN = bytes("Gtry");
/** Stands for a token that is not known yet. */
const NO_TOKEN = bytes("\xff\xff\xff\xff");
/** The flag of a control packet, without acknowledgement and chunks. */
const CONTROL = bytes("\x04\0\0");
const CONTROL_TOKEN = bytes("\x05");
/** A request for a token has so much data, so that nobody gains by asking in another's name. */
const REQUEST_BYTES = 512;
/** The flag of a packet without a connection, and the version of the protocol. */
const CONNECTIONLESS = bytes("\x21");
const QUESTION = bytes("\xff\xff\xff\xffgie3");
const ANSWER = bytes("\xff\xff\xff\xffinf3");
/** The number of a question comes back with its answer. */
const NUMBER = bytes("\x01");
/** As many as a server can hold. */
const MOST_CLIENTS = 64;
const PATIENCE_MS = 1_500;

/** The first packet. A server that answers it is ready for players. */
export const TOKEN_REQUEST = concat(CONTROL, NO_TOKEN, CONTROL_TOKEN, TOKEN, new Uint8Array(REQUEST_BYTES - TOKEN.length));
const TOKEN_HEAD = concat(CONTROL, TOKEN, CONTROL_TOKEN);
const ANSWER_HEAD = concat(CONNECTIONLESS, TOKEN);
const ANSWER_BODY = concat(ANSWER, NUMBER);

export function collect(): Sample {
  const serversToken = token(ask(TOKEN_REQUEST).payload);
  const reply = ask(concat(CONNECTIONLESS, serversToken, TOKEN, QUESTION, NUMBER));
  return { ...parse(reply.payload), latencyMs: reply.afterUs / 1_000 };
}

function ask(payload: Uint8Array): Reply {
  const [reply] = query.datagram("game", payload, 1, PATIENCE_MS);
  if (!reply) throw new Failure("no_answer", "The game did not answer its server browser.");
  return reply;
}

function readable<T>(answer: T | undefined): T {
  if (answer === undefined) {
    throw new Failure("bad_answer", "The game's answer to its server browser could not be read.");
  }
  return answer;
}

/** The server's token. */
export function token(payload: Uint8Array): Uint8Array {
  return readable(wire.read(payload, (reader) => {
    reader.expect(TOKEN_HEAD);
    return reader.take(4);
  }));
}

export function parse(payload: Uint8Array): Sample {
  return readable(wire.read(payload, (reader) => {
    reader.expect(ANSWER_HEAD);
    reader.take(4); // The server's token.
    reader.expect(ANSWER_BODY);
    const version = string(reader);
    const name = string(reader);
    string(reader); // The host's name.
    const map = string(reader);
    string(reader); // The mode.
    const [, , , , clients, slots] = numbers(reader, 6);
    const playerList: Player[] = [];
    while (playerList.length < MOST_CLIENTS && !reader.isAtEnd) playerList.push(client(reader));
    // Whoever is connected counts, whether playing or watching.
    return sample({ name, map, version, players: count(clients), maxPlayers: count(slots), listsPlayers: true, playerList });
  }));
}

function client(reader: wire.Reader): Player {
  const name = string(reader);
  string(reader); // The clan.
  const [, score] = numbers(reader, 3);
  return player(name, { score: score ?? null });
}

function count(number: number | undefined): number | null {
  return number !== undefined && number >= 0 ? number : null;
}

/** Text up to a zero byte. */
function string(reader: wire.Reader): string {
  return wire.text(reader.untilZero(), 128);
}

function numbers(reader: wire.Reader, count: number): number[] {
  return Array.from({ length: count }, () => number(reader));
}

/**
 * One to five bytes, the least significant first. The first has a bit for more, the sign and six bits; each further one a bit
 * for more and seven bits.
 */
export function number(reader: wire.Reader): number {
  const first = reader.byte();
  let value = first & 0x3f;
  let more = (first & 0x80) !== 0;
  for (let shift = 6; more && shift < 32; shift += 7) {
    const byte = reader.byte();
    value |= (byte & 0x7f) << shift;
    more = (byte & 0x80) !== 0;
  }
  return (first & 0x40) === 0 ? value : ~value;
}
