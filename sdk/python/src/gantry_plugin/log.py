# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Always there: one line to the plugin's own log. Bounded; control characters are escaped by the host."""

from gantry_plugin.failure import throwing
from wit_world.imports import log as _host
from wit_world.imports.log import (
    Level,
)

__all__ = [
    "Level",
    "write",
]

write = throwing(_host.write)
