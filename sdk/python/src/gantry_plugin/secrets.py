# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Capability `secrets`: what an administrator stored under a name that the manifest asks for."""

from gantry_plugin.failure import throwing
from wit_world.imports import secrets as _host

__all__ = [
    "get",
]

get = throwing(_host.get)
