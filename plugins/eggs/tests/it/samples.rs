//! Our own eggs, which have every feature, and what becomes of each.

use crate::{Server, samples};
use gantry_document::model::{Audience, Kind, StopStep, Text, User};
use gantry_plugin_eggs::{Conversion, Severity, convert};

fn sample(name: &str) -> Conversion {
    let (name, content) = samples().into_iter().find(|(file, _)| file == name).unwrap();
    convert(&name, &content).unwrap()
}

fn told(egg: &Conversion, severity: Severity, at: &str) -> bool {
    egg.losses.iter().any(|loss| loss.severity == severity && loss.at == at)
}

#[test]
fn it_says_what_it_is_and_whence_it_comes() {
    let egg = sample("ptdl-v2.json").document;
    assert_eq!((egg.plugin.id.as_str(), egg.blueprint.id.as_str()), ("egg-sample-game", "sample-game"));
    assert!(egg.plugin.version.starts_with("2026.102.30405-"), "{}", egg.plugin.version);
    assert_eq!(egg.blueprint.summary, "A game that does not exist.");
    for part in ["every feature", "PTDL_v2", "someone@example.com", "https://example.com/sample.json"] {
        assert!(egg.blueprint.documentation.contains(part), "{part}");
    }
    assert_eq!(egg.blueprint.protected_files, ["**/secret.key", "logs/*.gz"]);
    let capabilities = |manifest: gantry_document::Manifest| -> Vec<String> {
        manifest.capabilities.into_iter().map(|each| each.name).collect()
    };
    assert_eq!(capabilities(egg.manifest()), ["container-run", "container-root"]);
    assert_eq!(capabilities(sample("ptdl-v1.json").document.manifest()), Vec::<String>::new());
    let other = sample("ptdl-v1.json").document;
    assert_eq!(
        (other.plugin.id.as_str(), other.blueprint.id.as_str()),
        ("egg-lterer-server", "lterer-server")
    );
    assert_eq!(sample("plcn-v1.json").document.blueprint.id, "egg-123");
    assert_eq!(sample("plcn-v3.yaml").document.blueprint.icon, "<svg/>");
    assert!(sample("plcn-v2.json").document.blueprint.icon.contains("data:image/png;base64,iVBORw0KGgo="));
}

#[test]
fn images_are_a_choice_or_one() {
    let egg = sample("ptdl-v2.json").document;
    let image = egg.variables.iter().find(|each| each.key == "gantry.image").unwrap();
    let choices: Vec<(&str, &str)> =
        image.choices.iter().map(|each| (each.value.as_str(), each.shown())).collect();
    assert_eq!(
        choices,
        [("example.com/yolks:java_21", "Java 21"), ("example.com/yolks:java_17", "Java 17 / Again")]
    );
    assert_eq!(image.default.as_deref(), Some("example.com/yolks:java_21"));
    let old = sample("ptdl-v1.json").document;
    assert_eq!(old.variables.iter().find(|each| each.key == "gantry.image").unwrap().choices.len(), 2);
    let one = sample("plcn-v1.json").document;
    assert!(one.variables.iter().all(|each| each.key != "gantry.image"));
}

#[test]
fn the_startup_contract_of_the_images_is_kept() {
    let egg = sample("ptdl-v2.json").document;
    let server = Server::usual(&egg);
    let of = |name: &str| server.text(&egg.run.environment[name]);
    assert!(of("STARTUP").starts_with("./game -p {{SERVER_PORT}} --ip {{SERVER_IP}}"), "{}", of("STARTUP"));
    let expected = [
        ("SERVER_PORT", "20000"),
        ("SERVER_IP", "0.0.0.0"),
        ("SERVER_MEMORY", "2048"),
        ("TZ", "UTC"),
        ("P_SERVER_UUID", "0190"),
        ("PVP", "1"),
        ("CHEATS", "false"),
        ("QUERY_PORT", "20002"),
        ("SteamAppId", "1234567"),
        ("RATE", "0.50"),
        ("_UNDER", ""),
    ];
    for (name, value) in expected {
        assert_eq!(of(name), value, "{name}");
    }
    assert!(egg.run.command.is_empty() && egg.run.terminal && egg.run.read_only_root);
    assert_eq!(egg.run.working_directory, "/home/container");
    let several = sample("plcn-v3.yaml").document;
    let mut server = Server::usual(&several);
    assert_eq!(server.text(&several.run.environment["STARTUP"]), "./start {{MAP}}");
    server.settings.insert("gantry.startup", "with-a-log");
    assert_eq!(server.text(&several.run.environment["STARTUP"]), "./start {{MAP}} -log");
}

