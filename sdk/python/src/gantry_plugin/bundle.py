# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Always there: files that were packed into the component, in custom sections `gantry:file/NAME`."""

from gantry_plugin.failure import throwing
from wit_world.imports import bundle as _host

__all__ = [
    "names",
    "read",
]

names = throwing(_host.names)
read = throwing(_host.read)
