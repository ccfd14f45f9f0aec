//! Drains: players are told and have their time, what runs stops and stays down, and all of it outlives the daemon.

use crate::{
    actions::{house, said, unhurried},
    backups::{ENDLESS, fresh},
    daemon::{Daemon, PATIENCE, id_of},
};
use axum::http::{Method, StatusCode};
use chrono::{TimeDelta, Utc};
use gantry_lifecycle::GIVE_UP_AFTER;
use gantry_protocol::{DesiredNode, DesiredServer, Event, NodeReport, Refusal, RefusalCode};
use gantry_runtime::{Phase, simulated::Moment};
use gantry_types::{
    DrainId, ServerId,
    backup::{BackupCause, BackupState, Quiesce},
    drain::{Drain, MAX_WAIT, ServerDrain, ServerDrainState},
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed},
};
use std::{
    fs::{self, File},
    time::Duration,
};
use tokio::net::UdpSocket;
use uuid::Uuid;

fn drain(seconds: i64, message: &str) -> Drain {
    let now = Utc::now();
    Drain {
        id: DrainId::new(Uuid::now_v7()),
        message: message.to_owned(),
        deadline: now + TimeDelta::seconds(seconds),
        backup: false,
        by: "Ada".to_owned(),
        began_at: now,
    }
}

impl Daemon {
    async fn want(&self, drain: Option<&Drain>) -> Result<(), Refusal> {
        let wanted = DesiredNode { drain: drain.cloned(), sent_at: Utc::now() };
        let body = serde_json::to_vec(&wanted).unwrap().into();
        let (status, bytes) = self.send(Method::PUT, "/v1/node/desired", body).await;
        if status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        Err(serde_json::from_slice(&bytes).unwrap())
    }

    async fn drained(&self, server: ServerId, state: ServerDrainState) -> ServerDrain {
        self.event(|envelope| match &envelope.event {
            Event::Drain { drain } if envelope.server_id == server && drain.state == state => {
                Some(drain.clone())
            }
            _ => None,
        })
        .await
    }

    async fn report(&self) -> NodeReport {
        self.json(Method::GET, "/v1/node", &()).await
    }

    async fn observed(&self, server: ServerId) -> Observed {
        self.servers().await.into_iter().find(|one| one.id == server).unwrap().observed.state
    }

