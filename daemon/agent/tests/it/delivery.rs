//! At least once up, effect once down.

use crate::daemon::{Daemon, id_of};
use axum::http::{Method, StatusCode};
use chrono::Utc;
use futures_util::StreamExt;
use gantry_agent::ledger::{Change, Ledger};
use gantry_protocol::{DesiredServer, Event, EventEnvelope};
use gantry_types::{
    ServerId,
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed, ObservedState},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_five_times_has_one_effect_even_with_higher_generations() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let mut restart = daemon.next(&server, Desired::Running, Kind::Restart);
    for _ in 0..3 {
        daemon.put(&restart).await.unwrap();
    }
    daemon.ended(id_of(&restart)).await;
    let mut daemon = daemon.restart().await;
    for _ in 0..2 {
        let next = daemon.next(&server, Desired::Running, Kind::Restart);
        restart.generation = next.generation;
        daemon.put(&restart).await.unwrap();
    }
    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    let mut starts = 0;
    daemon
        .event(|envelope| match &envelope.event {
            Event::Observed { observed } => {
                starts += u32::from(observed.state == Observed::Running);
                None
            }
            Event::Operation { operation } => {
                (operation.id == id_of(&stop) && operation.state.is_terminal()).then_some(())
            }
            Event::Console { .. }
            | Event::Present { .. }
            | Event::Game { .. }
            | Event::PluginFault { .. }
            | Event::Sftp { .. }
            | Event::Schedule { .. }
            | Event::Backup { .. }
            | Event::Drain { .. }
            | Event::Decided { .. } => None,
        })
        .await;
    assert_eq!(starts, 2, "once installed, once restarted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_judged_by_the_clock_that_made_it() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let judged = |wrong: chrono::TimeDelta, late: chrono::TimeDelta, mut wish: DesiredServer| {
        if let Some(operation) = &mut wish.operation {
            let sent = chrono::Utc::now() - wrong;
            (operation.sent_at, operation.deadline) = (Some(sent), sent - late);
        }
        wish
    };
    let second = chrono::TimeDelta::seconds(1);
    for wrong in [chrono::TimeDelta::days(1), chrono::TimeDelta::days(-1)] {
        let wish = daemon.next(&server, Desired::Running, Kind::Restart);
        let wish = judged(wrong, second, wish);
        daemon.put(&wish).await.unwrap();
        assert_eq!(daemon.ended(id_of(&wish)).await.state, OperationState::Failed);
        let wish = daemon.next(&server, Desired::Running, Kind::Restart);
        let wish = judged(wrong, -second * 60, wish);
        daemon.put(&wish).await.unwrap();
        assert_eq!(daemon.ended(id_of(&wish)).await.state, OperationState::Succeeded);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_after_its_deadline_has_no_effect() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let mut kill = daemon.next(&server, Desired::Running, Kind::Kill);
    if let Some(operation) = &mut kill.operation {
        operation.deadline = chrono::Utc::now() - chrono::TimeDelta::seconds(1);
    }
    daemon.put(&kill).await.unwrap();
    let report = daemon.ended(id_of(&kill)).await;
    assert_eq!(
        (report.state, report.failure.unwrap().code.as_str()),
        (OperationState::Failed, "deadline_exceeded")
    );
    assert_eq!(daemon.servers().await[0].observed.state, Observed::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_repeated_until_they_are_acknowledged_and_their_numbers_go_on() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let first = first_event(&daemon).await;
    assert_eq!(first.seq, 1);
    let daemon = daemon.restart().await;
    assert_eq!(first_event(&daemon).await, first);
    let through = 3;
    let body = format!("{{\"through\":{through}}}");
    let (status, _) = daemon.send(Method::POST, "/v1/events/acknowledge", body.into()).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(first_event(&daemon).await.seq, through + 1);
    assert_eq!(first.server_id, server.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_sent_cannot_be_acknowledged() {
    let daemon = Daemon::start().await;
    let (status, _) = daemon.send(Method::POST, "/v1/events/acknowledge", "{\"through\":99}".into()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_under_a_foreign_digest_are_refused() {
    let daemon = Daemon::start().await;
    let path = format!("/v1/plugins/{}", "0".repeat(64));
    let (status, body) = daemon.send(Method::PUT, &path, "something".into()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&body).contains("digest_mismatch"));
    let (status, _) = daemon.send(Method::PUT, "/v1/plugins/..%2f..%2fx", "something".into()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_readable() {
    let daemon = Daemon::start().await;
    let unknown = uuid::Uuid::now_v7();
    for (method, path, body, wanted) in [
        (Method::GET, "/v1/nothing".to_owned(), "", StatusCode::NOT_FOUND),
        (Method::GET, "/v1/servers/x/console".to_owned(), "", StatusCode::BAD_REQUEST),
        (Method::GET, format!("/v1/servers/{unknown}/console"), "", StatusCode::NOT_FOUND),
        (Method::DELETE, "/v1/servers".to_owned(), "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, format!("/v1/servers/{unknown}"), "{", StatusCode::BAD_REQUEST),
    ] {
        let (status, bytes) = daemon.send(method, &path, body.into()).await;
        assert_eq!(status, wanted, "{path}");
        serde_json::from_slice::<gantry_protocol::Refusal>(&bytes).unwrap();
    }
    let huge = vec![b' '; 3 << 20];
    let (status, _) = daemon.send(Method::PUT, &format!("/v1/servers/{unknown}"), huge.into()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

async fn first_event(daemon: &Daemon) -> EventEnvelope {
    let mut events = daemon.stream::<EventEnvelope>("/v1/events").await;
    tokio::time::timeout(crate::daemon::PATIENCE, events.next()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_servers_that_change_at_the_same_time_get_different_numbers() {
    const SERVERS: usize = 16;
    const EACH: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let key = gantry_seal::SecretKey::generate().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.redb"), &key, Utc::now()).unwrap();
    let mut writing = tokio::task::JoinSet::new();
    for _ in 0..SERVERS {
        let ledger = ledger.clone();
        writing.spawn(async move {
            let server = ServerId::new(uuid::Uuid::now_v7());
            for _ in 0..EACH {
                let observed = ObservedState {
                    state: Observed::Offline,
                    since: Utc::now(),
                    reason: None,
                    crashes: 0,
                    started_at: None,
                    generation: None,
                };
                let change = Change { events: vec![Event::Observed { observed }], ..Change::default() };
                ledger.commit(server, Utc::now(), change).await.unwrap();
            }
        });
    }
    writing.join_all().await;
    assert_eq!(ledger.events_after(0, 2 * SERVERS * EACH).await.unwrap().len(), SERVERS * EACH);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_plugins_keep_waits_in_a_line_of_its_own_and_not_before_everything_else() {
    const WAITING: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let key = gantry_seal::SecretKey::generate().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.redb"), &key, Utc::now()).unwrap();
    let (server, done) = (ServerId::new(uuid::Uuid::now_v7()), Arc::new(AtomicUsize::new(0)));
    let mut keeping = tokio::task::JoinSet::new();
    for number in 0..WAITING {
        let (ledger, done) = (ledger.clone(), Arc::clone(&done));
        keeping.spawn(async move {
            ledger.keep(server, "greedy", &number.to_string(), vec![7; 64], u64::MAX).await.unwrap();
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    // Once one is through, all of them are there.
    while done.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let before = done.load(Ordering::SeqCst);
    ledger.commit(server, Utc::now(), Change::default()).await.unwrap();
    let meanwhile = done.load(Ordering::SeqCst) - before;
    assert!(meanwhile < WAITING / 4, "{meanwhile} went before it");
    keeping.join_all().await;
    assert_eq!(ledger.kept_keys(server, "greedy", "").await.unwrap().len(), WAITING);
}
