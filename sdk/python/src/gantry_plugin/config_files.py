# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Forms for a game's own files. The plugin says what stands where; the node reads and writes it. Optional."""

from wit_world.exports import ConfigFiles as ConfigFilesPart
from wit_world.exports.config_files import (
    Field,
    ConfigFile,
)

__all__ = [
    "Field",
    "ConfigFile",
    "ConfigFilesPart",
]
