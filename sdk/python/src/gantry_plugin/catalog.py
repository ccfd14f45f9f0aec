# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""Lists that change with the world: versions, maps, mods. Called by the control plane, which keeps answers for a while. Optional."""

from wit_world.exports import Catalog as CatalogPart

__all__ = [
    "CatalogPart",
]
