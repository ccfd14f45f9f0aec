//! How it gets onto the node and how it starts: every setting is an edit of `openttd.cfg` before each start.

use gantry_plugin::prelude::*;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openttd openttd-opengfx \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
/// Between two commands.
pub(crate) const INPUT_PAUSE_MS: u32 = 1_000;
/// As the console's `save` names it, below `save/`.
pub(crate) const WORLD: &str = "gantry";

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install() -> InstallPlan {
    InstallPlan::new().step("Build the OpenTTD image", 20, Action::BuildImage(image())).step(
        "Make a place for worlds",
        1,
        Action::MakeDirectory("save".to_owned()),
    )
}

fn configuration(server: &Server) -> Result<ConfigEdit, Failure> {
    let of = |key: &str| server.setting(key).to_owned();
    let edits = [
        // A file of this version holds names and passwords too; from a later one the game would take them elsewhere.
        ("version.ini_version", "0".to_owned()),
        ("network.server_port", server.port("game")?.to_string()),
        ("network.server_name", of("name")),
        ("network.client_name", "Server".to_owned()),
        ("network.max_clients", of("max_players")),
        ("network.max_companies", of("max_companies")),
        ("network.min_active_clients", of("pause_below")),
        ("network.server_game_type", if server.flag("listed") { "public" } else { "local" }.to_owned()),
        ("network.server_password", of("join_password")),
        ("network.rcon_password", of("rcon_password")),
        ("game_creation.landscape", of("landscape")),
        ("game_creation.map_x", of("map_x")),
        ("game_creation.map_y", of("map_y")),
        ("game_creation.starting_year", of("start_year")),
    ];
    Ok(ConfigEdit::new("openttd.cfg", Format::Ini, edits))
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    // Where there is no world yet, the game says so and makes a new one. With -x it leaves the file to us.
    let world = format!("/data/save/{WORLD}.sav");
    // A dedicated server tells of each connection unless it is told not to, and the collector makes one every few seconds.
    let command = ["/usr/games/openttd", "-D", "-d", "net=1", "-x", "-c", "/data/openttd.cfg", "-g", &world];
    let mut spec = RunSpec::new(image(), command).environment("HOME", "/data").edit(configuration(server)?);
    spec.terminal = false;
    // Making a large world takes a while.
    spec.ready_timeout_ms = 300_000;
    Ok(spec.ready_when_collected().stop([
        StopStep::Console(format!("save {WORLD}")),
        // The game looks for input, reads all of it, and takes one line: a second that came with the first would lie there
        // until somebody types a third.
        StopStep::WaitMs(INPUT_PAUSE_MS),
        StopStep::Console("quit".to_owned()),
        StopStep::WaitMs(60_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(5_000),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(settings: &[(&str, &str)]) -> Server {
        let setting =
            |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: "openttd".to_owned(),
            settings: settings.iter().map(setting).collect(),
            facts: Vec::new(),
            endpoints: vec![Endpoint {
                name: "game".to_owned(),
                protocol: Protocol::Tcp,
                address: "192.0.2.1".to_owned(),
                port: 3_990,
            }],
            limits: Limits::new(1_024, 100, 1_024),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn settings_become_the_games_own_and_no_secret_is_on_the_command_line() {
        let spec = run(&server(&[("name", "Ours = 1"), ("rcon_password", "sesame"), ("listed", "true")]))
            .expect("a spec");
        let of =
            |at: &str| spec.edits[0].edits.iter().find(|edit| edit.at == at).map(|edit| edit.value.as_str());
        assert_eq!(of("network.server_name"), Some("Ours = 1"));
        assert_eq!(of("network.server_port"), Some("3990"));
        assert_eq!(of("network.server_game_type"), Some("public"));
        assert_eq!(of("network.rcon_password"), Some("sesame"));
        assert!(!spec.command.iter().any(|part| part.contains("sesame")));
    }

    #[test]
    fn it_is_saved_before_it_ends() {
        let spec = run(&server(&[])).expect("a spec");
        let [StopStep::Console(save), StopStep::WaitMs(_), StopStep::Console(quit), ..] = &spec.stop[..]
        else {
            panic!("{:?}", spec.stop)
        };
        assert_eq!((save.as_str(), quit.as_str()), ("save gantry", "quit"));
    }

    #[test]
    fn without_its_port_it_does_not_start() {
        let mut server = server(&[]);
        server.endpoints.clear();
        assert_eq!(run(&server).expect_err("no port").code, "no_endpoint");
    }
}
