//! The presets, each as its plan and its start come out.

use super::*;
use crate::{actions, console};

/// A server as the host would make it of a form with these answers.
pub(crate) fn server(game: &Game, answers: &[(&str, &str)]) -> Server {
    let blueprint = (game.blueprint)();
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
    Server {
        id: "0".to_owned(),
        name: "Test".to_owned(),
        blueprint: game.id.to_owned(),
        settings: blueprint.variables.iter().map(setting).collect(),
        facts: Vec::new(),
        endpoints: blueprint.endpoints.iter().map(endpoint).collect(),
        limits: blueprint.recommended,
        time_zone: "UTC".to_owned(),
        extra: Vec::new(),
    }
}

fn game(id: &str) -> &'static Game {
    ALL.iter().copied().find(|game| game.id == id).expect("a game")
}

fn started(id: &str, answers: &[(&str, &str)]) -> RunSpec {
    (game(id).run)(&server(game(id), answers)).expect("a run spec")
}

fn one(id: &str, line: &str) -> Option<Event> {
    console::parse(game(id), &[line.to_owned()]).pop().map(|found| found.event)
}

#[test]
fn each_is_installed_by_steam_under_its_number() {
    for game in ALL {
        let plan = steam::install(game, &server(game, &[("branch", "public-test")]));
        let Action::Run(run) = &plan.steps[4].action else { panic!("{plan:?}") };
        let command = run.command.join(" ");
        let app = format!("+login anonymous +app_update {} -beta public-test validate +quit", game.app);
        assert!(
            command.contains("+force_install_dir /data/server +login") && command.ends_with(&app),
            "{command}"
        );
        assert!(run.network && run.user == User::Server);
    }
}

#[test]
fn each_names_its_blueprint_and_its_defaults_start() {
    for game in ALL {
        let blueprint = (game.blueprint)();
        assert_eq!(blueprint.id, game.id);
        let spec = (game.run)(&server(game, &[])).expect("a run spec");
        assert!(spec.command[0].starts_with("/data/server/"), "{:?}", spec.command);
        assert!(!spec.ready.is_empty() && !spec.stop.is_empty());
    }
}

#[test]
fn secrets_are_on_no_command_line_where_the_game_has_another_way() {
    for game in ALL.iter().filter(|game| game.id != "valheim") {
        let secrets = [("join_password", "s3same"), ("rcon_password", "s3same"), ("steam_token", "s3same")];
        let spec = (game.run)(&server(game, &secrets)).expect("a run spec");
        assert!(!spec.command.iter().any(|part| part.contains("s3same")), "{:?}", spec.command);
        assert!(format!("{:?}", spec.edits).contains("s3same"), "{}", game.id);
    }
}

#[test]
fn a_text_that_would_end_its_line_is_refused() {
    for id in ["cs2", "rust", "palworld"] {
        let refused = (game(id).run)(&server(game(id), &[("name", "a\"; quit")])).expect_err("two settings");
        assert_eq!(refused.code, "unquotable_setting", "{id}");
    }
}

#[test]
fn counter_strike_is_told_type_mode_and_map() {
    let command = started("cs2", &[("mode", "1 2"), ("map", "de_nuke")]).command.join(" ");
    assert!(command.ends_with("+game_type 1 +game_mode 2 +exec gantry.cfg +map de_nuke"), "{command}");
}

#[test]
fn ports_that_games_take_by_themselves_are_checked() {
    for id in ["valheim", "ark"] {
        let mut server = server(game(id), &[]);
        server.endpoints[1].port += 1;
        assert_eq!((game(id).run)(&server).expect_err("no neighbours").code, "ports_apart", "{id}");
    }
}

#[test]
fn valheims_own_rules_for_passwords_are_told_before_it_starts() {
    let problems =
        |password| (game("valheim").validate)(&server(game("valheim"), &[("join_password", password)]));
    assert_eq!(problems("1234").len(), 1);
    assert_eq!(problems("gantry").len(), 1, "it is part of the name");
    assert!(problems("mead-hall-9").is_empty());
}

#[test]
fn worlds_are_saved_before_they_end_where_there_is_a_way() {
    let save = StopStep::Action("save".to_owned());
    for id in ["ark", "palworld"] {
        assert_eq!(started(id, &[("rcon_password", "s3same")]).stop[0], save);
        assert_ne!(started(id, &[]).stop[0], save, "it cannot be told");
    }
}

#[test]
fn console_lines_mean_what_each_game_means() {
    let joined = Some(Event::Joined("Ada".to_owned()));
    let left = Some(Event::Left("Ada".to_owned()));
    assert_eq!(one("rust", "192.0.2.7:51234/76561190000000000/Ada joined [linux/76561190000000000]"), joined);
    assert_eq!(one("rust", "[CHAT] Eve: Bob joined [linux/76561190000000000]"), None);
    assert_eq!(one("ark", "[2026.01.02-03.04.05:678][  0]2026.01.02_03.04.05: Ada joined this ARK!"), joined);
    assert_eq!(one("ark", "2026.01.02_03.04.05: Eve (Eve): Bob left this ARK!"), None, "words of a chat");
    let log = |said| format!("[2026-01-02 03:04:05] [LOG] {said}");
    assert_eq!(one("palworld", &log("Ada 192.0.2.7 connected the server. (User id: steam_1)")), joined);
    assert_eq!(one("palworld", &log("Ada left the server. (User id: steam_1)")), left);
    let missing =
        "/data/server/x: error while loading shared libraries: libfoo.so: cannot open shared object file";
    assert!(matches!(one("valheim", missing), Some(Event::CrashCause(cause)) if cause.remedy.is_some()));
}

