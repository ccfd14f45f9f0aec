//! What people do with a server.

use crate::daemon::{Daemon, digest, id_of};
use axum::http::{Method, StatusCode};
use futures_util::StreamExt;
use gantry_protocol::{Event, RefusalCode, SampleEnvelope};
use gantry_runtime::{Runtime, simulated::Moment};
use gantry_types::{
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Hold, Observed},
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_installed_started_stopped_and_deleted() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Succeeded);
    let written = daemon.dir.path().join(format!("servers/{}/data/minetest.conf", server.id));
    let configuration = std::fs::read_to_string(written).unwrap();
    assert!(configuration.contains("max_users = 8"), "{configuration}");

    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    assert_eq!(daemon.ended(id_of(&stop)).await.state, OperationState::Succeeded);
    assert!(daemon.runtime.list().await.unwrap().is_empty());

    let delete = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    assert!(!daemon.dir.path().join(format!("servers/{}", server.id)).exists());
    assert_eq!(daemon.servers().await[0].observed.state, Observed::Deleted);
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let held = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let of_it = format!("servers/{}", server.id);
    assert_eq!(held.filter(|path| path.to_string_lossy().contains(&of_it)).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_takes_its_servers_along_stops_them_by_plan_and_the_next_one_starts_them() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    daemon.node.stop_servers().await;
    assert!(daemon.runtime.list().await.unwrap().is_empty(), "nothing runs when it answers");
    // What people asked for meanwhile waits.
    let again = daemon.next(&server, Desired::Running, Kind::Start);
    daemon.put(&again).await.unwrap();
    assert_eq!(daemon.ended(id_of(&again)).await.failure.unwrap().code, "server_held");
    let observed = daemon.servers().await.remove(0).observed;
    assert_eq!(observed.state, Observed::Offline, "{observed:?}");
    let lines = daemon.page(server.id, "?after=0&limit=2000").await.lines;
    assert!(!lines.iter().any(|line| line.text.contains("killed")), "{lines:?}");

    let daemon = daemon.restart().await;
    daemon.until(server.id, Observed::Running).await;
    assert_eq!(daemon.runtime.list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_tells_its_steps_and_how_far_it_is() {
    let mut daemon = Daemon::slow(|moment| match moment {
        Moment::ImageStep => Duration::from_millis(700),
        _ => Duration::ZERO,
    })
    .await;
    let server = daemon.server(Desired::Stopped, Kind::Install);
    daemon.put(&server).await.unwrap();
    let report = daemon.ended(id_of(&server)).await;
    let last = report.progress.unwrap();
    assert_eq!((last.fraction, last.step_index, last.step_count), (1.0, 2, 2));
    let during = daemon
        .event(|envelope| match &envelope.event {
            Event::Operation { operation } if operation.state == OperationState::Running => {
                operation.progress.clone()
            }
            _ => None,
        })
        .await;
    assert!(during.fraction < 1.0 && during.step.contains("image"), "{during:?}");
    let shown = daemon.line(server.id, "Step 3/3").await;
    assert_eq!(shown.source, gantry_protocol::ConsoleSource::Install);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_none_fails_the_installation_and_says_why() {
    let mut daemon = Daemon::start().await;
    let bytes = b"this is no component".to_vec();
    let name = digest(&bytes);
    let (status, _) = daemon.send(Method::PUT, &format!("/v1/plugins/{name}"), bytes.into()).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.blueprint.digest = name;
    daemon.put(&server).await.unwrap();
    let report = daemon.ended(id_of(&server)).await;
    let failure = report.failure.unwrap();
    assert_eq!((report.state, failure.code.as_str()), (OperationState::Failed, "plugin_rejected"));
    assert_eq!(failure.step.as_deref(), Some("Plan the installation"));
    assert_eq!(daemon.servers().await[0].observed.state, Observed::Uninstalled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_the_plugin_refuses_fails_with_its_words_and_is_retried_later() {
    let mut daemon = Daemon::start().await;
    let mut server = daemon.server(Desired::Stopped, Kind::Install);
    server.endpoints.clear();
    daemon.put(&server).await.unwrap();
    daemon.ended(id_of(&server)).await;
    let start = daemon.next(&server, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    let report = daemon.ended(id_of(&start)).await;
    assert_eq!(report.state, OperationState::Failed);
    daemon.until(server.id, Observed::Crashed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_plugin_is_another_release_says_so_where_people_look() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let mut moved = daemon.next(&server, Desired::Running, Kind::Restart);
    moved.blueprint.plugin = "luanti 0.0.9".to_owned();
    daemon.put(&moved).await.unwrap();
    daemon.ended(id_of(&moved)).await;
    let lines = daemon.page(server.id, "?limit=2000").await.lines;
    let told: Vec<_> = lines.iter().filter(|line| line.text.contains("now run by")).collect();
    assert_eq!(told.len(), 1, "{lines:?}");
    assert_eq!(told[0].text, "The server is now run by luanti 0.0.9; it was luanti 0.1.0.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_counted_explained_and_followed_by_a_new_start() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    assert_eq!(daemon.command(server.id, "crash").await, StatusCode::NO_CONTENT);
    let crashed = daemon
        .event(|envelope| match &envelope.event {
            Event::Observed { observed } if observed.state == Observed::Crashed => Some(observed.clone()),
            _ => None,
        })
        .await;
    assert_eq!(crashed.crashes, 1);
    assert!(crashed.reason.unwrap().ends_with("exit code 1; restarting in 10 s"));
    let mut after_crash = false;
    daemon
        .event(|envelope| match &envelope.event {
            Event::Observed { observed } => {
                after_crash |= observed.state == Observed::Crashed;
                (after_crash && observed.state == Observed::Running).then_some(())
            }
            _ => None,
        })
        .await;
    assert_eq!(daemon.runtime.list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_server_is_stopped_and_refuses_to_start() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let mut held = daemon.next(&server, Desired::Running, Kind::Start);
    held.holds = vec![Hold { by: "administrator".to_owned(), reason: "not paid".to_owned() }];
    daemon.put(&held).await.unwrap();
    let failure = daemon.ended(id_of(&held)).await.failure.unwrap();
    assert_eq!(failure.code, "server_held");
    daemon.until(server.id, Observed::Offline).await;
    assert!(daemon.runtime.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_during_a_slow_stop_ends_the_process_at_once() {
    let mut daemon = Daemon::slow(|moment| match moment {
        Moment::Stop => Duration::from_secs(3_600),
        _ => Duration::ZERO,
    })
    .await;
    let server = daemon.running().await;
    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    let kill = daemon.next(&server, Desired::Stopped, Kind::Kill);
    daemon.put(&kill).await.unwrap();
    assert_eq!(daemon.ended(id_of(&stop)).await.state, OperationState::Cancelled);
    assert_eq!(daemon.ended(id_of(&kill)).await.state, OperationState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_during_a_start_leaves_no_container() {
    let mut daemon = Daemon::slow(|moment| match moment {
        Moment::Start => Duration::from_secs(3_600),
        _ => Duration::ZERO,
    })
    .await;
    let server = daemon.server(Desired::Running, Kind::Install);
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Starting).await;
    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    assert_eq!(daemon.ended(id_of(&stop)).await.state, OperationState::Succeeded);
    assert!(daemon.runtime.list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_has_another_container_and_a_reinstallation_comes_back_up() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let first = daemon.runtime.list().await.unwrap().remove(0).id;
    let restart = daemon.next(&server, Desired::Running, Kind::Restart);
    daemon.put(&restart).await.unwrap();
    assert_eq!(daemon.ended(id_of(&restart)).await.state, OperationState::Succeeded);
    let second = daemon.runtime.list().await.unwrap().remove(0).id;
    assert_ne!(first, second);
    let reinstall = daemon.next(&server, Desired::Running, Kind::Reinstall);
    daemon.put(&reinstall).await.unwrap();
    assert_eq!(daemon.ended(id_of(&reinstall)).await.state, OperationState::Succeeded);
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_measured() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let mut samples = daemon.stream::<SampleEnvelope>("/v1/samples").await;
    let sample = tokio::time::timeout(crate::daemon::PATIENCE, samples.next()).await.unwrap().unwrap();
    assert_eq!(sample.server_id, server.id);
    assert!(sample.sample.statistics.unwrap().memory_bytes > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_component_and_a_stale_generation_are_refused() {
    let mut daemon = Daemon::start().await;
    let mut unknown = daemon.server(Desired::Running, Kind::Install);
    unknown.blueprint.digest = digest(b"not here");
    let (status, refusal) = daemon.put(&unknown).await.unwrap_err();
    assert_eq!((status, refusal.code), (StatusCode::CONFLICT, RefusalCode::MissingPlugin));
    let old = daemon.server(Desired::Stopped, Kind::Install);
    let newer = daemon.next(&old, Desired::Stopped, Kind::Install);
    daemon.put(&newer).await.unwrap();
    let (status, refusal) = daemon.put(&old).await.unwrap_err();
    assert_eq!((status, refusal.code), (StatusCode::CONFLICT, RefusalCode::StaleGeneration));
}
