# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Pages of a server that the panel draws from data. Optional."""

from wit_world.exports import Tabs as TabsPart
from wit_world.exports.tabs import (
    Tab,
    Alignment,
    Column,
    RowAction,
    Row,
    Table,
    Chart,
    Fact,
    Tone,
    Note,
    Block_Heading,
    Block_Text,
    Block_Note,
    Block_Facts,
    Block_Table,
    Block_Chart,
    Block_Form,
    Block,
)

__all__ = [
    "Tab",
    "Alignment",
    "Column",
    "RowAction",
    "Row",
    "Table",
    "Chart",
    "Fact",
    "Tone",
    "Note",
    "Block_Heading",
    "Block_Text",
    "Block_Note",
    "Block_Facts",
    "Block_Table",
    "Block_Chart",
    "Block_Form",
    "Block",
    "TabsPart",
]
