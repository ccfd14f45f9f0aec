//! How it gets onto the node, how it starts, and why it ends at once: texts and secrets stand quoted in a file, since the
//! engine cuts its command line at each plus sign and whoever may list processes would see them.

use crate::blueprint::QUAKE;
use gantry_plugin::prelude::*;
use gantry_wire::quake3;

const DOCKERFILE: &str = "FROM debian:bookworm-slim\n\
    RUN apt-get update \\\n\
    \x20&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ioquake3-server \\\n\
    \x20&& rm -rf /var/lib/apt/lists/*\n";
const SETTINGS: &str = "gantry.cfg";

fn image() -> Image {
    Image::dockerfile(DOCKERFILE)
}

pub(crate) fn install(server: &Server) -> InstallPlan {
    InstallPlan::new().step("Build the engine's image", 20, Action::BuildImage(image())).step(
        "Make a place for the game's data",
        1,
        Action::MakeDirectory(server.setting("base").to_owned()),
    )
}

fn settings(server: &Server) -> Result<ConfigEdit, Failure> {
    let lines = [
        ("set sv_hostname ", "hostname"),
        ("set g_motd ", "motd"),
        ("set g_password ", "join_password"),
        ("set rconPassword ", "rcon_password"),
    ];
    let lines = lines.map(|(begin, key)| Ok((begin, format!("{begin}{}", server.quoted(key)?))));
    let lines = lines.into_iter().collect::<Result<Vec<_>, Failure>>()?;
    Ok(ConfigEdit::new(&format!("{}/{SETTINGS}", server.setting("base")), Format::Lines, lines))
}

pub(crate) fn run(server: &Server) -> Result<RunSpec, Failure> {
    let port = server.port("game")?.to_string();
    let (base, modification) = (server.setting("base"), server.setting("modification"));
    let mut command = vec!["/usr/lib/ioquake3/ioq3ded".to_owned()];
    let mut set = |key: &str, value: &str| {
        command.extend(["+set", key, value].map(str::to_owned));
    };
    // 1 is a server that announces itself to nobody.
    set("dedicated", "1");
    set("net_port", &port);
    set("fs_homepath", "/data");
    if base != QUAKE {
        // Without this the engine wants the data of Quake III beside that of the game.
        set("com_standalone", "1");
        set("com_basegame", base);
    }
    if !modification.is_empty() {
        set("fs_game", modification);
    }
    set("com_hunkMegs", "96");
    set("sv_allowDownload", "0");
    set("sv_pure", "1");
    for (variable, key) in [
        ("sv_maxclients", "max_players"),
        ("g_gametype", "mode"),
        ("fraglimit", "frag_limit"),
        ("timelimit", "time_limit"),
        ("bot_minplayers", "bots"),
    ] {
        set(variable, server.setting(key));
    }
    set("g_needpass", if server.setting("join_password").is_empty() { "0" } else { "1" });
    command.extend(["+exec", SETTINGS, "+map", server.setting("map")].map(str::to_owned));
    // Without a terminal the engine prints plain lines and reads commands from its standard input.
    let mut spec = RunSpec::new(image(), command).environment("HOME", "/data").edit(settings(server)?);
    spec.terminal = false;
    Ok(spec.ready_when_answering("game", quake3::REQUEST).stop([
        StopStep::Console("quit".to_owned()),
        StopStep::WaitMs(8_000),
        StopStep::Signal("SIGTERM".to_owned()),
        StopStep::WaitMs(3_000),
    ]))
}

