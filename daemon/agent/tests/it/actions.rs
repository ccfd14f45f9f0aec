//! What a plugin has done to its game: effects in order and bounded, said no to, or broken off with the game.

use crate::daemon::{Daemon, PATIENCE, component, digest, id_of};
use axum::http::{Method, StatusCode};
use futures_util::{StreamExt, stream::FuturesUnordered};
use gantry_protocol::{
    ActionReport, ActionRequest, BroadcastRequest, ConsoleSource, DesiredServer, Refusal, RefusalCode,
};
use gantry_runtime::simulated::Moment;
use gantry_types::{
    ServerId,
    action::Availability,
    conduct::{PluginConduct, PluginLine},
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed, Setting},
};
use std::{fs, time::Duration};

/// A server of `examples/chores-rust`, which has one action of each sort.
pub(crate) async fn house(daemon: &mut Daemon, desired: Desired) -> DesiredServer {
    let plugin = component("examples/chores-rust");
    let mut server = daemon.server(desired, Kind::Install);
    server.blueprint.digest = digest(&plugin);
    server.blueprint.blueprint = "chores".to_owned();
    server.blueprint.capabilities = ["files", "kv"].map(str::to_owned).to_vec();
    daemon.push(plugin).await;
    daemon.put(&server).await.unwrap();
    let state = if desired == Desired::Running { Observed::Running } else { Observed::Offline };
    daemon.until(server.id, state).await;
    server
}

/// Nothing takes time, and what waits waits as long as it says.
pub(crate) async fn unhurried() -> Daemon {
    Daemon::slow(|_| Duration::ZERO).await
}

pub(crate) type Outcome = Result<Vec<String>, (StatusCode, Refusal)>;

pub(crate) async fn act(daemon: &Daemon, server: ServerId, action: &str, form: &[(&str, &str)]) -> Outcome {
    act_in(daemon, server, action, form, Availability::Always).await
}

async fn act_in(
    daemon: &Daemon,
    server: ServerId,
    action: &str,
    form: &[(&str, &str)],
    available: Availability,
) -> Outcome {
    let setting =
        |(key, value): &(&str, &str)| Setting { key: (*key).to_owned(), value: (*value).to_owned() };
    let form = form.iter().map(setting).collect();
    let request = ActionRequest { form, secrets: None, actor: "ann".to_owned(), available };
    let body = serde_json::to_vec(&request).unwrap();
    let path = format!("/v1/servers/{server}/actions/{action}");
    let (status, bytes) = daemon.send(Method::POST, &path, body.into()).await;
    if status.is_success() {
        return Ok(serde_json::from_slice::<ActionReport>(&bytes).unwrap().messages);
    }
    Err((status, serde_json::from_slice(&bytes).unwrap()))
}

fn refused(outcome: Outcome) -> (u16, RefusalCode, String) {
    let (status, refusal) = outcome.unwrap_err();
    (status.as_u16(), refusal.code, refusal.message)
}

