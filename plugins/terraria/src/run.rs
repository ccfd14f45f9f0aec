//! How it gets onto the disk, and how it starts: settings are lines of `serverconfig.txt` before each start, which TShock
//! reads as well.
//!
//! Names of the lines: the game's own `serverconfig.txt`, which comes with it.

use crate::software::Software;
use gantry_plugin::prelude::*;

const ARCHIVE: &str = "server.zip";
const UNPACKED: &str = ".unpacked";
/// Where the dedicated server is, below the server's directory.
const PROGRAM: &str = "program";
/// TShock looks for its plugins where it is started, so that it lies in the server's directory itself.
const TSHOCK: &str = "TShock.Server";
/// What its archive has: one file, with the rights of what is in it.
const TSHOCK_ARCHIVE: &str = "TShock-Beta-linux-x64-Release.tar";
pub(crate) const CONFIG: &str = "serverconfig.txt";
/// The largest of both so far has some 60 MiB.
const LARGEST_ARCHIVE: u64 = 512 << 20;
const LARGEST_UNPACKED: u64 = 2 << 30;
/// A large world is made for minutes.
const READY_MS: u32 = 900_000;

pub(crate) fn install(server: &Server) -> Result<InstallPlan, Failure> {
    let software = Software::of(server)?;
    let (version, url) = (server.fact("version"), server.fact("url"));
    if url.is_empty() {
        let message = "Nobody has looked up where this version is. Install the server once more.";
        return Err(Failure::new("no_facts", message));
    }
    let name = format!("{} {version}", software.title());
    let digest = Some(server.fact("digest")).filter(|digest| !digest.is_empty());
    let download = Download {
        url: url.to_owned(),
        path: ARCHIVE.to_owned(),
        expect: digest.map(|hex| Digest { algorithm: Algorithm::Sha256, hex: hex.to_owned() }),
        max_bytes: LARGEST_ARCHIVE,
    };
    let plan = InstallPlan::new().step(&format!("Download {name}"), 10, Action::Download(download)).step(
        "Remove what an earlier attempt left",
        1,
        Action::Remove(UNPACKED.to_owned()),
    );
    let plan = match software {
        Software::Vanilla => vanilla(plan),
        Software::TShock => tshock(plan),
    };
    let mut plan = plan.step("Remove the archive", 1, Action::Remove(ARCHIVE.to_owned())).step(
        "Make a place for worlds",
        1,
        Action::MakeDirectory("worlds".to_owned()),
    );
    plan.installed_version = Some(name);
    Ok(plan)
}

fn extract(archive: String, format: ArchiveFormat, into: &str, strip_components: u32) -> Action {
    let into = into.to_owned();
    Action::Extract(Extract { archive, format, into, strip_components, max_bytes: LARGEST_UNPACKED })
}

/// The archive has one folder, named by the version, and in it one for each system.
fn vanilla(plan: InstallPlan) -> InstallPlan {
    plan.step("Unpack it", 10, extract(ARCHIVE.to_owned(), ArchiveFormat::Zip, UNPACKED, 1))
        .step("Remove the program that was there", 1, Action::Remove(PROGRAM.to_owned()))
        .step(
            "Put the program in its place",
            1,
            Action::Move((format!("{UNPACKED}/Linux"), PROGRAM.to_owned())),
        )
        .step("Remove what is for other systems", 1, Action::Remove(UNPACKED.to_owned()))
        .step(
            "Let the server be run",
            1,
            Action::SetMode((format!("{PROGRAM}/TerrariaServer.bin.x86_64"), 0o755)),
        )
}

fn tshock(plan: InstallPlan) -> InstallPlan {
    plan.step("Unpack it", 5, extract(ARCHIVE.to_owned(), ArchiveFormat::Zip, UNPACKED, 0))
        .step(
            "Unpack what is in it",
            10,
            extract(format!("{UNPACKED}/{TSHOCK_ARCHIVE}"), ArchiveFormat::Tar, ".", 0),
        )
        .step("Remove what was unpacked first", 1, Action::Remove(UNPACKED.to_owned()))
        .step("Let the server be run", 1, Action::SetMode((TSHOCK.to_owned(), 0o755)))
}

