# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""What happens in Gantry, told to a plugin once it has happened. Called by the control plane, at least once and in no
promised order, and never in the way of what it tells. Optional."""

from wit_world.exports import Hooks as HooksPart
from wit_world.exports.hooks import (
    About,
    Event,
)

__all__ = [
    "About",
    "Event",
    "HooksPart",
]
