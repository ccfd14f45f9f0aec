# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Capability `files`: inside this server's directory, on its node."""

from gantry_plugin.failure import throwing
from wit_world.imports import files as _host
from wit_world.imports.files import (
    Entry,
)

__all__ = [
    "Entry",
    "list",
    "read",
    "write",
]

list = throwing(_host.list)
read = throwing(_host.read)
write = throwing(_host.write)
