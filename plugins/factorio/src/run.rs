//! How it gets onto the disk, and how it starts.
//!
//! The program lies in a folder of its own, so that a reinstallation takes that away and leaves worlds and mods alone. What
//! is set is edited into `server-settings.json` before each start; the whole of that file is written once, because the game
//! wants values that are no settings here too.

use gantry_plugin::prelude::*;

const ARCHIVE: &str = "factorio.tar.xz";
/// Where the program is, below the server's directory.
const PROGRAM: &str = "program";
const CONFIG: &str = "config.ini";
pub(crate) const SETTINGS: &str = "server-settings.json";
/// The largest server so far has some 400 MiB.
const LARGEST_ARCHIVE: u64 = 1 << 30;
const LARGEST_UNPACKED: u64 = 4 << 30;
/// Making a world and loading it on a slow machine.
const READY_MS: u32 = 600_000;
/// What the game says once it can be joined.
const READY: &str = r"changing state from\(CreatingGame\) to\(InGame\)";

/// Paths of our own: what the game writes lies beside the program and not in it.
const PATHS: &str = "[path]\nread-data=/data/program/data\nwrite-data=/data\n";

/// A world is made where there is none: which there are is known only as it starts. What the game has not finished writing
/// is no world. Nothing that people typed is part of these words; it comes as environment and arguments.
const START: &str = r#"for save in saves/*.zip; do
  case "$save" in 'saves/*.zip' | *.tmp.zip) ;; *) world="$save" ;; esac
done
if [ -z "$world" ]; then
  program/bin/x64/factorio --config config.ini --create saves/world.zip \
    ${WORLD_PRESET:+--preset "$WORLD_PRESET"} ${WORLD_SEED:+--map-gen-seed "$WORLD_SEED"} || exit 1
fi
exec program/bin/x64/factorio --config config.ini --start-server-load-latest "$@"
"#;

fn image() -> Image {
    // It brings its libraries and its certificates along.
    Image::reference("debian:bookworm-slim")
}

pub(crate) fn install(server: &Server) -> Result<InstallPlan, Failure> {
    let (version, url, digest) = (server.fact("version"), server.fact("url"), server.fact("digest"));
    if url.is_empty() || digest.is_empty() {
        let message = "Nobody has looked up where this version of Factorio is. Install the server once more.";
        return Err(Failure::new("no_facts", message));
    }
    let download = Download {
        url: url.to_owned(),
        path: ARCHIVE.to_owned(),
        expect: Some(Digest { algorithm: Algorithm::Sha256, hex: digest.to_owned() }),
        max_bytes: LARGEST_ARCHIVE,
    };
    let unpack = Extract {
        archive: ARCHIVE.to_owned(),
        format: ArchiveFormat::TarXz,
        into: PROGRAM.to_owned(),
        strip_components: 1,
        max_bytes: LARGEST_UNPACKED,
    };
    let mut plan = InstallPlan::new()
        .step(&format!("Download Factorio {version}"), 20, Action::Download(download))
        .step("Remove the program that was there", 1, Action::Remove(PROGRAM.to_owned()))
        .step("Unpack it", 20, Action::Extract(unpack))
        .step("Remove the archive", 1, Action::Remove(ARCHIVE.to_owned()))
        .step("Make a place for worlds", 1, Action::MakeDirectory("saves".to_owned()))
        .step("Say where its files are", 1, Action::Write(Write::file(CONFIG, PATHS)))
        .step(
            "Write the settings",
            1,
            Action::Write(Write::once(SETTINGS, include_str!("server-settings.json"))),
        )
        .step(
            "Choose the mods",
            1,
            Action::Write(Write::once("mods/mod-list.json", mods(server.flag("space_age")))),
        );
    plan.installed_version = Some(format!("Factorio {version}"));
    Ok(plan)
}

/// Wube's own mods come with the server, and all of them are on where nothing is said.
fn mods(space_age: bool) -> String {
    let expansion = ["elevated-rails", "quality", "space-age"].map(|name| (name, space_age));
    let mods: Vec<_> = std::iter::once(("base", true))
        .chain(expansion)
        .map(|(name, enabled)| serde_json::json!({ "name": name, "enabled": enabled }))
        .collect();
    format!("{:#}\n", serde_json::json!({ "mods": mods }))
}