#[test]
fn ports_become_endpoints_of_both_protocols() {
    let egg = sample("ptdl-v2.json");
    let ports: Vec<(&str, Option<u16>, bool)> =
        egg.document.endpoints.iter().map(|each| (each.name.as_str(), each.port, each.required)).collect();
    let expected = [
        ("game", None, true),
        ("game-tcp", None, true),
        ("query", Some(27_015), true),
        ("query-tcp", Some(27_015), true),
        ("web", None, false),
        ("web-tcp", None, false),
    ];
    assert_eq!(ports, expected);
    let keys: Vec<&str> = egg.document.variables.iter().map(|each| each.key.as_str()).collect();
    assert!(keys.contains(&"DB_PORT") && keys.contains(&"ENDING_PORT") && !keys.contains(&"QUERY_PORT"));
    assert!(told(&egg, Severity::Different, "variables/6") && told(&egg, Severity::Different, "variables/8"));
}

#[test]
fn variables_have_kinds_rights_and_an_order() {
    let egg = sample("ptdl-v2.json");
    let of = |key: &str| egg.document.variables.iter().find(|each| each.key == key).unwrap();
    assert_eq!((of("SLOTS").kind, of("SLOTS").maximum), (Kind::Number, Some(64.0)));
    assert_eq!(
        (of("PVP").kind, of("CHEATS").kind, of("MODE").kind),
        (Kind::Boolean, Kind::Boolean, Kind::OneOf)
    );
    assert_eq!((of("MODE").viewable, of("MODE").editable), (Audience::Members, Audience::Administrators));
    assert_eq!(
        (of("SteamAppId").viewable, of("v_UNDER").label.as_str()),
        (Audience::Administrators, "_UNDER")
    );
    assert!(of("VERSION").needs_reinstall && !of("SERVER_NAME").needs_reinstall);
    assert!(told(&egg, Severity::Lost, "variables/15/rules"), "date_format");
    assert!(told(&egg, Severity::Different, "variables/16/rules"), "the default of WRONG");
    assert!(told(&egg, Severity::Lost, "variables/18"), "SERVER_MEMORY is taken");
    let sorted: Vec<String> =
        sample("plcn-v1.json").document.variables.into_iter().map(|each| each.key).collect();
    assert_eq!(sorted, ["A", "B", "D", "C"]);
    let yaml = sample("plcn-v3.yaml").document;
    let update = yaml.variables.iter().find(|each| each.key == "AUTO_UPDATE").unwrap();
    assert_eq!((update.kind, update.default.as_deref()), (Kind::Boolean, Some("true")));
}

#[test]
fn the_install_script_is_roots_and_may_fail() {
    let egg = sample("ptdl-v2.json").document;
    let step = &egg.install.steps[0];
    let run = step.run.as_ref().unwrap();
    assert!(step.may_fail && run.network);
    assert_eq!((run.user, run.working_directory.as_str()), (User::Root, "/mnt/server"));
    assert_eq!(run.command, [Text::from("bash"), "/mnt/install/install.sh".into()]);
    assert_eq!(run.files["/mnt/install/install.sh"], "#!/bin/bash\ncd /mnt/server\necho $VERSION\n".into());
    assert_eq!(run.environment, egg.run.environment);
    assert!(sample("ptdl-v1.json").document.install.steps.is_empty(), "an empty script is none");
    assert!(told(&sample("plcn-v1.json"), Severity::Different, "scripts/installation/container"));
}