    /// A server whose game says who plays, and answers its collector.
    async fn played(&mut self, collect_every: u32) -> DesiredServer {
        let game = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = game.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut packet = [0; 64];
            while let Ok((_, from)) = game.recv_from(&mut packet).await {
                let peer = [0x4f, 0x45, 0x74, 0x03, 0x00, 0x01, 0x00, 0x03, 0xff, 0xdc, 0, 1, 0, 2];
                game.send_to(&peer, from).await.unwrap();
            }
        });
        let mut server = self.server(Desired::Running, Kind::Install);
        server.endpoints[0].port = port;
        server.blueprint.collect_every_ms = Some(collect_every);
        self.put(&server).await.unwrap();
        self.until(server.id, Observed::Running).await;
        server
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn players_have_their_time_and_the_server_is_saved_stopped_and_backed_up() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let wanted = Drain { backup: true, ..drain(100, "Down in {time}.") };
    daemon.want(Some(&wanted)).await.unwrap();
    assert_eq!(daemon.report().await.drain, Some(wanted.id));
    daemon.drained(server.id, ServerDrainState::Waiting).await;
    let done = daemon.drained(server.id, ServerDrainState::Drained).await;
    assert_eq!(done.trouble, Vec::<String>::new());
    let said = said(&daemon, server.id).await;
    let typed: Vec<_> = said.iter().filter_map(|line| line.strip_prefix("[drain] ")).collect();
    let told =
        ["100 seconds", "1 minute", "30 seconds", "10 seconds"].map(|time| format!("tell Down in {time}."));
    let whole: Vec<_> = told.iter().map(String::as_str).chain(["hush", "go on"]).collect();
    assert_eq!(typed, whole);
    assert!(said.contains(&"[gantry] farewell from A test".to_owned()), "{said:?}");
    assert_eq!(daemon.observed(server.id).await, Observed::Offline);
    let made = daemon
        .event(|envelope| match &envelope.event {
            Event::Backup { backup } if backup.state == BackupState::Ready => Some(backup.clone()),
            _ => None,
        })
        .await;
    assert_eq!(made.cause, BackupCause::Drain { name: "Ada".to_owned() });
    assert_eq!(made.quiesce, Some(Quiesce::Offline));

    // Nothing starts meanwhile, and what people want still counts afterwards.
    let start = daemon.next(&server, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    assert_eq!(daemon.ended(id_of(&start)).await.state, OperationState::Failed);
    assert_eq!(daemon.observed(server.id).await, Observed::Offline);
    daemon.want(None).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    assert_eq!(daemon.report().await.drain, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_stops_as_soon_as_nobody_plays_and_not_before() {
    let mut daemon = Daemon::start().await;
    let server = daemon.played(1_000).await;
    let joins = "2026-01-02 03:04:05: ACTION[Server]: ann [192.0.2.7] joins game. List of players: ann";
    daemon.command(server.id, joins).await;
    daemon.event(|envelope| matches!(&envelope.event, Event::Console { .. }).then_some(())).await;
    daemon.want(Some(&drain(86_400, "Bye in {time}."))).await.unwrap();
    let waiting = daemon
        .event(|envelope| match &envelope.event {
            Event::Drain { drain } if !drain.trouble.is_empty() => Some(drain.clone()),
            _ => None,
        })
        .await;
    let cannot = "Players could not be told: The game's plugin knows no way to.".to_owned();
    assert_eq!((waiting.state, waiting.trouble), (ServerDrainState::Waiting, vec![cannot]));
    let leaves = "2026-01-02 03:04:05: ACTION[Server]: ann leaves game. List of players: ";
    daemon.command(server.id, leaves).await;
    daemon.drained(server.id, ServerDrainState::Drained).await;
    assert_eq!(daemon.observed(server.id).await, Observed::Offline);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_empty_stops_also_where_its_game_is_seldom_asked() {
    let mut daemon = Daemon::start().await;
    let server = daemon.played(30_000).await;
    daemon.want(Some(&drain(86_400, ""))).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Drained).await;
    assert_eq!(daemon.observed(server.id).await, Observed::Offline);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_run_stays_down_and_so_does_what_comes_meanwhile() {
    let mut daemon = Daemon::start().await;
    let idle = daemon.server(Desired::Stopped, Kind::Install);
    daemon.put(&idle).await.unwrap();
    daemon.until(idle.id, Observed::Offline).await;
    daemon.want(Some(&drain(3_600, ""))).await.unwrap();
    let start = daemon.next(&idle, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    assert_eq!(daemon.ended(id_of(&start)).await.state, OperationState::Failed);
    let new = daemon.server(Desired::Running, Kind::Install);
    daemon.put(&new).await.unwrap();
    assert_eq!(daemon.ended(id_of(&new)).await.state, OperationState::Failed);
    assert_eq!(daemon.observed(new.id).await, Observed::Uninstalled);
    assert_eq!(daemon.observed(idle.id).await, Observed::Offline);
    assert!(daemon.containers().await.is_empty());
    daemon.want(None).await.unwrap();
    daemon.until(idle.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_goes_on_with_the_next_daemon_and_can_be_hastened() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    let wanted = drain(86_400, "");
    daemon.want(Some(&wanted)).await.unwrap();
    let daemon = daemon.restart().await;
    assert_eq!(daemon.report().await.drain, Some(wanted.id));
    daemon.until(server.id, Observed::Running).await;
    let sooner = Drain { deadline: Utc::now(), ..wanted.clone() };
    daemon.want(Some(&sooner)).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Drained).await;
    let daemon = daemon.restart().await;
    assert_eq!(daemon.observed(server.id).await, Observed::Offline);
    let known = daemon.servers().await.remove(0).drain.unwrap();
    assert_eq!((known.drain_id, known.state), (wanted.id, ServerDrainState::Drained));
    daemon.want(None).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_restarts_in_the_middle_of_a_drain_starts_nothing() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let wanted = Drain { backup: true, ..drain(86_400, "") };
    daemon.want(Some(&wanted)).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Waiting).await;
    let daemon = daemon.reboot().await;
    daemon.drained(server.id, ServerDrainState::Drained).await;
    assert_eq!(daemon.observed(server.id).await, Observed::Offline);
    let path = format!("/v1/servers/{}/backups", server.id);
    let made: Vec<gantry_types::backup::Backup> = daemon.json(Method::GET, &path, &()).await;
    assert_eq!(made.len(), 1, "it ran when the drain began");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crashes_while_players_have_their_time_is_not_started_again() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    daemon.want(Some(&drain(86_400, ""))).await.unwrap();
    daemon.command(server.id, "crash 1").await;
    daemon.drained(server.id, ServerDrainState::Drained).await;
    assert!(matches!(daemon.observed(server.id).await, Observed::Offline | Observed::Crashed));
    assert!(daemon.containers().await.is_empty());
    daemon.want(None).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_that_ends_early_leaves_everything_as_it_was() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    let container = daemon.containers().await.remove(0).id;
    daemon.want(Some(&drain(86_400, ""))).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Waiting).await;
    daemon.want(None).await.unwrap();
    daemon.command(server.id, "still here").await;
    daemon.line(server.id, "still here").await;
    assert_eq!(daemon.containers().await.remove(0).id, container);
    assert_eq!(daemon.servers().await.remove(0).drain, None);
    let stop = daemon.next(&server, Desired::Stopped, Kind::Stop);
    daemon.put(&stop).await.unwrap();
    assert_eq!(daemon.ended(id_of(&stop)).await.state, OperationState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_was_being_saved_when_the_drain_ended_may_write_again() {
    // It never says that it holds still.
    let mut daemon =
        Daemon::slow(|moment| if moment == Moment::Answer { PATIENCE } else { Duration::ZERO }).await;
    let server = house(&mut daemon, Desired::Running).await;
    daemon.want(Some(&drain(0, ""))).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Saving).await;
    daemon.line(server.id, "[drain] hush").await;
    daemon.want(None).await.unwrap();
    daemon.line(server.id, "[drain] go on").await;
    assert_eq!(daemon.observed(server.id).await, Observed::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_cannot_be_saved_is_stopped_all_the_same_and_that_is_said() {
    let mut daemon = Daemon::deaf().await;
    let server = house(&mut daemon, Desired::Running).await;
    daemon.want(Some(&drain(0, ""))).await.unwrap();
    let stops = daemon.drained(server.id, ServerDrainState::Stopping).await;
    let said = "The game did not save everything before it was stopped: ";
    assert!(matches!(stops.trouble.as_slice(), [one] if one.starts_with(said)), "{stops:?}");
    daemon.until(server.id, Observed::Stopping).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_being_made_already_is_waited_for() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let endless = daemon.file(server.id, "endless");
    File::create(&endless).unwrap().set_len(ENDLESS).unwrap();
    let other = fresh();
    daemon.ask(&server, other, "Before the party").await.unwrap();
    let wanted = Drain { backup: true, ..drain(0, "") };
    daemon.want(Some(&wanted)).await.unwrap();
    daemon.drained(server.id, ServerDrainState::BackingUp).await;
    // Whoever asks again and again must not keep the node from being drained.
    let refused = daemon.ask(&server, fresh(), "One more").await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::Busy);
    fs::remove_file(&endless).unwrap();
    daemon.delete(&server, other).await.unwrap();
    let done = daemon.drained(server.id, ServerDrainState::Drained).await;
    assert_eq!(done.trouble, Vec::<String>::new());
    let ready: Vec<_> = daemon.backups(&server).await.into_iter().map(|one| (one.cause, one.state)).collect();
    assert_eq!(ready, [(BackupCause::Drain { name: "Ada".to_owned() }, BackupState::Ready)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn players_who_have_no_time_left_are_told_so() {
    let mut daemon = unhurried().await;
    let server = house(&mut daemon, Desired::Running).await;
    daemon.want(Some(&drain(0, "Down in {time}."))).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Drained).await;
    let said = said(&daemon, server.id).await;
    let typed: Vec<_> = said.iter().filter_map(|line| line.strip_prefix("[drain] ")).collect();
    assert_eq!(typed, ["tell Down in 0 seconds.", "hush", "go on"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_told_as_one_of_a_game_that_was_stopped_while_it_was_made() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    // Takes some seconds to be read.
    File::create(daemon.file(server.id, "large")).unwrap().set_len(6 << 30).unwrap();
    let id = fresh();
    daemon.ask(&server, id, "Before the party").await.unwrap();
    daemon.line(server.id, "[backup] hush").await;
    daemon
        .event(|envelope| match &envelope.event {
            Event::Backup { backup } if backup.progress.is_some() => Some(()),
            _ => None,
        })
        .await;
    daemon.want(Some(&drain(0, ""))).await.unwrap();
    daemon.drained(server.id, ServerDrainState::Drained).await;
    let made = daemon
        .event(|envelope| match &envelope.event {
            Event::Backup { backup } if backup.state != BackupState::Running => Some(backup.clone()),
            _ => None,
        })
        .await;
    assert_eq!((made.state, made.quiesce), (BackupState::Ready, Some(Quiesce::Failed)), "{made:?}");
    let why = "The game was started or stopped while its files were read.";
    assert_eq!(made.reason.as_deref(), Some(why));
    // The drain did not let it write while the backup still needed it quiet.
    let said = said(&daemon, server.id).await;
    assert!(!said.iter().any(|line| line.starts_with("[drain] ")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_an_end_of_the_daemon_called_off_is_made_by_the_next_one() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let endless = daemon.file(server.id, "endless");
    File::create(&endless).unwrap().set_len(ENDLESS).unwrap();
    let wanted = Drain { backup: true, ..drain(0, "") };
    daemon.want(Some(&wanted)).await.unwrap();
    daemon.drained(server.id, ServerDrainState::BackingUp).await;
    let begun = |envelope: &gantry_protocol::EventEnvelope| match &envelope.event {
        Event::Backup { backup } if backup.progress.is_some() => Some(()),
        _ => None,
    };
    daemon.event(begun).await;
    fs::remove_file(&endless).unwrap();
    let daemon = daemon.restart().await;
    let done = daemon.drained(server.id, ServerDrainState::Drained).await;
    assert_eq!(done.trouble, Vec::<String>::new());
    let states: Vec<_> = daemon.backups(&server).await.into_iter().map(|one| one.state).collect();
    assert_eq!(states, [BackupState::Failed, BackupState::Ready]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_was_being_saved_when_drain_and_daemon_ended_hears_from_the_next_one() {
    // It never says that it holds still.
    let mut daemon =
        Daemon::slow(|moment| if moment == Moment::Answer { PATIENCE } else { Duration::ZERO }).await;
    let server = house(&mut daemon, Desired::Running).await;
    daemon.want(Some(&drain(0, ""))).await.unwrap();
    daemon.line(server.id, "[drain] hush").await;
    daemon.want(None).await.unwrap();
    let daemon = daemon.restart().await;
    daemon.line(server.id, "[drain] go on").await;
    assert_eq!(daemon.observed(server.id).await, Observed::Running);
    assert_eq!(daemon.report().await.drain, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_takes_long_to_answer_keeps_no_other_server_from_starting_after_a_drain() {
    let mut daemon =
        Daemon::slow(|moment| if moment == Moment::Answer { PATIENCE } else { Duration::ZERO }).await;
    let slow = house(&mut daemon, Desired::Running).await;
    let mut other = daemon.server(Desired::Running, Kind::Install);
    other.endpoints[0].port += 1;
    daemon.put(&other).await.unwrap();
    daemon.until(other.id, Observed::Running).await;
    daemon.want(Some(&drain(0, ""))).await.unwrap();
    daemon.drained(other.id, ServerDrainState::Drained).await;
    daemon.line(slow.id, "[drain] hush").await;
    daemon.want(None).await.unwrap();
    daemon.until(other.id, Observed::Running).await;
    let said = said(&daemon, slow.id).await;
    assert!(!said.contains(&"[drain] go on".to_owned()), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_had_given_up_is_found_as_it_was_after_a_drain_and_a_restart() {
    let mut daemon = Daemon::start().await;
    let server = house(&mut daemon, Desired::Running).await;
    for _ in 0..GIVE_UP_AFTER {
        daemon.until(server.id, Observed::Running).await;
        daemon.command(server.id, "crash 1").await;
        daemon.until(server.id, Observed::Crashed).await;
    }
    daemon
        .event(|envelope| match &envelope.event {
            Event::Observed { observed } => observed.reason.as_ref()?.contains("given up").then_some(()),
            _ => None,
        })
        .await;
    daemon.want(Some(&drain(0, ""))).await.unwrap();
    let daemon = daemon.restart().await;
    assert_eq!(daemon.observed(server.id).await, Observed::Crashed);
    daemon.want(None).await.unwrap();
    let other = DesiredServer { generation: server.generation + 1, operation: None, ..server.clone() };
    daemon.put(&other).await.unwrap();
    assert_eq!(daemon.observed(server.id).await, Observed::Crashed);
    assert!(!daemon.containers().await.iter().any(|one| matches!(one.phase, Phase::Running { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_bounds_is_refused() {
    let daemon = Daemon::start().await;
    for wrong in [drain(10, "two\nlines"), drain(10, &"x".repeat(301)), drain(i64::from(MAX_WAIT) + 60, "")] {
        assert_eq!(daemon.want(Some(&wrong)).await.unwrap_err().code, RefusalCode::Invalid);
    }
    assert_eq!(daemon.report().await.drain, None);
    daemon.want(None).await.unwrap();
}