fn settings(server: &Server) -> ConfigEdit {
    let edit = |at: &str, notation, key: &str| Edit { notation, ..Edit::new(at, server.setting(key)) };
    let edits = vec![
        edit("name", Notation::Text, "name"),
        edit("description", Notation::Text, "description"),
        edit("max_players", Notation::Number, "max_players"),
        edit("visibility.public", Notation::Boolean, "listed"),
        edit("username", Notation::Text, "username"),
        edit("token", Notation::Text, "token"),
        edit("game_password", Notation::Text, "join_password"),
        edit("require_user_verification", Notation::Boolean, "verify_users"),
    ];
    ConfigEdit { path: SETTINGS.to_owned(), format: Format::Json, edits, create: false }
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = server.port("game")?.to_string();
    let mut command = ["/bin/sh", "-c", START, "factorio"].map(str::to_owned).to_vec();
    command.extend(["--port", &port, "--server-settings", SETTINGS].map(str::to_owned));
    if let Some(port) = remote_console(server) {
        // The game has no other way to be told its password.
        let password = server.setting("rcon_password");
        command.extend(["--rcon-port", &port.to_string(), "--rcon-password", password].map(str::to_owned));
    }
    let preset = Some(server.setting("preset")).filter(|preset| *preset != "default");
    let mut spec = RunSpec::new(image(), command)
        .environment("HOME", "/data")
        .environment("WORLD_PRESET", preset.unwrap_or_default())
        .environment("WORLD_SEED", server.setting("seed"))
        .edit(settings(server));
    // Without a terminal it prints plain lines and reads commands from its standard input.
    spec.terminal = false;
    spec.ready_timeout_ms = READY_MS;
    Ok(spec.ready_when_console_says(READY).stop([
        // It saves as it ends, which takes as long as the factory is large.
        StopStep::Console("/quit".to_owned()),
        StopStep::WaitMs(120_000),
        StopStep::Signal("SIGINT".to_owned()),
        StopStep::WaitMs(30_000),
    ]))
}

/// The port of the remote console, where that is on.
pub(crate) fn remote_console(server: &Server) -> Option<u16> {
    server.port("rcon").ok().filter(|_| !server.setting("rcon_password").is_empty())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A server as the host would make it of a form with these answers.
    pub(crate) fn server(answers: &[(&str, &str)]) -> Server {
        let blueprint = crate::blueprint::blueprint();
        let setting = |variable: &Variable| {
            let given =
                answers.iter().find(|(key, _)| *key == variable.key).map(|(_, value)| (*value).to_owned());
            let value = given.or_else(|| variable.default_value.clone()).unwrap_or_default();
            Setting { key: variable.key.clone(), value }
        };
        let endpoint = |need: &EndpointNeed| Endpoint {
            name: need.name.clone(),
            protocol: need.protocol,
            address: "192.0.2.1".to_owned(),
            port: need.default_port.expect("a port"),
        };
        let fact = |(key, value): (&str, String)| Setting { key: key.to_owned(), value };
        let url = "https://www.factorio.com/get-download/2.0.76/headless/linux64".to_owned();
        let facts = [("version", "2.0.76".to_owned()), ("url", url), ("digest", "a".repeat(64))];
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: "factorio".to_owned(),
            settings: blueprint.variables.iter().map(setting).collect(),
            facts: facts.map(fact).to_vec(),
            endpoints: blueprint.endpoints.iter().map(endpoint).collect(),
            limits: blueprint.recommended,
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn what_is_fetched_is_held_to_its_digest_and_worlds_stay() {
        let plan = install(&server(&[])).expect("a plan");
        let Action::Download(download) = &plan.steps[0].action else { panic!("{plan:?}") };
        assert_eq!(download.expect.as_ref().map(|digest| digest.hex.len()), Some(64));
        let removed = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Remove(path) => Some(path.as_str()),
            _ => None,
        });
        assert_eq!(removed.collect::<Vec<_>>(), [PROGRAM, ARCHIVE]);
        assert_eq!(plan.installed_version.as_deref(), Some("Factorio 2.0.76"));
        let mut nothing = server(&[]);
        nothing.facts.clear();
        assert_eq!(install(&nothing).expect_err("a refusal").code, "no_facts");
    }

    #[test]
    fn the_expansion_is_off_unless_it_is_asked_for() {
        let list: serde_json::Value = serde_json::from_str(&mods(false)).expect("a document");
        assert_eq!(list["mods"][0], serde_json::json!({ "name": "base", "enabled": true }));
        assert_eq!(list["mods"][3], serde_json::json!({ "name": "space-age", "enabled": false }));
        assert!(!mods(true).contains("false"));
    }

    #[test]
    fn the_remote_console_takes_a_port_and_a_password() {
        let told =
            |server: &Server| run(server).expect("a spec").command.join(" ").contains("--rcon-port 27015");
        let with = server(&[("rcon_password", "open-sesame")]);
        assert!(told(&with) && !told(&server(&[])));
        let mut apart = with;
        apart.endpoints.truncate(1);
        assert!(!told(&apart));
    }

    #[test]
    fn what_people_type_is_no_part_of_the_script() {
        let answers = [("name", "\"; exit 1; '"), ("seed", "42"), ("preset", "rail-world")];
        let spec = run(&server(&answers)).expect("a spec");
        assert_eq!(spec.command[2], START);
        assert!(!spec.command.iter().any(|part| part.contains("exit 1; '")), "{:?}", spec.command);
        let of =
            |key: &str| spec.environment.iter().find(|each| each.key == key).map(|each| each.value.as_str());
        assert_eq!((of("WORLD_SEED"), of("WORLD_PRESET")), (Some("42"), Some("rail-world")));
        let whole = run(&server(&[])).expect("a spec");
        assert!(whole.environment.iter().any(|each| each.key == "WORLD_PRESET" && each.value.is_empty()));
    }

    #[test]
    fn it_is_asked_to_end_before_it_is_told() {
        let spec = run(&server(&[])).expect("a spec");
        assert_eq!(spec.stop[0], StopStep::Console("/quit".to_owned()));
        let mut server = server(&[]);
        server.endpoints.clear();
        assert_eq!(run(&server).expect_err("no port").code, "no_endpoint");
    }
}
