# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Meaning in console output. Called with batches of lines without escape sequences; keeps no state. Optional."""

from wit_world.exports import ConsoleEvents as ConsoleEventsPart
from wit_world.exports.console_events import (
    CrashCause,
    Event_Ready,
    Event_Joined,
    Event_Left,
    Event_Chat,
    Event_Warning,
    Event_CrashCause,
    Event,
    Found,
)

__all__ = [
    "CrashCause",
    "Event_Ready",
    "Event_Joined",
    "Event_Left",
    "Event_Chat",
    "Event_Warning",
    "Event_CrashCause",
    "Event",
    "Found",
    "ConsoleEventsPart",
]
