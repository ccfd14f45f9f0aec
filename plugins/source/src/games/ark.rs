//! ARK: Survival Evolved, with RCON.

use super::{
    Game, blueprint, branch, crash, name, neighbours, nothing_wrong, password, port_of_query, port_of_rcon,
    rcon_password, spec, strings,
};
use gantry_plugin::prelude::*;

pub(super) const GAME: Game = Game {
    id: "ark",
    app: 376_030,
    blueprint: this,
    validate: nothing_wrong,
    run,
    event,
    by_rcon: true,
    say: Some(("ServerChat ", "")),
    save: Some("SaveWorld"),
    kick: Some(("KickPlayer ", "")),
    list: Some("ListPlayers"),
};

const MAPS: &[(&str, &str)] = &[
    ("TheIsland", "The Island"),
    ("TheCenter", "The Center"),
    ("ScorchedEarth_P", "Scorched Earth"),
    ("Ragnarok", "Ragnarok"),
    ("Aberration_P", "Aberration"),
    ("Extinction", "Extinction"),
    ("Valguero_P", "Valguero"),
    ("Genesis", "Genesis"),
    ("CrystalIsles", "Crystal Isles"),
    ("Gen2", "Genesis 2"),
    ("LostIsland", "Lost Island"),
    ("Fjordur", "Fjordur"),
];
const SETTINGS: &str = "server/ShooterGame/Saved/Config/LinuxServer/GameUserSettings.ini";

fn this() -> Blueprint {
    Blueprint {
        summary: "Dinosaurs to tame, and others who want them.".to_owned(),
        documentation:
            "Players connect from Steam's list of servers, by the address with the query's port. Who knows \
                        the remote console's password may rule the game by enablecheats."
                .to_owned(),
        variables: vec![
            name("A Gantry ark"),
            Variable::number("max_players", "Player slots", 20, 1, 127).required(),
            Variable::one_of("map", "Map", "TheIsland", MAPS).group("World"),
            Variable::boolean("pve", "Players cannot hurt each other", false).group("World"),
            password("join_password", "Password to join").help("Empty lets everybody in."),
            rcon_password(),
            branch(),
        ],
        endpoints: vec![
            EndpointNeed::required("game", Protocol::Udp, 7_777, "The port that players connect to."),
            EndpointNeed::required(
                "raw",
                Protocol::Udp,
                7_778,
                "The game's own second port: the first and one.",
            )
            .relative_to("game", 1),
            port_of_query(27_015),
            port_of_rcon(27_020),
        ],
        least: Limits::new(8_192, 200, 32_768),
        recommended: Limits::new(12_288, 400, 49_152),
        commands: CommandDoor::Plugin,
        ..blueprint("ark", "ARK: Survival Evolved")
    }
}

/// Texts and secrets stand in the game's own file: its first argument is cut at each question mark.
fn run(server: &Server) -> Result<RunSpec, Failure> {
    let of = |key: &str| server.setting(key).to_owned();
    let truth = |yes| if yes { "True" } else { "False" }.to_owned();
    let edits = [
        ("SessionSettings.SessionName", of("name")),
        ("ServerSettings.ServerPassword", of("join_password")),
        ("ServerSettings.ServerAdminPassword", of("rcon_password")),
        ("ServerSettings.RCONEnabled", truth(!server.setting("rcon_password").is_empty())),
        ("ServerSettings.RCONPort", server.port("rcon")?.to_string()),
        ("ServerSettings.ServerPVE", truth(server.flag("pve"))),
        ("[/Script/Engine.GameSession].MaxPlayers", of("max_players")),
    ];
    let (game, query) = (neighbours(server, "game", "raw")?, server.port("query")?);
    let map = server.setting("map");
    let first =
        format!("{map}?listen?Port={game}?QueryPort={query}?MaxPlayers={}", server.setting("max_players"));
    let arguments = strings([&first, "-server", "-log", "-NoBattlEye"]);
    let spec = spec("ShooterGame/Binaries/Linux/ShooterGameServer", arguments)
        .edit(ConfigEdit::new(SETTINGS, Format::Ini, edits))
        .ready_when_collected();
    // SIGINT ends it without saving; with a remote console it saves before.
    let saves = (!server.setting("rcon_password").is_empty()).then(|| StopStep::Action("save".to_owned()));
    let ends = [StopStep::Signal("SIGINT".to_owned()), StopStep::WaitMs(60_000)];
    Ok(spec.stop(saves.into_iter().chain(ends)))
}

/// `[2026.01.02-03.04.05:678][  0]2026.01.02_03.04.05: Ada joined this ARK!` What people say stands behind their names, and
/// both behind the second time; what the engine says stands behind a category, or nothing.
fn event(line: &str) -> Option<Event> {
    let mut said = line;
    while let Some((stamp, rest)) = said.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        stamp.bytes().all(|byte| byte.is_ascii_digit() || b".-: ".contains(&byte)).then_some(())?;
        said = rest;
    }
    let Some(said) = behind_time(said) else { return of_the_engine(said) };
    if said.contains(": ") {
        return None;
    }
    if let Some(name) = said.strip_suffix(" joined this ARK!") {
        return Some(Event::Joined(name.to_owned()));
    }
    said.strip_suffix(" left this ARK!").map(|name| Event::Left(name.to_owned()))
}

fn behind_time(said: &str) -> Option<&str> {
    let (time, said) = said.split_at_checked(19)?;
    let is_time = time.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 | 13 | 16 => byte == b'.',
        10 => byte == b'_',
        _ => byte.is_ascii_digit(),
    });
    said.strip_prefix(": ").filter(|_| is_time)
}

fn of_the_engine(said: &str) -> Option<Event> {
    let said = match said.split_once(": ") {
        Some((category, rest))
            if category.starts_with("Log") && category.bytes().all(|b| b.is_ascii_alphabetic()) =>
        {
            ["Warning: ", "Error: "].iter().find_map(|level| rest.strip_prefix(level)).unwrap_or(rest)
        }
        _ => said,
    };
    let begins =
        ["Unable to bind listen socket", "CreateBoundSocket: ::bind couldn't find an open port between "];
    begins
        .iter()
        .any(|begin| said.starts_with(begin))
        .then(|| crash("Another program has one of the game's ports.", "Give the server another allocation."))
}
