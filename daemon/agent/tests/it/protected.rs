//! What only the game and its plugin write, at each door that the control plane opens for people.

use crate::{
    actions::{act, house},
    daemon::{Daemon, id_of},
    install::write,
};
use axum::http::{Method, StatusCode};
use gantry_protocol::{
    DesiredServer, FileChange, FileDeletion, FileDeletionOutcome, FileListing, FormChange, FormReport,
    FormRequest, Refusal, RefusalCode,
};
use gantry_types::{
    operation::{OperationKind, OperationState},
    page::PlaceAnswer,
    plan::{ConfigFormat, Notation},
    server::{Desired, Observed},
};
use std::fs;

const SECRET: &str = "config/secret.conf";

/// A server whose plan wrote what its blueprint protects.
async fn guarded(daemon: &mut Daemon) -> DesiredServer {
    let mut server = daemon.server(Desired::Stopped, OperationKind::Install);
    server.blueprint.protected_files = vec![SECRET.to_owned(), "logs/**".to_owned()];
    daemon.plan(&server, vec![write(SECRET, "key = 1\n"), write("logs/first", ""), write("mine", "")]).await;
    daemon.put(&server).await.unwrap();
    assert_eq!(
        daemon.ended(id_of(&server)).await.state,
        OperationState::Succeeded,
        "plans are not bound by it"
    );
    daemon.until(server.id, Observed::Offline).await;
    server
}

fn address(server: &DesiredServer, rest: &str) -> String {
    format!("/v1/servers/{}{rest}", server.id)
}

async fn refused(daemon: &Daemon, method: Method, path: &str, body: Vec<u8>) -> Refusal {
    let (status, answer) = daemon.send(method, path, body.into()).await;
    let said = String::from_utf8_lossy(&answer).into_owned();
    assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {said}");
    let refusal: Refusal = serde_json::from_slice(&answer).unwrap();
    assert_eq!(refusal.code, RefusalCode::FileProtected, "{said}");
    refusal
}

fn form(change: Option<FormChange>) -> FormRequest {
    FormRequest { path: SECRET.to_owned(), format: ConfigFormat::Ini, places: vec!["key".to_owned()], change }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_what_is_protected_and_each_change_is_refused_with_the_reason() {
    let mut daemon = Daemon::start().await;
    let server = guarded(&mut daemon).await;
    for path in [SECRET, "./config//secret.conf", "logs/new"] {
        let path = address(&server, &format!("/files/content?path={path}&expected=*"));
        refused(&daemon, Method::PUT, &path, b"forged".to_vec()).await;
    }
    let named = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let rename = |(from, to)| FileChange::Rename { from, to, replace: true };
    let copy = |(from, to)| FileChange::Copy { from, to };
    for change in [
        FileChange::MakeDirectory { path: "logs/made".to_owned() },
        rename(named(SECRET, "stolen")),
        rename(named("mine", SECRET)),
        rename(named("config", "elsewhere")),
        copy(named("mine", "logs/second")),
    ] {
        let body = serde_json::to_vec(&change).unwrap();
        let refusal = refused(&daemon, Method::POST, &address(&server, "/files"), body).await;
        assert!(refusal.message.contains("only the game and its plugin write"), "{}", refusal.message);
    }
    let paths = ["config", "mine", "logs/first"].map(str::to_owned).to_vec();
    let outcome: FileDeletionOutcome =
        daemon.json(Method::POST, &address(&server, "/files/delete"), &FileDeletion { paths }).await;
    let failed: Vec<_> = outcome.failed.iter().map(|one| (one.at, one.refusal.code)).collect();
    assert_eq!(failed, [(0, RefusalCode::FileProtected), (2, RefusalCode::FileProtected)]);
    let why = &outcome.failed[0].refusal.message;
    assert!(why.starts_with("config holds config/secret.conf"), "{why}");
    assert!(!daemon.file(server.id, "mine").exists(), "one keeps nothing else from going");

    let listing: FileListing = daemon.json(Method::GET, &address(&server, "/files?path=config"), &()).await;
    assert!(listing.entries[0].protected);
    let listing: FileListing = daemon.json(Method::GET, &address(&server, "/files?path="), &()).await;
    assert!(listing.entries.iter().all(|entry| !entry.protected), "folders are theirs");
    let content = address(&server, &format!("/files/content?path={SECRET}"));
    let (status, read) = daemon.send(Method::GET, &content, Vec::new().into()).await;
    assert_eq!((status, &read[..]), (StatusCode::OK, &b"key = 1\n"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_protected_file_is_shown_and_takes_no_answers() {
    let mut daemon = Daemon::start().await;
    let server = guarded(&mut daemon).await;
    let path = address(&server, "/form");
    let report: FormReport = daemon.json(Method::POST, &path, &form(None)).await;
    assert!(report.protected && report.values.len() == 1);
    let answer = PlaceAnswer { at: "key".to_owned(), notation: Notation::LikeThere, value: "2".to_owned() };
    let change = FormChange { version: report.version.unwrap(), answers: vec![answer] };
    let body = serde_json::to_vec(&form(Some(change.clone()))).unwrap();
    refused(&daemon, Method::POST, &path, body).await;
    // What a later release does not protect is theirs from then on.
    let mut next = daemon.next(&server, Desired::Stopped, OperationKind::Stop);
    next.blueprint.protected_files = vec![];
    daemon.put(&next).await.unwrap();
    assert_eq!(daemon.ended(id_of(&next)).await.state, OperationState::Succeeded);
    let report: FormReport = daemon.json(Method::POST, &path, &form(Some(change))).await;
    assert!(!report.protected);
    assert_eq!(fs::read_to_string(daemon.file(server.id, SECRET)).unwrap(), "key = 2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_of_which_everything_is_protected_is_installed_edited_and_runs() {
    let mut daemon = Daemon::start().await;
    let mut server = daemon.server(Desired::Running, OperationKind::Install);
    server.blueprint.protected_files = vec!["**".to_owned()];
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    let listing: FileListing = daemon.json(Method::GET, &address(&server, "/files?path="), &()).await;
    assert!(!listing.entries.is_empty() && listing.entries.iter().all(|entry| entry.protected));
    let path = address(&server, "/files/content?path=mine");
    refused(&daemon, Method::PUT, &path, b"mine".to_vec()).await;
    // The globs are in the ledger with everything else.
    let daemon = daemon.restart().await;
    refused(&daemon, Method::PUT, &path, b"mine".to_vec()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_writes_its_files_beside_people_who_may_not() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Stopped).await;
    let mut next = daemon.next(&server, Desired::Stopped, OperationKind::Stop);
    next.blueprint.protected_files = vec!["*.txt".to_owned()];
    daemon.put(&next).await.unwrap();
    assert_eq!(daemon.ended(id_of(&next)).await.state, OperationState::Succeeded);
    let ledger = address(&server, "/files/content?path=times.txt&expected=*");
    refused(&daemon, Method::PUT, &ledger, b"7".to_vec()).await;
    let said = act(&daemon, server.id, "rules", &[]).await.unwrap();
    assert_eq!(said.last().map(String::as_str), Some("Read 1 times."));
    assert_eq!(fs::read_to_string(daemon.file(server.id, "times.txt")).unwrap(), "1\n");
}