#[test]
fn each_end_has_its_cause() {
    for (id, line) in [
        ("ark", "CreateBoundSocket: ::bind couldn't find an open port between 27015 and 27015"),
        ("ark", "[2026.01.02-03.04.05:678][  0]LogNet: Warning: Unable to bind listen socket"),
        ("ark", "Unable to bind listen socket"),
        ("rust", "Couldn't Start Server."),
        ("valheim", "01/02/2026 03:04:05: Error bad password:Password is too short"),
    ] {
        let found = one(id, line);
        assert!(matches!(found, Some(Event::CrashCause(cause)) if cause.remedy.is_some()), "{line}");
    }
    let wrong = one("valheim", "01/02/2026 03:04:05: Peer 76561190000000000 has wrong password");
    assert!(matches!(wrong, Some(Event::Warning(_))));
    let steam = one("cs2", "Could not establish connection to Steam servers.  (Result = 3)");
    assert!(matches!(steam, Some(Event::Warning(_))));
    assert_eq!(one("rust", "Server startup complete"), Some(Event::Ready));
}

#[test]
fn no_players_words_are_an_end_or_a_beginning() {
    for words in [
        "Unable to bind listen socket",
        "CreateBoundSocket: ::bind couldn't find an open port between 1 and 1",
        "Couldn't Start Server",
        "Server startup complete",
        "Error bad password:",
        "Peer 1 has wrong password",
        "Could not establish connection to Steam servers",
        "/data/x: error while loading shared libraries: y",
        "x: error while loading shared libraries: y",
        "1:1/2/Bob joined [x",
        "192.0.2.7:51234/76561190000000000/Bob joined [linux/76561190000000000]",
        "] [LOG] Bob left the server. (User id: steam_1)",
        "2026.01.02_03.04.05: Bob left this ARK!",
    ] {
        for line in [
            format!("[CHAT] Eve: {words}"),
            format!("[CHAT] Eve[76561190000000001] : {words}"),
            format!("[TEAM CHAT] Eve[76561190000000001] : {words}"),
            format!("[All Chat][Eve (123)]: {words}"),
            format!("[Allied Chat][Eve (123)]: {words}"),
            format!("L 01/02/2026 - 03:04:05: \"Eve<2><[U:1:1]><CT>\" say \"{words}\""),
            format!("L 01/02/2026 - 03:04:05: \"{words}<2><[U:1:1]><CT>\" say_team \"x\""),
            format!("Eve: {words}"),
            format!("Eve says {words}"),
            format!("[2026.01.02-03.04.05:678][  0]2026.01.02_03.04.05: Eve (Eve): {words}"),
            format!("2026.01.02_03.04.05: Eve (Eve): {words}"),
            format!("2026.01.02_03.04.05: {words} (Eve): hello"),
            format!(
                "[2026.01.02-03.04.05:678][  0]2026.01.02_03.04.05: Tribe {words}, ID 1: Day 5, 03:04:05: Eve froze Dodo!"
            ),
            format!("[2026-01-02 03:04:05] [CHAT] <Eve> {words}"),
            format!("[2026-01-02 03:04:05] [INFO] Eve {words}"),
            format!("[Eve] [LOG] {words}"),
            format!("01/02/2026 03:04:05: Got character ZDOID from {words} : 1:1"),
            format!(
                "01/02/2026 03:04:05: Console: <color=orange>Eve</color>: <color=#FFEB04FF>{words}</color>"
            ),
            format!("{words}[123/76561190000000001] was killed by Bob[1/2]"),
            format!("{words}[123/76561190000000001] died (Fall)"),
            format!("192.0.2.8:1/76561190000000001/{words} disconnecting: closing"),
            format!("192.0.2.8:1/76561190000000001/Bob joined [{words} disconnecting: closing"),
            format!("Kicking {words} (x)"),
        ] {
            for game in ["ark", "rust", "valheim", "palworld", "cs2"] {
                // Only Rust has lines that begin with a name.
                if game == "rust" || !line.starts_with(words) {
                    assert_eq!(one(game, &line), None, "{game}: {line}");
                }
            }
        }
    }
}

#[test]
fn actions_are_offered_where_the_game_can_be_told() {
    let ids = |id, answers: &[(&str, &str)]| {
        let offer = actions::offer(game(id), &server(game(id), answers));
        offer.into_iter().map(|action| action.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("cs2", &[]), ["say", "kick", "players"]);
    assert!(ids("rust", &[]).is_empty(), "it has no password");
    assert_eq!(ids("rust", &[("rcon_password", "s3same")]), ["say", "kick", "players", "save"]);
    assert!(ids("valheim", &[]).is_empty());
}

#[test]
fn what_people_type_stays_within_its_command() {
    let rust = server(game("rust"), &[("rcon_password", "s3same")]);
    let form = |text: &str| [Setting { key: "text".to_owned(), value: text.to_owned() }];
    let said = actions::perform(game("rust"), &rust, "say", &form("Back at 8 (EU)")).expect("effects");
    assert_eq!(said, [Effect::Command("say \"Back at 8 (EU)\"".to_owned())]);
    let refused = actions::perform(game("rust"), &rust, "say", &form("a\"; quit")).expect_err("a refusal");
    assert_eq!(refused.code, "not_plain");
    let told = actions::broadcast(game("rust"), &rust, "a\"; quit\nb");
    assert_eq!(told, [Effect::Command("say \"a quitb\"".to_owned())]);
    assert!(actions::broadcast(game("rust"), &server(game("rust"), &[]), "a").is_empty());
}
