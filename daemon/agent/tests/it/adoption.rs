//! A daemon that ends and comes back.

use crate::daemon::{Daemon, id_of};
use axum::http::StatusCode;
use gantry_protocol::ConsoleSource;
use gantry_runtime::{Runtime, simulated::Moment};
use gantry_types::{
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed},
};
use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_adopted_and_its_console_has_no_gap() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    daemon.command(server.id, "before").await;
    daemon.line(server.id, "before").await;
    let container = daemon.runtime.list().await.unwrap().remove(0).id;
    let before = daemon.page(server.id, "?after=0&limit=2000").await;

    let daemon = daemon.restart().await;
    assert_eq!(daemon.servers().await[0].observed.state, Observed::Running);
    assert_eq!(daemon.runtime.list().await.unwrap().remove(0).id, container);
    assert_eq!(daemon.command(server.id, "flood 20").await, StatusCode::NO_CONTENT);
    daemon.line(server.id, "flood 19").await;

    let after = daemon.page(server.id, "?after=0&limit=2000").await;
    assert_eq!(after.lines[..before.lines.len()], before.lines[..]);
    let numbers: Vec<_> = after.lines.iter().map(|line| line.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let banners =
        after.lines.iter().filter(|line| line.source == ConsoleSource::Game && line.text == "Loading world");
    assert_eq!(banners.count(), 1, "nothing is read twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_vanished_meanwhile_is_made_again() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    daemon.node.stop().await;
    daemon.runtime.remove_server(server.id).await.unwrap();
    let daemon = daemon.restart().await;
    daemon.line(server.id, "gone when the daemon came up").await;
    daemon.until(server.id, Observed::Running).await;
    assert_eq!(daemon.runtime.list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_that_was_cut_goes_on_and_succeeds() {
    let cut = Arc::new(AtomicBool::new(false));
    let slow = Arc::clone(&cut);
    let mut daemon = Daemon::slow(move |moment| match moment {
        Moment::ImageStep if !slow.load(Ordering::SeqCst) => Duration::from_secs(3_600),
        _ => Duration::ZERO,
    })
    .await;
    let server = daemon.server(Desired::Running, Kind::Install);
    daemon.put(&server).await.unwrap();
    daemon.line(server.id, "Step 1 of 2").await;
    cut.store(true, Ordering::SeqCst);
    let daemon = daemon.restart().await;
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Succeeded);
    daemon.line(server.id, "goes on where it was").await;
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_server_stays_deleted() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let delete = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    daemon.ended(id_of(&delete)).await;
    let mut daemon = daemon.restart().await;
    assert_eq!(daemon.put(&server).await.unwrap_err().0, StatusCode::CONFLICT);
    let again = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&again).await.unwrap();
    assert_eq!(daemon.ended(id_of(&again)).await.state, OperationState::Succeeded);
    assert!(!daemon.dir.path().join(format!("servers/{}", server.id)).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_of_an_unknown_server_is_left_alone() {
    let mut daemon = Daemon::start().await;
    daemon.running().await;
    // An empty data directory, as after a lost disk, on the same engine.
    let lost = Daemon::start().await.restart_with(daemon.runtime.clone()).await;
    assert!(lost.servers().await.is_empty());
    assert_eq!(daemon.runtime.list().await.unwrap().len(), 1);
}
