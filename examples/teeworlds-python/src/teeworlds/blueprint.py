"""What can be set, and which settings do not go together."""

from pathlib import Path

from gantry_plugin import make
from gantry_plugin.blueprints import Blueprint
from gantry_plugin.rules import PLAIN_TEXT
from gantry_plugin.types import Audience, FieldProblem, Protocol, Server, Variable

# Game modes as the server names them. Those in FLAG_MODE want a map with flags.
MODES = [
    ("dm", "Deathmatch"),
    ("tdm", "Team deathmatch"),
    ("ctf", "Capture the flag"),
    ("lms", "Last man standing"),
    ("lts", "Last team standing"),
]
FLAG_MODE = "ctf"

# Maps of the packaged game.
PLAIN_MAPS = ["dm1", "dm2", "dm6", "dm7", "dm8", "dm9", "lms1"]
FLAG_MAPS = [f"ctf{number}" for number in range(1, 9)]
MAPS = [(name, name) for name in PLAIN_MAPS] + [(name, f"{name} (with flags)") for name in FLAG_MAPS]

# Read while the component is built: a call finds no files.
ICON = Path(__file__).with_name("icon.svg").read_text(encoding="utf-8").strip()

# These texts end up in the game's own configuration language, where a quote or a line break would begin another command. The
# host checks the pattern before the plugin ever sees the value.
PLAIN = (PLAIN_TEXT, "No quotes, semicolons, backslashes, percent or dollar signs.")
WORD = ("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")


def teeworlds() -> Blueprint:
    return make.blueprint(
        "teeworlds",
        "Teeworlds",
        summary="Small round creatures, big guns and a hook to swing on.",
        documentation="Players connect with the Teeworlds client 0.7: Play, then the server's address in the field below the"
        " list.",
        tags=["shooter", "2d"],
        icon=ICON,
        variables=variables(),
        endpoints=[
            make.required_endpoint(
                "game", Protocol.UDP, 8_303, "The port that players connect to; it answers the server browser too."
            )
        ],
        least=make.limits(64, 10, 64),
        recommended=make.limits(128, 50, 256),
        collect_every_ms=5_000,
    )


def variables() -> list[Variable]:
    return [
        make.text(
            "name",
            "Name shown to players",
            "A Gantry server",
            60,
            required=True,
            pattern=PLAIN,
            help="Shown in the server browser.",
        ),
        make.text("motd", "Message of the day", "", 200, pattern=PLAIN, help="Shown as players join."),
        make.number("max_players", "Player slots", 8, 1, 16, required=True),
        make.boolean("listed", "Show in the public server browser", False),
        make.one_of("mode", "Game mode", "dm", MODES, group="Match"),
        make.one_of("map", "Map", "dm1", MAPS, group="Match"),
        make.number(
            "score_limit", "Score limit", 20, 0, 1_000, group="Match", help="Zero plays until the time is up."
        ),
        make.number("time_limit", "Time limit", 0, 0, 1_000, group="Match", unit="minutes", help="Zero is no limit."),
        make.secret(
            "join_password", "Password to join", 0, 31, group="Access", pattern=WORD, help="Empty lets everybody in."
        ),
        make.secret(
            "rcon_password",
            "Remote console password",
            0,
            31,
            group="Access",
            pattern=WORD,
            editable=Audience.OWNERS,
            help="Left empty, the game makes one up at each start and prints it on the console.",
        ),
    ]


def validate(server: Server) -> list[FieldProblem]:
    has_flags = make.setting(server, "map").startswith(FLAG_MODE)
    wants_flags = make.setting(server, "mode") == FLAG_MODE
    if not wants_flags or has_flags:
        return []
    return [make.problem("map", "This map has no flags.", "Choose a map with flags, or another mode.")]