/// Why it does not play. What a player says stands behind `say: `, so that a line's beginning is the engine's own.
pub(crate) fn console_events(server: &Server, lines: &[String]) -> Vec<Found> {
    let base = server.setting("base");
    let event = |line: &str| {
        let line = line.strip_prefix("ERROR: ").unwrap_or(line);
        let missing =
            line.strip_prefix("You need to install Quake III Arena in order to play: ").unwrap_or(line);
        let (cause, remedy) = if missing.starts_with("\"pak0.pk3\" is missing")
            || line.starts_with("Couldn't load default.cfg")
        {
            let remedy = format!(
                "Put pak0.pk3 of your own copy into the folder {base} of the server's files, then start it."
            );
            ("The game's data is not there.", remedy)
        } else if line.starts_with("Can't find map ") {
            let remedy = format!("Choose another first map, or put its file into the folder {base}.");
            return Some(Event::Warning(format!("There is no such map. {remedy}")));
        } else {
            return None;
        };
        Some(Event::CrashCause(CrashCause { cause: cause.to_owned(), remedy: Some(remedy) }))
    };
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint;

    /// A server as the host would make it of a form with these answers.
    fn server(answers: &[(&str, &str)]) -> Server {
        let setting = |variable: &Variable| {
            let given =
                answers.iter().find(|(key, _)| *key == variable.key).map(|(_, value)| (*value).to_owned());
            Setting {
                key: variable.key.clone(),
                value: given.or_else(|| variable.default_value.clone()).unwrap_or_default(),
            }
        };
        Server {
            id: "0".to_owned(),
            name: "Test".to_owned(),
            blueprint: "quake3".to_owned(),
            settings: blueprint::blueprint().variables.iter().map(setting).collect(),
            facts: Vec::new(),
            endpoints: vec![Endpoint {
                name: "game".to_owned(),
                protocol: Protocol::Udp,
                address: "192.0.2.1".to_owned(),
                port: 27_999,
            }],
            limits: Limits::new(128, 20, 256),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn texts_and_secrets_stand_quoted_in_a_file() {
        let spec =
            run(&server(&[("hostname", "Ours+quit"), ("rcon_password", "s3same12")])).expect("a run spec");
        let lines: Vec<&str> = spec.edits[0].edits.iter().map(|edit| edit.value.as_str()).collect();
        assert!(
            lines.contains(&"set sv_hostname \"Ours+quit\"")
                && lines.contains(&"set rconPassword \"s3same12\"")
        );
        assert!(!spec.command.iter().any(|part| part.contains("Ours") || part.contains("s3same")));
        let refused = run(&server(&[("motd", "a\"\nquit")])).expect_err("two settings");
        assert_eq!(refused.code, "unquotable_setting");
    }

    #[test]
    fn another_game_of_the_engine_stands_alone() {
        let alone = |answers: &[(&str, &str)]| {
            run(&server(answers))
                .expect("a run spec")
                .command
                .join(" ")
                .contains("+set com_standalone 1 +set com_basegame baseoa")
        };
        assert!(alone(&[("base", "baseoa")]));
        assert!(!alone(&[]));
    }

    #[test]
    fn missing_data_is_a_cause_with_a_remedy() {
        let lines = [
            "You need to install Quake III Arena in order to play: \"pak0.pk3\" is missing.",
            "say: Eve: \"pak0\" is missing",
        ];
        let found = console_events(&server(&[]), &lines.map(str::to_owned));
        assert_eq!(found.len(), 1);
        assert!(
            matches!(&found[0].event, Event::CrashCause(cause) if cause.remedy.as_deref().is_some_and(|remedy| remedy.contains("baseq3")))
        );
    }

    #[test]
    fn no_players_words_are_a_cause() {
        for words in [
            "\"pak0.pk3\" is missing",
            "Couldn't load default.cfg",
            "Can't find map q3dm1",
            "ERROR: Couldn't load default.cfg",
        ] {
            for line in [
                format!("say: Eve: {words}"),
                format!("sayteam: Eve: {words}"),
                format!("tell: Eve to Bob: {words}"),
                format!("Eve: {words}"),
                format!("^7Eve^7: {words}"),
                format!("broadcast: print \"{words}^7 connected\\n\""),
                format!("ClientUserinfoChanged: 2 n\\{words}\\t\\0"),
                format!("Kill: 2 3 7: {words} killed Bob by MOD_ROCKET"),
                format!("Going from CS_PRIMED to CS_ACTIVE for {words}"),
            ] {
                let found = console_events(&server(&[]), std::slice::from_ref(&line));
                assert!(found.is_empty(), "{line}");
            }
        }
        let told = console_events(&server(&[]), &["ERROR: Couldn't load default.cfg".to_owned()]);
        assert_eq!(told.len(), 1, "the engine's own error");
    }
}
