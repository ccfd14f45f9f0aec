# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Which games there are and which settings they take."""

from wit_world.exports import Blueprints as BlueprintsPart
from wit_world.exports.blueprints import (
    EndpointNeed,
    CommandDoor,
    Blueprint,
)

__all__ = [
    "EndpointNeed",
    "CommandDoor",
    "Blueprint",
    "BlueprintsPart",
]
