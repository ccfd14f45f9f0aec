//! Rust, with the remote console of Source in the place of its own over WebSocket.

use super::{
    Game, blueprint, branch, crash, name, nothing_wrong, port_of_query, port_of_rcon, rcon_password, spec,
    strings,
};
use gantry_plugin::prelude::*;
use gantry_wire::a2s;
use std::net::SocketAddr;

pub(super) const GAME: Game = Game {
    id: "rust",
    app: 258_550,
    blueprint: this,
    validate: nothing_wrong,
    run,
    event,
    by_rcon: true,
    say: Some(("say \"", "\"")),
    save: Some("server.save"),
    kick: Some(("kick \"", "\"")),
    list: Some("playerlist"),
};

fn this() -> Blueprint {
    Blueprint {
        summary: "Survive on an island with everybody else.".to_owned(),
        documentation:
            "Players press F1 in the game and type client.connect and the server's address. The island is \
                        made anew when its size or seed changes."
                .to_owned(),
        variables: vec![
            name("A Gantry island"),
            Variable::number("max_players", "Player slots", 50, 1, 500).required(),
            Variable::number("world_size", "Size of the island", 3_000, 1_000, 6_000)
                .group("World")
                .unit("m"),
            Variable::number("seed", "Seed of the island", 12_345, 1, 2_147_483_647).group("World"),
            Variable::number("save_interval", "Save every", 600, 60, 3_600).unit("s"),
            rcon_password(),
            branch(),
        ],
        endpoints: vec![
            EndpointNeed::required("game", Protocol::Udp, 28_015, "The port that players connect to."),
            port_of_query(28_017),
            port_of_rcon(28_016),
        ],
        least: Limits::new(6_144, 200, 16_384),
        recommended: Limits::new(12_288, 400, 24_576),
        commands: CommandDoor::Plugin,
        ..blueprint("rust", "Rust")
    }
}

fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = |name| Ok::<_, Failure>(server.port(name)?.to_string());
    let mut arguments = strings(["-batchmode", "-nographics", "-logfile", "/dev/stdout"]);
    arguments.extend(strings(["+server.identity", "gantry", "+server.port", &port("game")?]));
    arguments.extend(strings([
        "+server.queryport",
        &port("query")?,
        "+rcon.port",
        &port("rcon")?,
        "+rcon.web",
        "0",
    ]));
    arguments.extend(strings(["+server.maxplayers", server.setting("max_players")]));
    arguments.extend(strings([
        "+server.worldsize",
        server.setting("world_size"),
        "+server.seed",
        server.setting("seed"),
    ]));
    arguments.extend(strings(["+server.saveinterval", server.setting("save_interval")]));
    let text = |begin: &'static str, key| Ok((begin, format!("{begin}{}", server.quoted(key)?)));
    let lines = [text("server.hostname ", "name"), text("rcon.password ", "rcon_password")];
    let lines = lines.into_iter().collect::<Result<Vec<_>, Failure>>()?;
    let spec = spec("RustDedicated", arguments)
        .environment("LD_LIBRARY_PATH", "/data/server/RustDedicated_Data/Plugins/x86_64")
        // The game reads it as it starts, and below its own folder.
        .edit(ConfigEdit::new("server/server/gantry/cfg/server.cfg", Format::Lines, lines))
        .ready_when_answering("query", a2s::FIRST);
    // SIGINT has it save.
    Ok(spec.stop([StopStep::Signal("SIGINT".to_owned()), StopStep::WaitMs(60_000)]))
}

fn event(line: &str) -> Option<Event> {
    // Whole lines: those about deaths begin with the name of who died.
    let line = line.trim_end();
    if line == "Server startup complete" {
        return Some(Event::Ready);
    }
    if matches!(line, "Couldn't Start Server" | "Couldn't Start Server.") {
        return Some(crash(
            "The game could not open one of its ports.",
            "Give the server another allocation.",
        ));
    }
    // `192.0.2.7:51234/76561190000000000/Ada joined [linux/76561190000000000]`. The name may have such words.
    let (who, system) = line.strip_suffix(']')?.rsplit_once(" joined [")?;
    let mut parts = who.splitn(3, '/');
    let (address, number, name) = (parts.next()?, parts.next()?, parts.next()?);
    let is_one = address.parse::<SocketAddr>().is_ok()
        && number.len() == 17
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && system.rsplit_once('/').is_some_and(|(_, of)| of == number);
    is_one.then(|| Event::Joined(name.to_owned()))
}
