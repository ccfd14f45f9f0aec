//! Counter-Strike 2. It reads commands from its standard input; players and Steam's query share its port.

use super::{Game, blueprint, branch, name, nothing_wrong, password, port_of_query, spec, strings};
use gantry_plugin::prelude::*;
use gantry_wire::a2s;

pub(super) const GAME: Game = Game {
    id: "cs2",
    app: 730,
    blueprint: this,
    validate: nothing_wrong,
    run,
    event,
    by_rcon: false,
    say: Some(("say ", "")),
    save: None,
    kick: Some(("kick \"", "\"")),
    list: Some("status"),
};

/// Type and mode as the game numbers them.
const MODES: &[(&str, &str)] = &[
    ("0 1", "Competitive"),
    ("0 0", "Casual"),
    ("0 2", "Wingman"),
    ("1 0", "Arms race"),
    ("1 2", "Deathmatch"),
    ("3 0", "Custom"),
];
const MAPS: &[(&str, &str)] = &[
    ("de_dust2", "Dust II"),
    ("de_mirage", "Mirage"),
    ("de_inferno", "Inferno"),
    ("de_nuke", "Nuke"),
    ("de_ancient", "Ancient"),
    ("de_anubis", "Anubis"),
    ("de_overpass", "Overpass"),
    ("de_train", "Train"),
    ("de_vertigo", "Vertigo"),
];

fn this() -> Blueprint {
    Blueprint {
        summary: "Five against five, with bombs, hostages and nerves.".to_owned(),
        documentation:
            "Players connect from the game's console by connect and the server's address. A public server \
                        needs a token of Steam (steamcommunity.com/dev/managegameservers, for app 730)."
                .to_owned(),
        variables: vec![
            name("A Gantry server"),
            Variable::number("max_players", "Player slots", 10, 2, 64).required(),
            Variable::one_of("mode", "Game mode", "0 1", MODES).group("Match"),
            Variable::one_of("map", "First map", "de_dust2", MAPS).group("Match"),
            password("join_password", "Password to join").help("Empty lets everybody in."),
            password("steam_token", "Steam's token for the server")
                .editable_by(Audience::Owners)
                .help("Without it players of the same network alone can join."),
            branch(),
        ],
        endpoints: vec![port_of_query(27_015)],
        least: Limits::new(2_048, 100, 65_536),
        recommended: Limits::new(4_096, 200, 81_920),
        ..blueprint("cs2", "Counter-Strike 2")
    }
}

/// Texts and secrets stand quoted in a file: on the command line whoever may list processes would see them.
fn run(server: &Server) -> Result<RunSpec, Failure> {
    let lines =
        [("hostname ", "name"), ("sv_password ", "join_password"), ("sv_setsteamaccount ", "steam_token")];
    let lines = lines.map(|(begin, key)| Ok((begin, format!("{begin}{}", server.quoted(key)?))));
    let mut lines = lines.into_iter().collect::<Result<Vec<_>, Failure>>()?;
    // Steam's query is told the players' names only so.
    lines.push(("host_players_show ", "host_players_show 2".to_owned()));
    let port = server.port("query")?.to_string();
    let (kind, mode) = server.setting("mode").split_once(' ').unwrap_or(("0", "1"));
    let mut arguments = strings(["-dedicated", "-port", &port, "-maxplayers", server.setting("max_players")]);
    arguments.extend(strings(["+game_type", kind, "+game_mode", mode]));
    arguments.extend(strings(["+exec", "gantry.cfg", "+map", server.setting("map")]));
    let spec = spec("game/bin/linuxsteamrt64/cs2", arguments)
        .environment("LD_LIBRARY_PATH", "/data/server/game/bin/linuxsteamrt64")
        .edit(ConfigEdit::new("server/game/csgo/cfg/gantry.cfg", Format::Lines, lines))
        .ready_when_answering("query", a2s::FIRST);
    Ok(spec.stop([
        StopStep::Console("quit".to_owned()),
        StopStep::WaitMs(15_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(5_000),
    ]))
}

fn event(line: &str) -> Option<Event> {
    line.starts_with("Could not establish connection to Steam servers").then(|| {
        Event::Warning(
            "Steam does not answer the server. Its token may be wrong or used elsewhere.".to_owned(),
        )
    })
}
