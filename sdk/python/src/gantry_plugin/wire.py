"""Reading answers of games: bytes that a stranger may have sent.

A :class:`Reader` raises where the bytes end, and :func:`read` turns exactly that into ``None``, so that a parser reads from
top to bottom and no answer, however short, looks like an error of the plugin.
"""

import unicodedata
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Ended(Exception):
    """Raised by a :class:`Reader` where what it wants is not there."""


class Reader:
    """A cursor over received bytes."""

    def __init__(self, payload: bytes) -> None:
        self._bytes = payload

    @property
    def rest(self) -> bytes:
        """What is left."""
        return self._bytes

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count > len(self._bytes):
            raise Ended
        head, self._bytes = self._bytes[:count], self._bytes[count:]
        return head

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def u16_be(self) -> int:
        """The next two bytes, most significant first."""
        return int.from_bytes(self.take(2), "big")

    def expect(self, prefix: bytes) -> None:
        """Consumes ``prefix``."""
        if self.take(len(prefix)) != prefix:
            raise Ended

    def until_zero(self) -> bytes:
        """The bytes before the next zero, which is consumed too."""
        head, zero, rest = self._bytes.partition(b"\0")
        if not zero:
            raise Ended
        self._bytes = rest
        return head


def read(payload: bytes, parse: Callable[[Reader], T]) -> T | None:
    """What ``parse`` makes of the bytes, or ``None`` where they end too early."""
    try:
        return parse(Reader(payload))
    except Ended:
        return None


def text(payload: bytes, most: int) -> str:
    """Bytes as text: UTF-8 where it is that, Latin-1 otherwise, without control characters, at most ``most`` characters."""
    try:
        decoded = payload.decode("utf-8")
    except UnicodeDecodeError:
        decoded = payload.decode("latin-1")
    return "".join(character for character in decoded if not is_control(character))[:most]


def is_control(character: str) -> bool:
    """Whether a character is one of C0, C1 or DEL."""
    return unicodedata.category(character) == "Cc"
