"""The question that the game's server browser asks: who plays, and what.

Teeworlds 0.7 answers only those who prove that they receive what is sent to their address. So there are two exchanges from one
socket, which the host keeps for the length of a call: our token for the server's, then the question with both. Sources:
``engine/shared/network.h`` for the headers, ``engine/shared/compression.cpp`` for numbers, ``CServer::GenerateServerInfo`` for the
answer.
"""

from dataclasses import replace

from gantry_plugin import Failure, query
from gantry_plugin.collector import Player, Sample
from gantry_plugin.wire import Reader, read, text

# Ours. The host's socket hears nobody but the game, so it need not be a secret.
TOKEN = b"Gtry"
# Stands for a token that is not known yet.
NO_TOKEN = b"\xff\xff\xff\xff"
# The flag of a control packet, without acknowledgement and chunks.
CONTROL = b"\x04\0\0"
CONTROL_TOKEN = b"\x05"
# A request for a token has so much data, so that nobody gains by asking in another's name.
REQUEST_BYTES = 512
# The flag of a packet without a connection, and the version of the protocol.
CONNECTIONLESS = b"\x21"
QUESTION = b"\xff\xff\xff\xffgie3"
ANSWER = b"\xff\xff\xff\xffinf3"
# The number of a question comes back with its answer.
NUMBER = b"\x01"
# As many as a server can hold.
MOST_CLIENTS = 64
PATIENCE_MS = 1_500

# The first packet. A server that answers it is ready for players.
TOKEN_REQUEST = CONTROL + NO_TOKEN + CONTROL_TOKEN + TOKEN.ljust(REQUEST_BYTES, b"\0")


def collect() -> Sample:
    servers_token = read(ask(TOKEN_REQUEST).payload, token)
    if servers_token is None:
        raise unreadable()
    reply = ask(CONNECTIONLESS + servers_token + TOKEN + QUESTION + NUMBER)
    sample = read(reply.payload, parse)
    if sample is None:
        raise unreadable()
    return replace(sample, latency_ms=reply.after_us / 1_000)


def ask(payload: bytes) -> query.Reply:
    replies = query.datagram("game", payload, 1, PATIENCE_MS)
    if not replies:
        raise Failure("no_answer", "The game did not answer its server browser.")
    return replies[0]


def unreadable() -> Failure:
    return Failure("bad_answer", "The game's answer to its server browser could not be read.")


def token(reader: Reader) -> bytes:
    """The server's token."""
    reader.expect(CONTROL + TOKEN + CONTROL_TOKEN)
    return reader.take(4)


def parse(reader: Reader) -> Sample:
    reader.expect(CONNECTIONLESS + TOKEN)
    reader.take(4)  # The server's token.
    reader.expect(ANSWER + NUMBER)
    version = string(reader)
    name = string(reader)
    string(reader)  # The host's name.
    map = string(reader)
    string(reader)  # The mode.
    _flags, _skill, _players, _player_slots, clients, client_slots = (number(reader) for _ in range(6))
    player_list: list[Player] = []
    while len(player_list) < MOST_CLIENTS and reader.rest:
        player_list.append(player(reader))
    return Sample(
        name=name,
        map=map,
        version=version,
        # Whoever is connected counts, whether playing or watching.
        players=clients if clients >= 0 else None,
        max_players=client_slots if client_slots >= 0 else None,
        lists_players=True,
        player_list=player_list,
        latency_ms=None,
        series=[],
        bots=None,
    )


def player(reader: Reader) -> Player:
    name = string(reader)
    string(reader)  # The clan.
    _country, score, _kind = (number(reader) for _ in range(3))
    return Player(name=name, id=None, score=score, ping_ms=None, seconds_online=None)


def string(reader: Reader) -> str:
    """Text up to a zero byte."""
    return text(reader.until_zero(), 128)


def number(reader: Reader) -> int:
    """One to five bytes, the least significant first.

    The first has a bit for more, the sign and six bits; each further one a bit for more and seven bits.
    """
    first = reader.byte()
    value, more, shift = first & 0x3F, first & 0x80, 6
    while more and shift < 32:
        byte = reader.byte()
        value |= (byte & 0x7F) << shift
        more, shift = byte & 0x80, shift + 7
    # The game's numbers have 32 bits, and whatever is shifted beyond is lost.
    value = int.from_bytes((value & 0xFFFF_FFFF).to_bytes(4, "little"), "little", signed=True)
    return ~value if first & 0x40 else value
