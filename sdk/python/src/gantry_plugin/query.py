# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Capability `query`: datagrams and streams to this server's own endpoints, by name, and nowhere else."""

from gantry_plugin.failure import throwing
from wit_world.imports import query as _host
from wit_world.imports.query import (
    Reply,
    Connection,
)

__all__ = [
    "Reply",
    "Connection",
    "datagram",
    "exchange",
]

datagram = throwing(_host.datagram)
exchange = throwing(_host.exchange)
