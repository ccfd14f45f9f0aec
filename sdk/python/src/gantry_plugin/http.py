# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Capability `http`: https requests to public addresses of the hosts that the manifest names."""

from gantry_plugin.failure import throwing
from wit_world.imports import http as _host
from wit_world.imports.http import (
    Request,
    Response,
)

__all__ = [
    "Request",
    "Response",
    "send",
]

send = throwing(_host.send)
