//! How it gets onto the node, and how it starts: every setting is an edit of `minetest.conf` before each start.

use gantry_plugin::prelude::*;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends minetest-server \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
const CONFIGURATION: &str = "minetest.conf";

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install(server: &Server) -> InstallPlan {
    InstallPlan::new().step("Build the Luanti image", 20, Action::BuildImage(image())).step(
        "Write the first configuration",
        1,
        Action::EditConfig(configuration(server)),
    )
}

fn configuration(server: &Server) -> ConfigEdit {
    let copy = |at: &'static str, key: &str| (at, server.setting(key).to_owned());
    ConfigEdit::new(
        CONFIGURATION,
        Format::Ini,
        [
            copy("server_name", "name"),
            copy("motd", "motd"),
            copy("max_users", "max_players"),
            copy("creative_mode", "creative"),
            copy("enable_damage", "damage"),
            copy("enable_pvp", "pvp"),
            copy("name", "admin"),
            copy("default_password", "default_password"),
            ("server_announce", "false".to_owned()),
        ],
    )
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = server.port("game")?.to_string();
    let command = [
        "/usr/games/minetestserver",
        // An empty log file sends the log to the console alone.
        "--logfile",
        "",
        "--color",
        "never",
        "--config",
        "/data/minetest.conf",
        "--world",
        "/data/world",
        "--gameid",
        server.setting("game"),
        "--port",
        &port,
    ];
    // It reads no commands, so it runs without a terminal.
    let mut spec = RunSpec::new(image(), command).environment("HOME", "/data").edit(configuration(server));
    spec.terminal = false;
    Ok(spec
        .ready_when_console_says(r"listening on .*:\d+")
        .stop([StopStep::Signal("SIGINT".to_owned()), StopStep::WaitMs(15_000)]))
}