/// What people and the game said.
pub(crate) async fn said(daemon: &Daemon, server: ServerId) -> Vec<String> {
    let page = daemon.page(server, "?after=0&limit=2000").await;
    let spoken = page.lines.into_iter().filter(|line| line.source != ConsoleSource::Gantry);
    spoken.map(|line| line.text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_are_done_in_order_each_after_the_games_word_and_messages_come_back() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Running).await;
    let form = [("word", "moss"), ("times", "2"), ("key", "hunter2")];
    assert_eq!(act(&daemon, server.id, "repeat", &form).await.unwrap(), ["Somebody said moss."]);
    let said = said(&daemon, server.id).await;
    let end = &said[said.len() - 4..];
    assert_eq!(end, ["[ann] moss 1", "moss 1", "[ann] moss 2", "moss 2"]);
    assert!(!said.iter().any(|line| line.contains("hunter2")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_does_not_come_in_time_ends_the_action_and_one_of_before_does_not_count() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    daemon.command(server.id, "moss").await;
    // What was typed stands there first, and then what the game says.
    let spoken = async { while !said(&daemon, server.id).await.iter().any(|line| line == "moss") {} };
    tokio::time::timeout(Duration::from_secs(20), spoken).await.expect("the game says it");
    let outcome = act(&daemon, server.id, "listen", &[("word", "moss"), ("seconds", "10")]).await;
    let (status, code, message) = refused(outcome);
    assert_eq!((status, code), (422, RefusalCode::PluginRefused));
    assert_eq!(message, "the game did not print a line that matches \"^moss$\" within 10 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_says_no_in_its_own_words() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    let no = (422, RefusalCode::PluginRefused, "There is no paint left in the house.".to_owned());
    assert_eq!(refused(act(&daemon, server.id, "refuse", &[]).await), no);
    let unknown = refused(act(&daemon, server.id, "dance", &[]).await);
    assert_eq!((unknown.0, unknown.2.as_str()), (422, "There is no action dance."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_ends_with_its_game_and_does_nothing_where_none_runs() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Running).await;
    let (form, ends) = ([("word", "moss"), ("seconds", "300")], "crash 1");
    let waiting = act(&daemon, server.id, "listen", &form);
    let (outcome, _) = tokio::join!(waiting, daemon.command(server.id, ends));
    let (status, code, _) = refused(outcome);
    assert_eq!((status, code), (409, RefusalCode::NotRunning));
    let quiet = house(&mut daemon, Desired::Stopped).await;
    for (action, form) in [("repeat", &[("word", "moss")][..]), ("listen", &form)] {
        let (status, code, message) = refused(act(&daemon, quiet.id, action, form).await);
        assert_eq!(
            (status, code, message.as_str()),
            (409, RefusalCode::NotRunning, "nothing runs that could answer")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_keeps_and_writes_is_there_the_next_time_and_needs_no_game() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Stopped).await;
    assert_eq!(act(&daemon, server.id, "rules", &[]).await.unwrap(), ["Be kind.", "Read 1 times."]);
    let daemon = daemon.restart().await;
    assert_eq!(act(&daemon, server.id, "rules", &[]).await.unwrap(), ["Be kind.", "Read 2 times."]);
    assert_eq!(fs::read_to_string(daemon.file(server.id, "times.txt")).unwrap(), "2\n");
    assert_eq!(act(&daemon, server.id, "open", &[("open", "false")]).await.unwrap(), ["The door knows."]);
    let written = fs::read_to_string(daemon.file(server.id, "house.ini")).unwrap();
    assert!(written.contains("[door]") && written.contains("false"), "{written}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_ends_between_two_effects_and_gives_its_place_back() {
    // The game never answers: without anybody who waits the second word would come ten seconds later.
    let answer = |moment| if moment == Moment::Answer { PATIENCE } else { Duration::ZERO };
    let mut daemon = Daemon::slow(answer).await;
    let server = house(&mut daemon, Desired::Running).await;
    let form = [("word", "moss"), ("seconds", "300")];
    let mut waiting: FuturesUnordered<_> =
        (0..17).map(|_| act(&daemon, server.id, "listen", &form)).collect();
    let first = tokio::time::timeout(PATIENCE, waiting.next()).await.unwrap().unwrap();
    assert_eq!(refused(first).1, RefusalCode::Busy, "all places are taken");
    drop(waiting);
    let repeat = [("word", "moss"), ("times", "3")];
    let begun = async {
        loop {
            tokio::select! {
                outcome = act(&daemon, server.id, "repeat", &repeat) => assert_eq!(refused(outcome).1, RefusalCode::Busy),
                _ = daemon.line(server.id, "[ann] moss 1") => return,
            }
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect("the places stay taken");
    // All places at once, as soon as the node has noticed who hung up.
    let free = async {
        loop {
            let all = (0..16).map(|_| act(&daemon, server.id, "refuse", &[]));
            let outcomes = futures_util::future::join_all(all).await;
            let codes: Vec<_> = outcomes.into_iter().map(|outcome| refused(outcome).1).collect();
            if codes.iter().all(|code| *code == RefusalCode::PluginRefused) {
                return;
            }
            let known = |code: &RefusalCode| [RefusalCode::PluginRefused, RefusalCode::Busy].contains(code);
            assert!(codes.iter().all(known), "{codes:?}");
        }
    };
    tokio::time::timeout(PATIENCE, free).await.expect("the place is given back");
    assert!(!said(&daemon, server.id).await.contains(&"[ann] moss 2".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_ends_what_is_done_and_nothing_comes_back() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Stopped).await;
    let form = [("seconds", "300")];
    let delete = daemon.next(&server, Desired::Deleted, Kind::Delete);
    let deleting = async {
        // The first message is given before anything waits.
        daemon.put(&delete).await.unwrap();
        daemon.ended(id_of(&delete)).await
    };
    let (outcome, report) = tokio::join!(act(&daemon, server.id, "later", &form), deleting);
    assert!(matches!(refused(outcome), (409, _, _)));
    assert_eq!(report.state, OperationState::Succeeded);
    assert!(!daemon.data().join(format!("servers/{}", server.id)).exists());
    for action in ["later", "rules"] {
        let (status, ..) = refused(act(&daemon, server.id, action, &[("seconds", "0")]).await);
        assert_eq!(status, 409);
    }
    assert!(!daemon.data().join(format!("servers/{}", server.id)).exists(), "it came back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_one_state_ends_with_it_and_an_installation_excludes_all() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Stopped).await;
    let form = [("seconds", "300")];
    let start = daemon.next(&server, Desired::Running, Kind::Start);
    let starting = async { daemon.put(&start).await.unwrap() };
    let later = act_in(&daemon, server.id, "later", &form, Availability::Stopped);
    let (outcome, _) = tokio::join!(later, starting);
    assert_eq!(refused(outcome).0, 409);
    daemon.until(server.id, Observed::Running).await;
    assert!(!daemon.file(server.id, "house.ini").exists());
    let outcome = act_in(&daemon, server.id, "open", &[("open", "false")], Availability::Stopped).await;
    assert_eq!(refused(outcome), (409, RefusalCode::Busy, "The server is not stopped.".to_owned()));

    let again = daemon.next(&server, Desired::Stopped, Kind::Reinstall);
    let reinstalling = async { daemon.put(&again).await.unwrap() };
    let (outcome, _) = tokio::join!(act(&daemon, server.id, "later", &form), reinstalling);
    assert_eq!(refused(outcome).0, 409);
    assert_eq!(daemon.ended(id_of(&again)).await.state, OperationState::Succeeded);
    assert!(!daemon.file(server.id, "house.ini").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn so_much_waits_for_one_game_and_no_more() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Running).await;
    let form = [("word", "moss"), ("seconds", "300")];
    let all = (0..17).map(|_| act(&daemon, server.id, "listen", &form));
    let mut codes = vec![];
    let waiting = futures_util::future::join_all(all.map(|one| async {
        let outcome = one.await;
        if matches!(&outcome, Err((_, refusal)) if refusal.code == RefusalCode::Busy) {
            // The others have their places, until their game ends.
            daemon.command(server.id, "crash 1").await;
        }
        outcome
    }));
    for outcome in tokio::time::timeout(PATIENCE, waiting).await.unwrap() {
        codes.push(outcome.map_err(|(status, refusal)| (status.as_u16(), refusal.code)));
    }
    assert_eq!(codes.iter().filter(|one| **one == Err((409, RefusalCode::Busy))).count(), 1, "{codes:?}");
    let ended = Err((409, RefusalCode::NotRunning));
    assert_eq!(codes.iter().filter(|one| **one == ended).count(), 16, "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn players_are_told_and_a_stop_says_farewell() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Running).await;
    let told = BroadcastRequest { text: "dinner".to_owned(), actor: "ann".to_owned() };
    let path = format!("/v1/servers/{}/broadcast", server.id);
    let report: ActionReport = daemon.json(Method::POST, &path, &told).await;
    assert_eq!(report, ActionReport::default());
    daemon.line(server.id, "[ann] tell dinner").await;

    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    assert_eq!(daemon.ended(id_of(&stop)).await.state, OperationState::Succeeded);
    let said = said(&daemon, server.id).await;
    assert!(said.contains(&"[gantry] farewell from A test".to_owned()), "{said:?}");
}

/// What a tenant puts where its plugin reads and writes: links of every sort that lead outside.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_follows_no_link_out_of_its_servers_directory() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Stopped).await;
    let outside = tempfile::tempdir().unwrap();
    let (secret, target) = (outside.path().join("secret.txt"), outside.path().join("target.txt"));
    fs::write(&secret, "hunter2").unwrap();
    fs::write(&target, "untouched").unwrap();
    let link = |name: &str, to: &std::path::Path| {
        let path = daemon.file(server.id, name);
        fs::remove_file(&path).ok();
        std::os::unix::fs::symlink(to, path).unwrap();
    };
    link("times.txt", &target);
    // Whether it takes the link's place or is refused: what the link leads to stays as it is.
    drop(act(&daemon, server.id, "rules", &[]).await);
    assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
    link("rules.txt", &secret);
    refused(act(&daemon, server.id, "rules", &[]).await);
    let up = std::path::PathBuf::from("../".repeat(20)).join(secret.strip_prefix("/").unwrap());
    link("rules.txt", &up);
    refused(act(&daemon, server.id, "rules", &[]).await);
    link("rules.txt", std::path::Path::new("/proc/self/environ"));
    refused(act(&daemon, server.id, "rules", &[]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_plugin_fares_is_told_by_its_node() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Stopped).await;
    act(&daemon, server.id, "rules", &[]).await.unwrap();
    let (status, _, _) = refused(act(&daemon, server.id, "refuse", &[]).await);
    assert_eq!(status, 422);
    let conduct: Vec<PluginConduct> = daemon.json(Method::GET, "/v1/conduct", &()).await;
    let [chores] = conduct.as_slice() else { panic!("{conduct:?}") };
    let digest = &server.blueprint.digest;
    assert_eq!((&chores.digest, chores.figures.declined), (digest, 1));
    // The plan of the installation and two actions; the one kept and wrote.
    assert!(chores.figures.calls >= 3 && chores.figures.host_calls >= 4, "{chores:?}");
    assert!(chores.holds.is_empty());
    let log = format!("/v1/plugins/{digest}/log?server={}", server.id);
    let lines: Vec<PluginLine> = daemon.json(Method::GET, &log, &()).await;
    assert!(lines.is_empty(), "it writes none: {lines:?}");
    let (status, _) =
        daemon.send(Method::POST, &format!("/v1/plugins/{digest}/lift"), axum::body::Bytes::new()).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stopped_a_plugin_yesterday_is_there_after_a_restart_and_goes_with_its_server() {
    let mut daemon = unhurried().await;
    let (house, other) =
        (house(&mut daemon, Desired::Stopped).await, house(&mut daemon, Desired::Stopped).await);
    for server in [&house, &other] {
        // No message may say this.
        fs::write(daemon.file(server.id, "rules.txt"), "Be \u{7}kind.").unwrap();
        assert_eq!(refused(act(&daemon, server.id, "rules", &[]).await).1, RefusalCode::PluginFailed);
    }
    let log = format!("/v1/plugins/{}/log", house.blueprint.digest);
    let before: Vec<PluginLine> = daemon.json(Method::GET, &log, &()).await;
    assert_eq!(before.len(), 2, "{before:?}");
    let mut daemon = daemon.restart().await;
    let again: Vec<PluginLine> = daemon.json(Method::GET, &log, &()).await;
    assert_eq!(again, before);
    let kept = |server: &DesiredServer| daemon.data().join(format!("servers/{}/plugin.log", server.id));
    let text = fs::read_to_string(kept(&house)).unwrap();
    assert!(text.lines().count() == 1 && text.contains(&house.blueprint.digest), "{text}");
    // What is added stands behind what was there.
    fs::write(kept(&other), format!("torn\n{}", fs::read_to_string(kept(&other)).unwrap())).unwrap();
    refused(act(&daemon, other.id, "rules", &[]).await);
    let delete = daemon.next(&house, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    let daemon = daemon.restart().await;
    let after: Vec<PluginLine> = daemon.json(Method::GET, &log, &()).await;
    let servers: Vec<_> = after.iter().map(|line| line.server_id.clone().unwrap()).collect();
    assert_eq!(servers, [other.id.to_string(), other.id.to_string()]);
    assert!(!daemon.data().join(format!("servers/{}", house.id)).exists());
}
