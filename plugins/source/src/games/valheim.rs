//! Valheim. It takes no commands from outside; its query stands one port above the game's.

use super::{Game, blueprint, branch, crash, name, neighbours, password, spec, strings};
use gantry_plugin::prelude::*;
use gantry_wire::a2s;

pub(super) const GAME: Game = Game {
    id: "valheim",
    app: 896_660,
    blueprint: this,
    validate,
    run,
    event,
    by_rcon: false,
    say: None,
    save: None,
    kick: None,
    list: None,
};

fn this() -> Blueprint {
    Blueprint {
        summary: "Vikings who explore, build and survive together.".to_owned(),
        documentation: "Players connect from the game: Join game, Add server, then the server's address. The world is \
                        below worlds; who may rule it stands in worlds/adminlist.txt, a number of Steam on each line."
            .to_owned(),
        variables: vec![
            name("A Gantry hall"),
            Variable::text("world", "World", "Midgard", 20)
                .required()
                .pattern("[A-Za-z0-9_-]+", "Letters, digits, underscore and hyphen.")
                .help("Another name is another world."),
            Variable::boolean("listed", "Show in the list of community servers", false),
            Variable::number("save_interval", "Save every", 1_800, 60, 86_400).unit("s"),
            password("join_password", "Password to join").required().help("At least five characters, and no part of the server's name: the game refuses to start otherwise."),
            branch(),
        ],
        endpoints: vec![
            EndpointNeed::required("game", Protocol::Udp, 2_456, "The port that players connect to."),
            EndpointNeed::required("query", Protocol::Udp, 2_457, "Answers Steam's server list: the game's port and one.")
                .relative_to("game", 1),
        ],
        least: Limits::new(2_048, 100, 4_096),
        recommended: Limits::new(4_096, 200, 8_192),
        commands: CommandDoor::None,
        ..blueprint("valheim", "Valheim")
    }
}

fn validate(server: &Server) -> Vec<FieldProblem> {
    let (password, name) = (server.setting("join_password"), server.setting("name"));
    let problem =
        |message: &str| vec![FieldProblem::new("join_password", message).remedy("Choose another password.")];
    match password.len() {
        0..=4 => problem("The game wants a password of five characters or more."),
        _ if name.to_lowercase().contains(&password.to_lowercase()) => {
            problem("The game refuses a password that is part of the server's name.")
        }
        _ => Vec::new(),
    }
}

fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = neighbours(server, "game", "query")?.to_string();
    // The game has no other way to be told its password.
    let mut arguments =
        strings(["-nographics", "-batchmode", "-name", server.setting("name"), "-port", &port]);
    arguments.extend(strings(["-world", server.setting("world"), "-savedir", "/data/worlds"]));
    arguments.extend(strings(["-password", server.setting("join_password")]));
    arguments.extend(strings(["-saveinterval", server.setting("save_interval")]));
    arguments.extend(strings(["-public", if server.flag("listed") { "1" } else { "0" }]));
    let spec = spec("valheim_server.x86_64", arguments)
        // The number of the game that players have, not of its server.
        .environment("SteamAppId", "892970")
        .environment("LD_LIBRARY_PATH", "/data/server/linux64")
        .ready_when_answering("query", a2s::FIRST);
    Ok(spec.stop([StopStep::Signal("SIGINT".to_owned()), StopStep::WaitMs(90_000)]))
}

/// Who comes is named and who goes is not, so that nobody's coming is told: the query counts them.
///
/// `01/02/2026 03:04:05: Error bad password:…`; lines that name somebody begin with other words.
fn event(line: &str) -> Option<Event> {
    let is_time = |time: &str| time.bytes().all(|byte| byte.is_ascii_digit() || b"/: ".contains(&byte));
    let said = line.split_once(": ").filter(|(time, _)| is_time(time)).map_or(line, |(_, said)| said);
    if said.starts_with("Error bad password:") {
        return Some(crash(
            "The game does not take the password.",
            "Choose one of five characters or more that is no part of the server's name.",
        ));
    }
    let (number, _) = said.strip_prefix("Peer ")?.split_once(" has wrong password")?;
    let wrong = "Somebody tried to join with a wrong password.";
    let is_peer = !number.is_empty() && !number.contains(char::is_whitespace);
    is_peer.then(|| Event::Warning(wrong.to_owned()))
}
