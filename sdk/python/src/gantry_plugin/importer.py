# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Foreign descriptions of games turned into documents that `plugins/declarative` runs. Optional."""

from wit_world.exports import Importer as ImporterPart
from wit_world.exports.importer import (
    Severity,
    Loss,
    Imported,
)

__all__ = [
    "Severity",
    "Loss",
    "Imported",
    "ImporterPart",
]
