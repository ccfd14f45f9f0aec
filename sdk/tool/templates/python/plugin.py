"""Template name: the least that runs. It has one setting, nothing to install, and a program that answers on its console."""

from gantry_plugin import make
from gantry_plugin.blueprints import Blueprint, BlueprintsPart
from gantry_plugin.plans import (
    ConsoleProbe,
    InstallPlan,
    PlansPart,
    Probe_Console,
    RunSpec,
    StopStep_Console,
    StopStep_WaitMs,
)
from gantry_plugin.types import Server

# The "game". What people typed reaches it by the environment and is never part of its text.
SCRIPT = """echo "Ready: $GREETING"
while IFS= read -r line; do
  [ "$line" = quit ] && exit 0
  echo "You said: $line"
done"""


class Blueprints(BlueprintsPart):
    def list(self) -> list[Blueprint]:
        greeting = make.text("greeting", "Greeting", "Hello", 80, help="Said as it starts.")
        summary = "Says again what it reads."
        return [make.blueprint("template-id", "Template name", summary=summary, variables=[greeting])]


class Plans(PlansPart):
    def install(self, server: Server) -> InstallPlan:
        return make.install_plan()

    def run(self, server: Server) -> RunSpec:
        return make.run_spec(
            make.image("debian:bookworm-slim"),
            ["sh", "-c", SCRIPT],
            environment=[("GREETING", make.setting(server, "greeting"))],
            ready=[Probe_Console(ConsoleProbe(pattern="^Ready"))],
            stop=[StopStep_Console("quit"), StopStep_WaitMs(5_000)],
            terminal=False,
        )