/// A line for each setting, found by how it begins.
fn config(server: &Server) -> Result<ConfigEdit, Failure> {
    let world = server.setting("world");
    let of = |key: &str| server.setting(key).to_owned();
    let lines = [
        ("port=", server.port("game")?.to_string()),
        ("maxplayers=", of("max_players")),
        ("world=", format!("/data/worlds/{world}.wld")),
        ("worldpath=", "/data/worlds".to_owned()),
        ("worldname=", world.to_owned()),
        ("autocreate=", of("size")),
        ("difficulty=", of("difficulty")),
        ("seed=", of("seed")),
        ("password=", of("join_password")),
        ("motd=", of("motd")),
        ("secure=", if server.flag("secure") { "1" } else { "0" }.to_owned()),
        ("banlist=", "/data/banlist.txt".to_owned()),
        // What the console says is read in this language.
        ("language=", "en-US".to_owned()),
        // Which ports lead to the game is the node's to say.
        ("upnp=", "0".to_owned()),
    ];
    let lines = lines.map(|(begin, value)| (begin, format!("{begin}{value}")));
    Ok(ConfigEdit::new(CONFIG, Format::Lines, lines))
}

/// What TShock takes from its own file alone. It completes what is missing there.
fn rest(server: &Server) -> Result<ConfigEdit, Failure> {
    let edit = |at: &str, notation, value: String| Edit { notation, ..Edit::new(at, value) };
    let edits = vec![
        edit("Settings.ServerName", Notation::Text, server.setting("name").to_owned()),
        edit("Settings.ServerPort", Notation::Number, server.port("game")?.to_string()),
        edit("Settings.MaxSlots", Notation::Number, server.setting("max_players").to_owned()),
        edit("Settings.RestApiEnabled", Notation::Boolean, "true".to_owned()),
        edit("Settings.RestApiPort", Notation::Number, server.port("rest")?.to_string()),
        // Collectors know no secrets, so that what they ask wants none; all else there does.
        edit("Settings.EnableTokenEndpointAuthentication", Notation::Boolean, "false".to_owned()),
    ];
    Ok(ConfigEdit { path: "tshock/config.json".to_owned(), format: Format::Json, edits, create: true })
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let config = config(server)?;
    let arguments = ["-config", "/data/serverconfig.txt"];
    let spec = match Software::of(server)? {
        Software::Vanilla => {
            // It brings its runtime along.
            let program = format!("/data/{PROGRAM}/TerrariaServer.bin.x86_64");
            let command = std::iter::once(program.as_str()).chain(arguments);
            RunSpec::new(Image::reference("debian:bookworm-slim"), command)
        }
        Software::TShock => {
            let program = format!("/data/{TSHOCK}");
            let folders = ["-configpath", "/data/tshock", "-logpath", "/data/tshock/logs"];
            let command = std::iter::once(program.as_str()).chain(arguments).chain(folders);
            RunSpec::new(dotnet(server), command)
                // Libraries are unpacked here: /tmp is no place that they may be loaded from.
                .environment("DOTNET_BUNDLE_EXTRACT_BASE_DIR", "/data/.dotnet")
                .environment("DOTNET_EnableDiagnostics", "0")
                .edit(rest(server)?)
        }
    };
    let mut spec = spec.environment("HOME", "/data").edit(config);
    // Without a terminal it prints plain lines and reads commands from its standard input.
    spec.terminal = false;
    spec.ready_timeout_ms = READY_MS;
    Ok(spec.ready_when_console_says("Server started").stop([
        // It saves as it ends.
        StopStep::Console("exit".to_owned()),
        StopStep::WaitMs(60_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(10_000),
    ]))
}

/// The runtime that this TShock was built for.
fn dotnet(server: &Server) -> Image {
    let own = server.setting("dotnet_image");
    if !own.is_empty() {
        return Image::reference(own);
    }
    let major = server.fact("version").split('.').next().and_then(|part| part.parse::<u32>().ok());
    let runtime = if major.is_some_and(|major| major >= 6) { "9.0" } else { "6.0" };
    Image::reference(&format!("mcr.microsoft.com/dotnet/runtime:{runtime}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A server as the host would make it of a form with these answers.
    pub(crate) fn server(software: Software, answers: &[(&str, &str)]) -> Server {
        let blueprint = crate::blueprint::blueprint(software);
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
        let fact = |(key, value): (&str, &str)| Setting { key: key.to_owned(), value: value.to_owned() };
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: software.id().to_owned(),
            settings: blueprint.variables.iter().map(setting).collect(),
            facts: [("version", "5.2.4"), ("url", "https://example.org/server.zip")].map(fact).to_vec(),
            endpoints: blueprint.endpoints.iter().map(endpoint).collect(),
            limits: blueprint.recommended,
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_reinstallation_takes_the_program_and_leaves_the_worlds() {
        for software in crate::software::ALL {
            let plan = install(&server(software, &[])).expect("a plan");
            let removed = plan.steps.iter().filter_map(|step| match &step.action {
                Action::Remove(path) => Some(path.as_str()),
                _ => None,
            });
            assert!(removed.clone().all(|path| [PROGRAM, ARCHIVE, UNPACKED].contains(&path)));
            assert!(plan.steps.iter().any(|step| step.action == Action::MakeDirectory("worlds".to_owned())));
            let mut nothing = server(software, &[]);
            nothing.facts.clear();
            assert_eq!(install(&nothing).expect_err("a refusal").code, "no_facts");
        }
    }

    #[test]
    fn settings_are_lines_and_no_secret_is_on_a_command_line() {
        let answers = [("world", "Our place"), ("join_password", "s3same"), ("secure", "false")];
        for software in crate::software::ALL {
            let spec = run(&server(software, &answers)).expect("a spec");
            let edits = &spec.edits.iter().find(|edit| edit.path == CONFIG).expect("the file").edits;
            let of = |at: &str| edits.iter().find(|edit| edit.at == at).map(|edit| edit.value.as_str());
            assert_eq!(of("world="), Some("world=/data/worlds/Our place.wld"));
            assert_eq!(of("worldname="), Some("worldname=Our place"));
            assert_eq!((of("port="), of("secure=")), (Some("port=7777"), Some("secure=0")));
            assert_eq!(of("password="), Some("password=s3same"));
            assert!(!spec.command.iter().any(|part| part.contains("s3same")), "{:?}", spec.command);
            assert_eq!(spec.stop[0], StopStep::Console("exit".to_owned()));
        }
    }

    #[test]
    fn tshock_tells_by_rest_on_its_port_and_runs_in_the_runtime_that_it_wants() {
        let mut tshock = server(Software::TShock, &[]);
        let spec = run(&tshock).expect("a spec");
        let rest = spec.edits.iter().find(|edit| edit.path == "tshock/config.json").expect("the file");
        let port = rest.edits.iter().find(|edit| edit.at == "Settings.RestApiPort").expect("the port");
        assert_eq!((port.value.as_str(), port.notation), ("7878", Notation::Number));
        assert_eq!(spec.image, Image::reference("mcr.microsoft.com/dotnet/runtime:6.0"));
        tshock.facts[0].value = "6.0.0-pre1".to_owned();
        let newer = run(&tshock).expect("a spec").image;
        assert_eq!(newer, Image::reference("mcr.microsoft.com/dotnet/runtime:9.0"));
        tshock.endpoints.truncate(1);
        assert_eq!(run(&tshock).expect_err("no port").code, "no_endpoint");
    }
}