#[test]
fn a_game_is_ready_by_any_of_its_signs() {
    let egg = sample("ptdl-v2.json");
    let pattern = egg.document.run.ready[0].console.as_ref().unwrap();
    let ready = regex::Regex::new(pattern).unwrap();
    assert!(
        ready.is_match("[12:00] Done (3.2s)!") && ready.is_match("ready in 20ms") && !ready.is_match("Done")
    );
    assert_eq!(egg.document.run.ready.len(), 1);
    assert!(told(&egg, Severity::Lost, "config/startup/done/2"), "regex:( is no pattern");
    assert!(told(&egg, Severity::Different, "config/startup/userInteraction"));
    assert!(sample("plcn-v1.json").document.run.ready.is_empty());
    let long = sample("plcn-v2.json").document;
    assert!(long.run.ready.is_empty());
    assert!(long.console.iter().any(|rule| rule.event == gantry_document::model::Event::Ready));
}

#[test]
fn stopping_is_a_command_or_goes_from_soft_to_hard() {
    let stop = |name: &str| sample(name).document.run.stop;
    let old = stop("ptdl-v1.json");
    assert_eq!((old[0].command.clone(), old[1].wait_s), (Some("quit".into()), Some(600)));
    let signals = |steps: Vec<StopStep>| -> Vec<String> {
        let said = |step: StopStep| step.signal.or(step.interrupt.then(|| "interrupt".to_owned()));
        steps.into_iter().filter_map(said).collect()
    };
    assert_eq!(signals(stop("ptdl-v2.json")), ["interrupt", "SIGINT", "SIGTERM"]);
    assert_eq!(signals(stop("plcn-v3.yaml")), ["interrupt", "SIGINT", "SIGTERM"]);
    assert_eq!(signals(stop("plcn-v1.json")), ["SIGKILL"]);
    assert_eq!(signals(stop("plcn-v2.json")), ["SIGINT"]);
    assert!(told(&sample("ptdl-v2.json"), Severity::Different, "config/stop"), "^^C");
    assert!(!told(&sample("plcn-v3.yaml"), Severity::Different, "config/stop"), "^c");
}

#[test]
fn helpers_become_causes_with_remedies() {
    let egg = sample("ptdl-v2.json");
    let cause = |line: &str| {
        let mut rules = egg.document.console.iter();
        let rule = rules.find(|rule| regex::Regex::new(&rule.pattern).unwrap().is_match(line));
        rule.and_then(|rule| rule.cause.clone()).map(|cause| Server::usual(&egg.document).text(&cause))
    };
    assert!(
        cause("You need to agree to the EULA in order to run the server. Go to").unwrap().contains("licence")
    );
    for line in [
        "java.lang.UnsupportedClassVersionError: net/X has been compiled by a more recent version of the Java Runtime",
        "[12:00:00] [main/ERROR]: Caused by: java.lang.UnsupportedClassVersionError: X",
        "net/minecraft/X has been compiled by a more recent version of the Java Runtime (class file version 65.0)",
        "Minecraft 1.17 requires running the server with Java 16 or above.",
    ] {
        assert!(cause(line).unwrap().contains("Java"), "{line}");
    }
    assert!(cause("java.lang.OutOfMemoryError: unable to create native thread").unwrap().contains("threads"));
    assert!(cause("SteamCMD needs 250MB of free disk space to update").unwrap().contains("disk"));
    assert!(cause("Error! App '258550' state is 0x202 after update job.").unwrap().contains("disk"));
    assert!(cause("(gsl token expired)").unwrap().contains("token"));
    assert!(
        cause("Could not establish connection to Steam servers.  (Account Not Found)")
            .unwrap()
            .contains("token")
    );
    for head in [
        "[12:00:00] [ServerMain/INFO]: ",
        "[12:00:00 INFO]: ",
        "[02Jan2026 12:00:00.123] [main/INFO] [net.minecraft.server.Main/]: ",
        "[12:00:00] [main/INFO] (Minecraft) ",
        "12:00:00 [INFO] ",
    ] {
        let line = format!("{head}You need to agree to the EULA in order to run the server. Go to eula.txt");
        assert!(cause(&line).is_some(), "{line}");
    }
    assert_eq!(cause("all is well"), None);
    for words in [
        "You need to agree to the EULA in order to run the server.",
        "java.lang.UnsupportedClassVersionError",
        "net/X has been compiled by a more recent version of the Java Runtime",
        "Minecraft 1.17 requires running the server with Java 16 or above",
        "pthread_create failed",
        "unable to create native thread",
        "SteamCMD needs 250MB of free disk space to update",
        "0x202 after update job",
        "(gsl token expired)",
        "(account not found)",
    ] {
        for said in [
            "<Eve> ",
            "* Eve ",
            "[Team] <Eve> ",
            "[Eve] ",
            "[Eve: ",
            "Eve: ",
            "Eve issued server command: /me ",
            "[All] Eve: ",
            "[CHAT] Eve: ",
            "say: Eve: ",
            "Eve was slain by Bob using [",
            "[Not Secure] <Eve> ",
            "[Eve/INFO] ",
            "Caused by: Eve: ",
            "[12:00:00] Eve: ",
            "[Eve 12:00:00 INFO]: ",
            "12:00:00 [Eve] ",
        ] {
            for head in ["", "[12:00:00] [Server thread/INFO]: ", "[12:00:00 INFO]: ", "12:00:00 [INFO] "] {
                // A name in brackets with a level is a thread's where nothing is in front of it.
                if !(head.is_empty() && said == "[Eve/INFO] ") {
                    let line = format!("{head}{said}{words}");
                    assert_eq!(cause(&line), None, "{line}");
                }
            }
        }
    }
    assert!(told(&egg, Severity::Lost, "features/5"), "weather");
    let eula = egg.document.run.edits.iter().find(|edit| edit.path == "eula.txt".into()).unwrap();
    assert_eq!(eula.when.as_deref(), Some("settings[\"gantry.eula\"] == true"));
}

