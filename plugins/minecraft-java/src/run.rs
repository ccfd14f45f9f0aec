//! How it gets onto the disk, and how it starts: settings are edits of `server.properties` before each start.

use crate::{java, software::Software};
use gantry_plugin::prelude::*;

const JAR: &str = "server.jar";
const PROPERTIES: &str = "server.properties";
const LOGGING: &str = "gantry-log4j2.xml";
/// Where libraries of Java may be loaded from; /tmp is not such a place.
const TEMPORARY: &str = ".tmp";
/// The largest server there is has some 60 MiB.
const LARGEST_JAR: u64 = 256 * 1024 * 1024;
/// A first world on a slow disk, after Fabric has fetched what it needs.
const READY_MS: u32 = 600_000;

/// What the game says once it can be joined.
pub(crate) const READY: &str = r#"Done \([0-9.,]+ ?s\)! For help, type "#;

pub(crate) fn install(server: &Server) -> Result<InstallPlan, Failure> {
    accepted(server)?;
    let software = Software::of(&server.blueprint).map_or("", Software::title);
    let (version, url) = (server.fact("version"), server.fact("url"));
    if url.is_empty() {
        let message =
            "Nobody has looked up where this version of Minecraft is. Install the server once more.";
        return Err(Failure::new("no_facts", message));
    }
    let build = match server.fact("build") {
        "" => String::new(),
        build => format!(" ({build})"),
    };
    let name = format!("{software} {version}{build}");
    let download = Download {
        url: url.to_owned(),
        path: JAR.to_owned(),
        expect: digest(server)?,
        max_bytes: LARGEST_JAR,
    };
    let mut plan = InstallPlan::new().step(&format!("Download {name}"), 10, Action::Download(download));
    if logger_obeys_players(server) {
        let quiet = Write::file(LOGGING, include_str!("log4j2.xml"));
        plan = plan.step("Keep the log from obeying what players write", 1, Action::Write(quiet));
    }
    plan = plan
        .step("Prepare a folder for temporary files", 1, Action::MakeDirectory(TEMPORARY.to_owned()))
        .step("Write down that the EULA is accepted", 1, Action::EditConfig(eula()))
        .step("Write the settings", 1, Action::EditConfig(properties(server)?));
    plan.installed_version = Some(name);
    Ok(plan)
}

/// Whether it has a logger that does what players write, and that no flag keeps from it (CVE-2021-44228): those of Mojang
/// from 1.7 to 1.16. What is written so is left out of the log then. Paper and Purpur have mended theirs.
fn logger_obeys_players(server: &Server) -> bool {
    let mojangs = match Software::of(&server.blueprint) {
        Some(Software::Vanilla | Software::Fabric) | None => true,
        Some(Software::Paper | Software::Purpur) => false,
    };
    let mut numbers = server.fact("version").split('.').map(|part| part.parse::<u32>().ok());
    let is_old = matches!((numbers.next().flatten(), numbers.next().flatten()), (Some(1), Some(7..=16)));
    mojangs && is_old
}

/// The form asks, and whoever reaches this by another way is asked too.
fn accepted(server: &Server) -> Result<(), Failure> {
    if server.flag("eula") {
        return Ok(());
    }
    let message = "The Minecraft EULA is not accepted. Read https://aka.ms/MinecraftEULA and accept it in the settings.";
    Err(Failure::new("eula_not_accepted", message))
}

fn digest(server: &Server) -> Result<Option<Digest>, Failure> {
    let algorithm = match server.fact("digest-algorithm") {
        "" => return Ok(None),
        "sha1" => Algorithm::Sha1,
        "sha256" => Algorithm::Sha256,
        other => return Err(Failure::new("bad_facts", format!("There is no digest {other}."))),
    };
    Ok(Some(Digest { algorithm, hex: server.fact("digest").to_owned() }))
}

fn eula() -> ConfigEdit {
    ConfigEdit::new("eula.txt", Format::Properties, [("eula", "true".to_owned())])
}

