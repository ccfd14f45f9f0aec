# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""What people do to a game beyond power: buttons of the panel, calls of the API, steps of a schedule. Optional."""

from wit_world.exports import Actions as ActionsPart
from wit_world.exports.actions import (
    Availability,
    Action,
)

__all__ = [
    "Availability",
    "Action",
    "ActionsPart",
]
