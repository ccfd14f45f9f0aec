"""Saying no in words for people, and hearing it from the host."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from componentize_py_types import Err
from wit_world.imports import types

P = ParamSpec("P")
T = TypeVar("T")


class Failure(Exception):
    """Why a function could not answer: ``code`` is stable, ``message`` is for people.

    Raise it from a function of the contract whose answer may fail, and catch it around what the host does for you. Anything
    else that is raised is a defect: it is written to the plugin's log, and the instance ends.
    """

    def __init__(self, code: str, message: str, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms


def as_failure(error: BaseException) -> Failure | None:
    """The failure in what was caught, or ``None`` where that is a defect."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, Err) and isinstance(error.value, types.Failure):
        return Failure(error.value.code, error.value.message, error.value.retry_after_ms)
    return None


def throwing(function: Callable[P, T]) -> Callable[P, T]:
    """The same function, raising :class:`Failure`."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except Err as error:
            raise as_failure(error) or error from None

    return call
