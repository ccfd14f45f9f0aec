//! How it gets onto the node, and how it starts: every setting is a line of `server.cfg`, edited before each start, so that
//! what people write into that file themselves stays and passwords are on no command line.

use crate::info;
use gantry_plugin::prelude::*;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends teeworlds-server \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
const CONFIGURATION: &str = "server.cfg";

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install() -> InstallPlan {
    InstallPlan::new().step("Build the Teeworlds image", 20, Action::BuildImage(image()))
}

/// Pairs of how a line begins and what it shall be.
fn settings(server: &Server) -> Result<Vec<(&'static str, String)>, Failure> {
    let text = |at, key| Ok((at, format!("{at}{}", server.quoted(key)?)));
    let number = |at, value: &str| Ok((at, format!("{at}{value}")));
    let lines = [
        text("sv_name ", "name"),
        text("sv_motd ", "motd"),
        number("sv_port ", &server.port("game")?.to_string()),
        number("sv_max_clients ", server.setting("max_players")),
        number("sv_player_slots ", server.setting("max_players")),
        number("sv_register ", if server.flag("listed") { "1" } else { "0" }),
        text("sv_gametype ", "mode"),
        text("sv_map ", "map"),
        number("sv_scorelimit ", server.setting("score_limit")),
        number("sv_timelimit ", server.setting("time_limit")),
        text("password ", "join_password"),
        text("sv_rcon_password ", "rcon_password"),
        // Without a password the game does not open it.
        number("ec_port ", &server.port("console")?.to_string()),
        text("ec_password ", "console_password"),
        // By default it hears its own machine alone, which within a container is nobody.
        number("ec_bindaddr ", "0.0.0.0"),
        // What is typed at one console is not told at the others.
        number("ec_output_level ", "0"),
        // Only at this level does the game print the names of those who join.
        number("console_output_level ", "2"),
    ];
    lines.into_iter().collect()
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let command = ["/usr/games/teeworlds-server", "-f", CONFIGURATION];
    let mut spec = RunSpec::new(image(), command)
        // The game keeps its own files under its home; the rest of the file system is read-only.
        .environment("HOME", "/data")
        .edit(ConfigEdit::new(CONFIGURATION, Format::Lines, settings(server)?))
        .ready_when_answering("game", &info::token_request())
        // It has nothing to save, and any signal ends it at once.
        .stop([StopStep::Signal("SIGTERM".to_owned()), StopStep::WaitMs(5_000)]);
    spec.terminal = false;
    Ok(spec)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A server as the host would describe it.
    pub(crate) fn server(settings: &[(&str, &str)]) -> Server {
        let setting =
            |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
        let endpoint = |name: &str, protocol, port| Endpoint {
            name: name.to_owned(),
            protocol,
            address: "192.0.2.1".to_owned(),
            port,
        };
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: "teeworlds".to_owned(),
            settings: settings.iter().map(setting).collect(),
            facts: Vec::new(),
            endpoints: vec![
                endpoint("game", Protocol::Udp, 8_310),
                endpoint("console", Protocol::Tcp, 8_311),
            ],
            limits: Limits::new(128, 50, 256),
            time_zone: "Europe/Berlin".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn settings_become_lines_of_the_configuration() {
        let spec = run(&server(&[("name", "Ours"), ("max_players", "4"), ("console_password", "sesame")]))
            .expect("a spec");
        let lines: Vec<&str> = spec.edits[0].edits.iter().map(|edit| edit.value.as_str()).collect();
        for line in [
            "sv_name \"Ours\"",
            "sv_player_slots 4",
            "sv_port 8310",
            "ec_port 8311",
            "ec_password \"sesame\"",
        ] {
            assert!(lines.contains(&line), "{line} is not among {lines:?}");
        }
        assert!(spec.edits[0].edits.iter().all(|edit| edit.value.starts_with(&edit.at)));
    }

    #[test]
    fn a_text_that_would_end_its_line_is_refused() {
        for motd in ["a\"; sv_register 1", "a\nsv_register 1"] {
            assert_eq!(run(&server(&[("motd", motd)])).expect_err("two settings").code, "unquotable_setting");
        }
    }
}
