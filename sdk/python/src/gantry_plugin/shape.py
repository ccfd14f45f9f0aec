"""Whether an answer has the shape that the contract gives it, and where it has not.

The engine ends an instance without a word at a value of another type. So the guard compares first, by the table that is made
from the contract. Checks are made while the component is built.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from gantry_plugin.shapes import ANSWERS, TYPES


class Wrong(NamedTuple):
    """The way to a value, beginning with a dot or a bracket, and words about it."""

    way: str
    words: str


Check = Callable[[Any], Wrong | None]

_known: dict[str, Check] = {}


def answer_of(call: str) -> Check:
    """The check of what a function answers, by its name in the contract, as in ``config-files.list``."""
    return _check_of(ANSWERS.get(call, "_"))


def type_of(name: str) -> Check:
    """The check of a type of the contract, as in ``types.failure``."""
    return _check_of(name)


def misfit(check: Check, value: Any, name: str) -> str | None:
    """What is wrong with it, in words for an author; ``None`` where nothing is."""
    wrong = check(value)
    return None if wrong is None else f"{name}{wrong.way} {wrong.words}"


def _check_of(shape: Any) -> Check:
    if not isinstance(shape, str):
        return _composed(shape, "")
    found = _known.get(shape)
    if found is None:
        _, dot, name = shape.partition(".")
        found = _composed(TYPES[shape], _upper(name)) if dot else _primitive(shape)
        _known[shape] = found
    return found


def _primitive(name: str) -> Check:
    match name:
        case "_":
            return lambda _: None
        case "bool":
            return lambda value: None if isinstance(value, bool) else _other(value, "True or False")
        case "string":
            return lambda value: _unpaired(value) if isinstance(value, str) else _other(value, "a str")
        case "float":
            return lambda value: None if isinstance(value, float) else _float(value)
        case "bytes":
            return lambda value: None if isinstance(value, bytes) else _other(value, "bytes")
        case _:
            return _whole(name)


def _unpaired(text: str) -> Wrong | None:
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return Wrong("", "has a surrogate in it, which is no text")
    return None


def _float(value: Any) -> Wrong | None:
    return None if isinstance(value, int) and abs(value) < 1 << 1023 else _other(value, "a float")


def _whole(name: str) -> Check:
    bits = int(name[1:])
    least, most = (0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    wanted = f"an int from {least} to {most}"

    def check(value: Any) -> Wrong | None:
        if not isinstance(value, int):
            return _other(value, wanted)
        return None if least <= value <= most else Wrong("", f"is {value}, where {wanted} belongs")

    return check


def _composed(shape: list[Any], name: str) -> Check:
    match shape:
        case ["option", some]:
            return _option(_check_of(some))
        case ["list", item]:
            return _list(_check_of(item))
        case ["tuple", items]:
            return _tuple([_check_of(item) for item in items])
        case ["record", fields]:
            return _record(name, [(_snake(field), _check_of(of)) for field, of in fields])
        case ["variant", cases]:
            return _variant({f"{name}_{_upper(case)}": None if of == "_" else _check_of(of) for case, of in cases})
        case _:
            return lambda value: None if type(value).__name__ == name and isinstance(value, Enum) else _other(value, _a(name))


def _option(some: Check) -> Check:
    return lambda value: None if value is None else some(value)


def _list(item: Check) -> Check:
    def check(value: Any) -> Wrong | None:
        if not isinstance(value, list):
            return _other(value, "a list")
        for index, each in enumerate(value):
            wrong = item(each)
            if wrong is not None:
                return Wrong(f"[{index}]{wrong.way}", wrong.words)
        return None

    return check


def _tuple(items: list[Check]) -> Check:
    def check(value: Any) -> Wrong | None:
        if not isinstance(value, tuple) or len(value) != len(items):
            return _other(value, f"a tuple of {len(items)}")
        for index, item in enumerate(items):
            wrong = item(value[index])
            if wrong is not None:
                return Wrong(f"[{index}]{wrong.way}", wrong.words)
        return None

    return check


def _record(name: str, fields: list[tuple[str, Check]]) -> Check:
    def check(value: Any) -> Wrong | None:
        for field, of in fields:
            try:
                inner = getattr(value, field)
            except AttributeError:
                return _other(value, f"{_a(name)}, which has {field},")
            wrong = of(inner)
            if wrong is not None:
                return Wrong(f".{field}{wrong.way}", wrong.words)
        return None

    return check


def _variant(cases: dict[str, Check | None]) -> Check:
    wanted = f"one of {', '.join(cases)}"

    def check(value: Any) -> Wrong | None:
        case = type(value).__name__
        if case not in cases:
            return _other(value, wanted)
        of = cases[case]
        wrong = None if of is None else of(value.value)
        return None if wrong is None else Wrong(f".value{wrong.way}", wrong.words)

    return check


def _upper(name: str) -> str:
    """``run-spec`` as ``RunSpec``."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("-"))


def _snake(name: str) -> str:
    return name.replace("-", "_")


def _a(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIO' else 'a'} {name}"


def _other(value: Any, wanted: str) -> Wrong:
    return Wrong("", f"is {_described(value)}, where {wanted} belongs")


def _described(value: Any) -> str:
    """Without the value itself where that is a text: it may be a secret, and this becomes a line of the log."""
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, str | bytes | list | tuple):
        return f"{_a(type(value).__name__)} of {len(value)}"
    return _a(type(value).__name__)
