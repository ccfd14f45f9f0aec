//! How it gets onto the disk, and how it starts.
//!
//! The archive has examples of the files that people change. Those are laid aside while it is unpacked, and come back over
//! the examples: an update keeps what somebody wrote.

use crate::source;
use gantry_plugin::prelude::*;

/// Mojang's program wants curl's library and certificates, and nothing else that Debian's smallest image has not.
const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates libcurl4 libssl3 \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
const ARCHIVE: &str = "bedrock-server.zip";
const PROGRAM: &str = "bedrock_server";
const PROPERTIES: &str = "server.properties";
/// What somebody may have changed. Kept aside while the archive is unpacked over it.
const KEPT: [&str; 3] = [PROPERTIES, "permissions.json", "allowlist.json"];
const LARGEST_ARCHIVE: u64 = 512 * 1024 * 1024;
const LARGEST_UNPACKED: u64 = 2 * 1024 * 1024 * 1024;

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install(server: &Server) -> Result<InstallPlan, Failure> {
    accepted(server)?;
    let (version, url) = (server.fact("version"), server.fact("url"));
    if url.is_empty() {
        let message =
            "Nobody has looked up where this version of Minecraft is. Install the server once more.";
        return Err(Failure::new("no_facts", message));
    }
    let download =
        Download { url: url.to_owned(), path: ARCHIVE.to_owned(), expect: None, max_bytes: LARGEST_ARCHIVE };
    let unpack = Extract {
        archive: ARCHIVE.to_owned(),
        format: ArchiveFormat::Zip,
        into: ".".to_owned(),
        strip_components: 0,
        max_bytes: LARGEST_UNPACKED,
    };
    let mut plan = InstallPlan::new().step("Build the image", 20, Action::BuildImage(image())).step(
        &format!("Download Bedrock {version}"),
        10,
        Action::Download(download),
    );
    for name in KEPT {
        plan = if_there(plan, &format!("Keep {name}"), Action::Copy((name.to_owned(), aside(name))));
    }
    plan = plan.step("Unpack it", 10, Action::Extract(unpack));
    for name in KEPT {
        plan = if_there(plan, &format!("Put {name} back"), Action::Move((aside(name), name.to_owned())));
    }
    let mut plan = plan
        .step("Let the server be run", 1, Action::SetMode((PROGRAM.to_owned(), 0o755)))
        .step("Remove the archive", 1, Action::Remove(ARCHIVE.to_owned()))
        .step("Write the settings", 1, Action::EditConfig(properties(server)?));
    plan.installed_version = Some(format!("Bedrock {version}"));
    Ok(plan)
}

fn aside(name: &str) -> String {
    format!(".{name}.kept")
}

/// What is done to a file that a first installation does not have.
fn if_there(plan: InstallPlan, title: &str, action: Action) -> InstallPlan {
    let mut plan = plan.step(title, 1, action);
    if let Some(step) = plan.steps.last_mut() {
        step.may_fail = true;
    }
    plan
}

fn accepted(server: &Server) -> Result<(), Failure> {
    if server.flag("eula") {
        return Ok(());
    }
    let message = format!(
        "The Minecraft EULA is not accepted. Read {} and accept it in the settings.",
        source::LICENCE
    );
    Err(Failure::new("eula_not_accepted", message))
}

fn properties(server: &Server) -> Result<ConfigEdit, Failure> {
    let copy = |at: &'static str, key: &str| (at, server.setting(key).to_owned());
    let edits = [
        ("server-port", server.port("game")?.to_string()),
        // Off: it opens the usual port besides its own, which two servers on one machine would quarrel about.
        ("enable-lan-visibility", "false".to_owned()),
        copy("server-name", "name"),
        copy("max-players", "max_players"),
        copy("gamemode", "gamemode"),
        copy("difficulty", "difficulty"),
        copy("level-name", "level_name"),
        copy("level-seed", "level_seed"),
        copy("allow-cheats", "cheats"),
        copy("online-mode", "online_mode"),
        copy("allow-list", "allowlist"),
    ];
    Ok(ConfigEdit::new(PROPERTIES, Format::Properties, edits))
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    accepted(server)?;
    let mut spec = RunSpec::new(image(), [format!("/data/{PROGRAM}")])
        .environment("HOME", "/data")
        .environment("LD_LIBRARY_PATH", "/data")
        .edit(properties(server)?);
    spec.terminal = false;
    spec.ready_timeout_ms = 120_000;
    Ok(spec.ready_when_console_says(crate::console::READY).ready_when_collected().stop([
        StopStep::Console("stop".to_owned()),
        StopStep::WaitMs(30_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(5_000),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(eula: &str, facts: &[(&str, &str)]) -> Server {
        let setting =
            |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
        Server {
            id: String::new(),
            name: String::new(),
            blueprint: "bedrock".to_owned(),
            settings: [("eula", eula), ("name", "A world")].iter().map(setting).collect(),
            facts: facts.iter().map(setting).collect(),
            endpoints: vec![Endpoint {
                name: "game".to_owned(),
                protocol: Protocol::Udp,
                address: "0.0.0.0".to_owned(),
                port: 19_132,
            }],
            limits: Limits::new(512, 50, 1_024),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn an_update_keeps_what_somebody_wrote() {
        let facts =
            [("version", "1.21.92.1"), ("url", "https://www.minecraft.net/x/bedrock-server-1.21.92.1.zip")];
        let plan = install(&server("true", &facts)).expect("a plan");
        let titles: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "Build the image",
                "Download Bedrock 1.21.92.1",
                "Keep server.properties",
                "Keep permissions.json",
                "Keep allowlist.json",
                "Unpack it",
                "Put server.properties back",
                "Put permissions.json back",
                "Put allowlist.json back",
                "Let the server be run",
                "Remove the archive",
                "Write the settings",
            ]
        );
        let of_files = |step: &Step| matches!(step.action, Action::Copy(_) | Action::Move(_));
        assert!(plan.steps.iter().all(|step| step.may_fail == of_files(step)));
    }

    #[test]
    fn nothing_is_done_without_the_eula_or_facts() {
        assert_eq!(install(&server("false", &[])).expect_err("a refusal").code, "eula_not_accepted");
        assert_eq!(run(&server("false", &[])).expect_err("a refusal").code, "eula_not_accepted");
        assert_eq!(install(&server("true", &[])).expect_err("a refusal").code, "no_facts");
    }
}
