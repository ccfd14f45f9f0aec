# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Commands to games that do not read them from their standard input, such as by RCON. Optional."""

from wit_world.exports import Commands as CommandsPart

__all__ = [
    "CommandsPart",
]