fn properties(server: &Server) -> Result<ConfigEdit, Failure> {
    let copy = |at: &'static str, key: &str| (at, server.setting(key).to_owned());
    let mut edits = vec![
        ("server-port", server.port("game")?.to_string()),
        // All addresses of the container: which of the machine's lead there is the node's to say.
        ("server-ip", String::new()),
        copy("motd", "motd"),
        copy("max-players", "max_players"),
        copy("gamemode", "gamemode"),
        copy("difficulty", "difficulty"),
        copy("hardcore", "hardcore"),
        copy("pvp", "pvp"),
        copy("level-name", "level_name"),
        copy("level-seed", "level_seed"),
        copy("online-mode", "online_mode"),
        copy("white-list", "whitelist"),
        copy("enforce-whitelist", "whitelist"),
        ("enable-status", "true".to_owned()),
    ];
    let query = server.port("query");
    edits.push(("enable-query", query.is_ok().to_string()));
    if let Ok(port) = query {
        edits.push(("query.port", port.to_string()));
    }
    let remote = server.port("rcon").ok().filter(|_| !server.setting("rcon_password").is_empty());
    edits.push(("enable-rcon", remote.is_some().to_string()));
    if let Some(port) = remote {
        edits.extend([("rcon.port", port.to_string()), copy("rcon.password", "rcon_password")]);
    }
    Ok(ConfigEdit::new(PROPERTIES, Format::Properties, edits))
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    accepted(server)?;
    let mut command = vec!["java".to_owned()];
    command.extend(java::flags(server));
    if logger_obeys_players(server) {
        command.push(format!("-Dlog4j.configurationFile={LOGGING}"));
    }
    command.extend(["-jar", JAR, "nogui"].map(str::to_owned));
    let mut spec = RunSpec::new(java::image(server), command)
        .environment("HOME", "/data")
        .edit(eula())
        .edit(properties(server)?);
    // Without a terminal it prints plain lines and reads commands from its standard input.
    spec.terminal = false;
    spec.ready_timeout_ms = READY_MS;
    Ok(spec.ready_when_console_says(READY).ready_when_collected().stop([
        StopStep::Console("stop".to_owned()),
        // Large worlds are saved as they end.
        StopStep::WaitMs(60_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(20_000),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(settings: &[(&str, &str)], ports: &[(&str, u16)], facts: &[(&str, &str)]) -> Server {
        let each =
            |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
        let endpoint = |(name, port): &(&str, u16)| Endpoint {
            name: (*name).to_owned(),
            protocol: Protocol::Tcp,
            address: "0.0.0.0".to_owned(),
            port: *port,
        };
        Server {
            id: String::new(),
            name: String::new(),
            blueprint: "paper".to_owned(),
            settings: settings.iter().map(each).collect(),
            facts: facts.iter().map(each).collect(),
            endpoints: ports.iter().map(endpoint).collect(),
            limits: Limits::new(4_096, 100, 10_240),
            time_zone: "Europe/Berlin".to_owned(),
            extra: Vec::new(),
        }
    }

    const SETTINGS: [(&str, &str); 7] = [
        ("eula", "true"),
        ("motd", "Hello; all"),
        ("max_players", "20"),
        ("whitelist", "true"),
        ("level_name", "world"),
        ("rcon_password", "open-sesame"),
        ("jvm_flags", "-Da=b  -XX:+Some"),
    ];
    const FACTS: [(&str, &str); 6] = [
        ("version", "1.21.4"),
        ("build", "232"),
        ("url", "https://fill-data.papermc.io/v1/objects/b/paper.jar"),
        ("java", "21"),
        ("digest-algorithm", "sha256"),
        ("digest", "bb"),
    ];

    fn lines(edit: &ConfigEdit) -> Vec<String> {
        edit.edits.iter().map(|each| format!("{}={}", each.at, each.value)).collect()
    }

    #[test]
    fn a_server_starts_as_it_was_set() {
        let ports = [("game", 25_570), ("query", 25_571), ("rcon", 25_572)];
        let spec = run(&server(&SETTINGS, &ports, &FACTS)).expect("a run spec");
        assert_eq!(
            spec.command.join(" "),
            "java -Xmx3277M -XX:+UseG1GC -XX:MaxGCPauseMillis=150 -XX:+ExitOnOutOfMemoryError \
             -Djava.io.tmpdir=/data/.tmp -Duser.timezone=Europe/Berlin -Dlog4j2.formatMsgNoLookups=true -Da=b -XX:+Some \
             -jar server.jar nogui"
        );
        assert_eq!(spec.image, Image::reference("eclipse-temurin:21-jre"));
        assert_eq!(
            (spec.edits[0].path.as_str(), lines(&spec.edits[0])),
            ("eula.txt", vec!["eula=true".to_owned()])
        );
        assert_eq!(
            lines(&spec.edits[1]),
            [
                "server-port=25570",
                "server-ip=",
                "motd=Hello; all",
                "max-players=20",
                "gamemode=",
                "difficulty=",
                "hardcore=",
                "pvp=",
                "level-name=world",
                "level-seed=",
                "online-mode=",
                "white-list=true",
                "enforce-whitelist=true",
                "enable-status=true",
                "enable-query=true",
                "query.port=25571",
                "enable-rcon=true",
                "rcon.port=25572",
                "rcon.password=open-sesame",
            ]
        );
        assert_eq!(spec.stop[0], StopStep::Console("stop".to_owned()));
        assert!(!spec.command.join(" ").contains("open-sesame"), "a secret is where processes are listed");
    }

    #[test]
    fn the_remote_console_takes_a_port_and_a_password() {
        let without = |settings: &[(&str, &str)], ports: &[(&str, u16)]| {
            let spec = run(&server(settings, ports, &FACTS)).expect("a run spec");
            lines(&spec.edits[1])
        };
        let off = "enable-rcon=false".to_owned();
        assert!(without(&SETTINGS, &[("game", 1)]).contains(&off));
        assert!(without(&SETTINGS[..5], &[("game", 1), ("rcon", 2)]).contains(&off));
        assert!(without(&SETTINGS, &[("game", 1)]).contains(&"enable-query=false".to_owned()));
    }

    #[test]
    fn old_loggers_are_kept_from_obeying_players() {
        let of = |blueprint: &str, version: &str| {
            let facts = [("url", "https://x"), ("version", version)];
            let server =
                Server { blueprint: blueprint.to_owned(), ..server(&SETTINGS, &[("game", 1)], &facts) };
            let writes = install(&server)
                .expect("a plan")
                .steps
                .iter()
                .any(|step| matches!(&step.action, Action::Write(write) if write.path == LOGGING));
            let told = run(&server).expect("a run spec").command.iter().any(|word| word.contains(LOGGING));
            assert_eq!(writes, told, "{blueprint} {version}");
            told
        };
        for (blueprint, version) in [("vanilla", "1.7.10"), ("fabric", "1.16.5")] {
            assert!(of(blueprint, version), "{blueprint} {version}");
        }
        for (blueprint, version) in
            [("vanilla", "1.17"), ("vanilla", "26.1"), ("paper", "1.16.5"), ("vanilla", "1.6.4")]
        {
            assert!(!of(blueprint, version), "{blueprint} {version}");
        }
    }

    #[test]
    fn an_installation_fetches_what_was_looked_up() {
        let plan = install(&server(&SETTINGS, &[("game", 1)], &FACTS)).expect("a plan");
        let titles: Vec<&str> = plan.steps.iter().map(|step| step.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "Download Paper 1.21.4 (232)",
                "Prepare a folder for temporary files",
                "Write down that the EULA is accepted",
                "Write the settings",
            ]
        );
        assert_eq!(plan.installed_version.as_deref(), Some("Paper 1.21.4 (232)"));
        let Action::Download(download) = &plan.steps[0].action else { panic!("{:?}", plan.steps[0]) };
        assert_eq!(download.path, "server.jar");
        assert_eq!(download.expect, Some(Digest { algorithm: Algorithm::Sha256, hex: "bb".to_owned() }));
        let refused = |facts: &[(&str, &str)]| {
            install(&server(&SETTINGS, &[("game", 1)], facts)).expect_err("a refusal").code
        };
        assert_eq!(refused(&[]), "no_facts");
        assert_eq!(refused(&[("url", "https://x"), ("digest-algorithm", "md5")]), "bad_facts");
    }
}
