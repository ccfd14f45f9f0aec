"""Between the component's exports and an author's classes. The builder puts it there.

An instance ends without a word when something unforeseen is raised, or when an answer has another shape than the contract's,
so that is written to the log first.
"""

import traceback
from collections.abc import Callable
from typing import Any

from componentize_py_types import Err
from gantry_plugin import shape
from gantry_plugin.failure import as_failure
from wit_world.imports import log, types

# What a function answers that an author left out, where the contract has such an answer.
_OTHERWISE: dict[str, Callable[..., Any]] = {"blueprints.validate": lambda _self, _server: []}


# Where the builder lets modules be found: its own entry, the author's, and this package.
_ENTRY, _AUTHORS, _SDK = "/0/", "/1/", "/2/"


def guard(name: str, part: type, functions: list[str], source: str = "") -> type:
    """A part's class with the contract's functions. Run while the component is built.

    ``source`` is the folder of the author's modules, as the author calls it.
    """
    return type(part.__name__, (), {each: _guarded(name, part, each, source) for each in functions})


def _guarded(name: str, part: type, function: str, source: str) -> Callable[..., Any]:
    call = f"{name}.{function}"
    found = part.__dict__.get(function) or _inherited(part, function) or _OTHERWISE.get(call)
    if not callable(found):
        raise TypeError(f"the part {part.__name__} needs a function {function}")

    answer_of, failure_of = shape.answer_of(f"{name}.{function.replace('_', '-')}"), shape.type_of("types.failure")

    def guarded(self: Any, *given: Any) -> Any:
        try:
            answer = found(self, *given)
        except Exception as error:
            failure = as_failure(error)
            if failure is None:
                _say(f"{call} raised {_described(error, source)}")
                raise
            refusal = types.Failure(failure.code, failure.message, failure.retry_after_ms)
            wrong = shape.misfit(failure_of, refusal, "its failure")
            if wrong is None:
                raise Err(refusal) from None
        else:
            wrong = shape.misfit(answer_of, answer, "its answer")
            if wrong is None:
                return answer
        _say(f"{call} does not fit the contract: {wrong}{_beginning(found, source)}")
        raise TypeError(wrong)

    return guarded


def _say(words: str) -> None:
    """A line of the log has no breaks."""
    for line in words.splitlines():
        log.write(log.Level.ERROR, line)


def _described(error: BaseException, source: str) -> str:
    """What was raised, and where. Without the lines themselves: a call finds no files, and looking for one ends it."""
    frames = [
        f"    at {frame.f_code.co_name} ({_place(frame.f_code.co_filename, source)}:{line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith((_ENTRY, _SDK))
    ]
    return "\n".join([f"{type(error).__name__}: {error}", *reversed(frames)])


def _beginning(function: Any, source: str) -> str:
    """Where a function begins, as another line. A line of the answer itself is not known."""
    code = getattr(function, "__code__", None)
    return "" if code is None else f"\n    at {code.co_name} ({_place(code.co_filename, source)}:{code.co_firstlineno})"


def _place(file: str, source: str) -> str:
    """A module's file as its author knows it."""
    return f"{source}/{file.removeprefix(_AUTHORS)}" if file.startswith(_AUTHORS) else file


def _inherited(part: type, function: str) -> Any:
    """What a base class has, unless that is the contract's own, which only says that something is missing."""
    found = getattr(part, function, None)
    return None if getattr(found, "__isabstractmethod__", False) else found
