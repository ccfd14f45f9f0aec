//! How it gets onto the node and how it starts: what people typed stands quoted in a file that the engine reads, numbers
//! and choices are arguments.

use gantry_plugin::prelude::*;
use gantry_wire::quake3;

/// The image: nothing but Debian's package, so that security updates come with a rebuild.
const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openarena-server \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";

/// In the game's folder.
const SETTINGS: &str = "gantry.cfg";

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install() -> InstallPlan {
    InstallPlan::new().step("Build the OpenArena image", 20, Action::BuildImage(image())).step(
        "Prepare the game's folder",
        1,
        Action::MakeDirectory("baseoa".to_owned()),
    )
}

/// Texts and secrets, as a file.
///
/// As arguments they would be read apart: the engine joins its command line and splits it at each plus sign, and to it a
/// byte beyond ASCII may be a space. Between quotes in a file only a quote ends a value. A secret would also be seen by
/// whoever may list processes.
fn settings(server: &Server) -> Result<ConfigEdit, Failure> {
    let lines = [
        ("set sv_hostname ", "hostname"),
        ("set g_motd ", "motd"),
        ("set g_password ", "join_password"),
        ("set rconPassword ", "rcon_password"),
    ];
    let lines = lines.map(|(begin, key)| Ok((begin, format!("{begin}{}", server.quoted(key)?))));
    let lines = lines.into_iter().collect::<Result<Vec<_>, Failure>>()?;
    Ok(ConfigEdit::new(&format!("baseoa/{SETTINGS}"), Format::Lines, lines))
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = server.port("game")?.to_string();
    let mut command = vec!["/usr/games/openarena-server".to_owned()];
    let mut set = |key: &str, value: &str| {
        command.extend(["+set", key, value].map(str::to_owned));
    };
    // 1 is a server that announces itself to nobody; listing in the public browser is the game owner's own choice.
    set("dedicated", "1");
    set("net_port", &port);
    set("fs_homepath", "/data");
    set("com_hunkMegs", "96");
    set("sv_allowDownload", "0");
    set("sv_maxclients", server.setting("max_players"));
    set("g_gametype", server.setting("mode"));
    set("fraglimit", server.setting("frag_limit"));
    set("timelimit", server.setting("time_limit"));
    set("bot_enable", "1");
    set("bot_minplayers", server.setting("bots"));
    set("g_needpass", if server.setting("join_password").is_empty() { "0" } else { "1" });
    command.extend(["+exec", SETTINGS, "+map", server.setting("map")].map(str::to_owned));

    // Without a terminal the engine prints plain lines and reads commands from its standard input.
    let mut spec = RunSpec::new(image(), command).environment("HOME", "/data").edit(settings(server)?);
    spec.terminal = false;
    spec.ready_timeout_ms = 60_000;
    Ok(spec.ready_when_answering("game", quake3::REQUEST).stop([
        StopStep::Console("quit".to_owned()),
        StopStep::WaitMs(8_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(3_000),
    ]))
}
