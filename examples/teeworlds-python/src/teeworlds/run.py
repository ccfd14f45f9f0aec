"""How it gets onto the node, and how it starts.

Every setting is a line of ``server.cfg``, edited before each start: what people write into that file themselves stays, and
passwords are on no command line.
"""

from gantry_plugin import make
from gantry_plugin.make import setting
from gantry_plugin.plans import (
    Action_BuildImage,
    Action_EditConfig,
    InstallPlan,
    Probe_Udp,
    RunSpec,
    StopStep_Signal,
    StopStep_WaitMs,
    UdpProbe,
)
from gantry_plugin.types import Format, Server
from teeworlds.info import TOKEN_REQUEST

# Nothing but Debian's package. A node builds it once and keeps it by the digest of this text.
DOCKERFILE = """FROM debian:bookworm-slim
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends teeworlds-server \\
 && rm -rf /var/lib/apt/lists/*
"""
CONFIGURATION = "server.cfg"


def install(server: Server) -> InstallPlan:
    """Steps may be done twice, and are, when the daemon is interrupted: each has to bear that."""
    configuration = make.config_edit(CONFIGURATION, Format.LINES, settings(server))
    return make.install_plan(
        make.step("Build the Teeworlds image", 20, Action_BuildImage(make.dockerfile(DOCKERFILE))),
        make.step("Write the first configuration", 1, Action_EditConfig(configuration)),
    )


def settings(server: Server) -> list[tuple[str, str]]:
    """Pairs of how a line begins and what it shall be."""

    def text(at: str, key: str) -> tuple[str, str]:
        return at, at + make.quoted(server, key)

    def number(at: str, value: str) -> tuple[str, str]:
        return at, at + value

    return [
        text("sv_name ", "name"),
        text("sv_motd ", "motd"),
        number("sv_max_clients ", setting(server, "max_players")),
        number("sv_player_slots ", setting(server, "max_players")),
        number("sv_register ", "1" if make.flag(server, "listed") else "0"),
        text("sv_gametype ", "mode"),
        text("sv_map ", "map"),
        number("sv_scorelimit ", setting(server, "score_limit")),
        number("sv_timelimit ", setting(server, "time_limit")),
        text("password ", "join_password"),
        text("sv_rcon_password ", "rcon_password"),
        # Only at this level does the game print the names of those who join.
        number("console_output_level ", "2"),
    ]


def run(server: Server) -> RunSpec:
    lines = [*settings(server), ("sv_port ", f"sv_port {make.port(server, 'game')}")]
    return make.run_spec(
        make.dockerfile(DOCKERFILE),
        ["/usr/games/teeworlds-server", "-f", CONFIGURATION],
        # The game keeps its own files under its home; the rest of the file system is read-only.
        environment=[("HOME", "/data")],
        edits=[make.config_edit(CONFIGURATION, Format.LINES, lines)],
        ready=[Probe_Udp(UdpProbe(endpoint="game", payload=TOKEN_REQUEST))],
        # It neither reads commands nor handles signals, and has nothing to save: any signal ends it at once.
        stop=[StopStep_Signal("SIGTERM"), StopStep_WaitMs(5_000)],
        terminal=False,
    )
