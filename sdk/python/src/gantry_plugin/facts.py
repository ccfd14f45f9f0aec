# Made from sdk/wit by `cargo xtask gen`; not to be edited.
"""What must be looked up before a plan can be made: which build is the newest, where it is, what its digest is. So that
plans stay pure, it is looked up beforehand by the control plane, kept with the server, and given to `plans` with it. Optional."""

from wit_world.exports import Facts as FactsPart

__all__ = [
    "FactsPart",
]
