//! Palworld. It does not answer Steam's query; who plays is read from its console, and commands go by RCON.

use super::{
    Game, blueprint, branch, name, nothing_wrong, password, port_of_rcon, rcon_password, spec, strings,
};
use gantry_plugin::prelude::*;

pub(super) const GAME: Game = Game {
    id: "palworld",
    app: 2_394_010,
    blueprint: this,
    validate: nothing_wrong,
    run,
    event,
    by_rcon: true,
    say: Some(("Broadcast ", "")),
    save: Some("Save"),
    kick: Some(("KickPlayer ", "")),
    list: Some("ShowPlayers"),
};

fn this() -> Blueprint {
    Blueprint {
        summary: "Creatures to catch, befriend and put to work.".to_owned(),
        documentation: "Players choose Join multiplayer game and type the server's address at the bottom. The rules of \
                        the world stand in server/Pal/Saved/Config/LinuxServer/PalWorldSettings.ini, in the one line \
                        OptionSettings, of which this page sets its own values alone."
            .to_owned(),
        variables: vec![
            name("A Gantry world"),
            Variable::number("max_players", "Player slots", 16, 1, 32).required(),
            password("join_password", "Password to join").help("Empty lets everybody in."),
            rcon_password(),
            branch(),
        ],
        endpoints: vec![
            EndpointNeed::required("game", Protocol::Udp, 8_211, "The port that players connect to."),
            port_of_rcon(25_575),
        ],
        least: Limits::new(8_192, 200, 16_384),
        recommended: Limits::new(16_384, 400, 24_576),
        commands: CommandDoor::Plugin,
        // There is nothing that it says without a password, and collectors know none.
        collect_every_ms: None,
        ..blueprint("palworld", "Palworld")
    }
}

const SETTINGS: &str = "server/Pal/Saved/Config/LinuxServer/PalWorldSettings.ini";
const OPTIONS: &str = "[/Script/Pal.PalGameWorldSettings].OptionSettings";
/// What is not named in the line is as the game has it.
const FIRST: &str = "(ServerName=\"\",ServerPassword=\"\",AdminPassword=\"\",ServerPlayerMaxNum=16,RCONEnabled=False,RCONPort=25575)";

/// All rules of the world are one line, of which each edit replaces its own value: what people wrote there stays.
fn run(server: &Server) -> Result<RunSpec, Failure> {
    let within = |pattern: &str, value: String| Edit {
        condition: Condition::Matches(pattern.to_owned()),
        notation: Notation::Text,
        ..Edit::new(OPTIONS, value)
    };
    let text = |key: &str, setting: &str| {
        let pattern = format!("\\b{key}=\"[^\"]*\"");
        Ok::<_, Failure>(within(&pattern, format!("{key}={}", server.quoted(setting)?)))
    };
    let plain = |key: &str, value: &str| within(&format!("\\b{key}=\\w+"), format!("{key}={value}"));
    let rcon = if server.setting("rcon_password").is_empty() { "False" } else { "True" };
    let edits = vec![
        Edit { condition: Condition::Absent, notation: Notation::Text, ..Edit::new(OPTIONS, FIRST) },
        text("ServerName", "name")?,
        text("ServerPassword", "join_password")?,
        text("AdminPassword", "rcon_password")?,
        plain("ServerPlayerMaxNum", server.setting("max_players")),
        plain("RCONEnabled", rcon),
        plain("RCONPort", &server.port("rcon")?.to_string()),
    ];
    let port = format!("-port={}", server.port("game")?);
    let players = format!("-players={}", server.setting("max_players"));
    let arguments =
        strings(["Pal", &port, &players, "-useperfthreads", "-NoAsyncLoadingThread", "-UseMultithreadForDS"]);
    let spec = spec("Pal/Binaries/Linux/PalServer-Linux-Shipping", arguments)
        .edit(ConfigEdit { path: SETTINGS.to_owned(), format: Format::Ini, edits, create: true })
        .ready_when_console_says(
            "Running Palworld dedicated server on|Setting breakpad minidump AppID = 2394010",
        );
    let saves = (!server.setting("rcon_password").is_empty()).then(|| StopStep::Action("save".to_owned()));
    let ends = [StopStep::Signal("SIGINT".to_owned()), StopStep::WaitMs(30_000)];
    Ok(spec.stop(saves.into_iter().chain(ends)))
}

/// `[2026-01-02 03:04:05] [LOG] Ada 192.0.2.7 connected the server. (User id: steam_7656…)`, and `… Ada left the server. (…`.
fn event(line: &str) -> Option<Event> {
    let (time, said) = line.strip_prefix('[')?.split_once("] [LOG] ")?;
    time.bytes().all(|byte| byte.is_ascii_digit() || b"-: ".contains(&byte)).then_some(())?;
    // From the right, since a name may hold such words.
    let (said, user) = said.rsplit_once(" (User id: ")?;
    user.ends_with(')').then_some(())?;
    if let Some(who) = said.strip_suffix(" connected the server.") {
        let (name, _address) = who.rsplit_once(' ')?;
        return Some(Event::Joined(name.to_owned()));
    }
    said.strip_suffix(" left the server.").map(|name| Event::Left(name.to_owned()))
}
