# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Capability `kv`: a few bytes that outlive a call, apart for each plugin and, in calls about a server, for each server."""

from gantry_plugin.failure import throwing
from wit_world.imports import kv as _host

__all__ = [
    "get",
    "set",
    "remove",
    "keys",
]

get = throwing(_host.get)
set = throwing(_host.set)
remove = throwing(_host.remove)
keys = throwing(_host.keys)
