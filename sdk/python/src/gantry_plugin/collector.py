# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""What a running game is doing. Called by the daemon beside the container. Optional."""

from wit_world.exports import Collector as CollectorPart
from wit_world.exports.collector import (
    Player,
    Series,
    Sample,
)

__all__ = [
    "Player",
    "Series",
    "Sample",
    "CollectorPart",
]
