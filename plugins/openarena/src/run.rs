//! How it gets onto the node and how it starts.

use gantry_plugin::prelude::*;

/// The image: nothing but Debian's package, so that security updates come with a rebuild.
const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openarena-server \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";

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

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = server.port("game")?.to_string();
    let secret = |key| match server.setting(key) {
        "" => None,
        value => Some(value.to_owned()),
    };
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
    set("sv_hostname", server.setting("hostname"));
    set("g_motd", server.setting("motd"));
    set("sv_maxclients", server.setting("max_players"));
    set("g_gametype", server.setting("mode"));
    set("fraglimit", server.setting("frag_limit"));
    set("timelimit", server.setting("time_limit"));
    set("bot_enable", "1");
    set("bot_minplayers", server.setting("bots"));
    if let Some(password) = secret("join_password") {
        set("g_needpass", "1");
        set("g_password", &password);
    }
    if let Some(password) = secret("rcon_password") {
        set("rconPassword", &password);
    }
    command.extend(["+map".to_owned(), server.setting("map").to_owned()]);

    // Without a terminal the engine prints plain lines and reads commands from its standard input.
    let mut spec = RunSpec::new(image(), command).environment("HOME", "/data");
    spec.terminal = false;
    spec.ready_timeout_ms = 60_000;
    Ok(spec.ready_when_answering("game", crate::status::REQUEST).stop([
        StopStep::Console("quit".to_owned()),
        StopStep::WaitMs(8_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(3_000),
    ]))
}