#[test]
fn what_nobody_reads_is_told() {
    assert!(told(&sample("ptdl-v1.json"), Severity::Lost, "config/extends"));
    assert!(told(&sample("ptdl-v2.json"), Severity::Different, "config/logs"));
    assert!(told(&sample("plcn-v1.json"), Severity::Different, "tags/1"));
    assert!(told(&sample("plcn-v2.json"), Severity::Different, "docker_images/~0local"));
}

#[test]
fn what_is_no_egg_is_told() {
    for (content, says) in [
        (&b"{\"meta\": {\"version\": \"PTDL_v9\"}}"[..], "its version is \"PTDL_v9\""),
        (b"{}", "it has no meta.version"),
        (b"{\"a\": ", "is no JSON"),
        (b"- a", "it has no fields"),
        (b"a: [", "neither JSON nor YAML"),
        (b"\xff\xfe", "is not text"),
        (b"{\"meta\": {\"version\": \"PTDL_v2\"}}", "it names no image"),
    ] {
        let error = convert("egg.json", content).unwrap_err();
        assert!(error.contains(says) && error.contains("egg.json"), "{error}");
    }
}

#[test]
fn denied_paths_mean_the_same_files_as_where_they_come_from() {
    let egg = |list: serde_json::Value| {
        let (_, content) = samples().into_iter().find(|(file, _)| file == "ptdl-v2.json").unwrap();
        let mut egg: serde_json::Value = serde_json::from_slice(&content).unwrap();
        egg["file_denylist"] = list;
        convert("egg.json", egg.to_string().as_bytes()).unwrap()
    };
    let kept = egg(serde_json::json!([
        "a.jar",
        "/b.jar",
        "config/c",
        "/config/d/",
        "logs/*.gz",
        "**/e",
        "/f/**",
        "# words",
        " ",
        "/g//h"
    ]));
    let globs = kept.document.blueprint.protected_files;
    assert_eq!(globs, ["**/a.jar", "b.jar", "**/config/c", "config/d", "logs/*.gz", "**/e", "f/**", "g/h"]);
    for glob in &globs {
        assert!(gantry_types::glob::Glob::read(glob).is_ok(), "{glob}");
    }
    assert!(!kept.losses.iter().any(|loss| loss.at.starts_with("file_denylist")));
    let long = "x".repeat(260);
    let lost = egg(serde_json::json!(["!a", "/!a", "a?", "[ab]", "{a,b}", "a\\*", "a**", "/", "../a", long]));
    assert!(lost.document.blueprint.protected_files.is_empty(), "{:?}", lost.document.blueprint);
    for number in 0..10 {
        assert!(told(&lost, Severity::Lost, &format!("file_denylist/{number}")), "{number}");
    }
    let many = egg(serde_json::json!((0..70).map(|number| format!("/{number}")).collect::<Vec<_>>()));
    assert_eq!(many.document.blueprint.protected_files.len(), gantry_types::glob::MAX_GLOBS);
}
