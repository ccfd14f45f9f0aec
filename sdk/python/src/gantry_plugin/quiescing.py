# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""What the host asks of a running game on its own. Optional."""

from wit_world.exports import Quiescing as QuiescingPart

__all__ = [
    "QuiescingPart",
]
