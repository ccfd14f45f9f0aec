"""Teeworlds: a dedicated server of Debian's package, and what it says of itself.

This is an example to copy. Each part of a plugin has a module of its own, in reading order: ``blueprint`` says what can be set,
``run`` how the game gets onto the node and how it starts, ``info`` asks the running game who plays, ``console`` reads who came and
went. All of them are ordinary functions from data to data. The classes of this module are the plugin's parts.
"""

from gantry_plugin.blueprints import Blueprint, BlueprintsPart
from gantry_plugin.collector import CollectorPart, Sample
from gantry_plugin.console_events import ConsoleEventsPart, Found
from gantry_plugin.plans import InstallPlan, PlansPart, RunSpec
from gantry_plugin.types import FieldProblem, Server
from teeworlds import blueprint, console, info, run


# Within the class below, `list` is a function of the contract.
Problems = list[FieldProblem]


class Blueprints(BlueprintsPart):
    def list(self) -> list[Blueprint]:
        return [blueprint.teeworlds()]

    def validate(self, server: Server) -> Problems:
        return blueprint.validate(server)


class Plans(PlansPart):
    def install(self, server: Server) -> InstallPlan:
        return run.install(server)

    def run(self, server: Server) -> RunSpec:
        return run.run(server)


class Collector(CollectorPart):
    def collect(self, server: Server) -> Sample:
        return info.collect()


class ConsoleEvents(ConsoleEventsPart):
    def parse(self, server: Server, lines: list[str]) -> list[Found]:
        return console.parse(lines)
