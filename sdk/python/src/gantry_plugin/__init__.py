"""The guest SDK: a game becomes a plugin by a module ``plugin`` whose classes are its parts.

    from gantry_plugin.blueprints import Blueprint, BlueprintsPart
    from gantry_plugin.make import blueprint, image, install_plan, run_spec
    from gantry_plugin.plans import InstallPlan, PlansPart, RunSpec
    from gantry_plugin.types import Server

    class Blueprints(BlueprintsPart):
        def list(self) -> list[Blueprint]:
            return [blueprint("mygame", "My game")]

    class Plans(PlansPart):
        def install(self, server: Server) -> InstallPlan:
            return install_plan()

        def run(self, server: Server) -> RunSpec:
            return run_spec(image("debian:bookworm-slim"), ["sh", "-c", "read line"])

Each interface of the WIT contract (``sdk/wit``) is a module of this package with the interface's own types: ``types``,
``blueprints``, ``plans``, ``collector``, ``console_events`` and so on, and ``log``, ``query``, ``http``, ``kv`` and others to call. ``make`` has builders, ``wire`` reads what
games answer, ``rules`` guards text from people. The parts that a plugin has are the classes of its module ``plugin``, and what
it calls are the modules that it imports: the rest is not in its component. Each call runs in a fresh instance, so nothing
that a module keeps survives it.
"""

from gantry_plugin.failure import Failure, as_failure

__all__ = ["Failure", "as_failure"]
