//! What a call and a stream make of a node's answers.

use crate::fixture::{ControlPlane, Daemon, PATIENCE, Served, refusal, reporting};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query},
    http::StatusCode,
    routing::{get, patch, post, put},
};
use futures_util::{StreamExt, stream};
use gantry_nodes::{NodeClient, NodeError, ProtocolFault};
use gantry_protocol::{
    BackupChange, BackupRequest, BlueprintRef, ConsoleCommand, ConsoleLine, ConsoleSource, DesiredServer,
    ObservedServer, RefusalCode,
};
use gantry_types::{
    BackupId, ServerId,
    backup::{Backup, BackupCause, BackupState},
    server::{Desired, Observed, ObservedState},
    units::Limits,
};
use std::{collections::HashMap, convert::Infallible, sync::Arc};
use tokio::sync::Notify;
use tokio_stream::wrappers::UnboundedReceiverStream;

struct Connected {
    client: NodeClient,
    _plane: ControlPlane,
    _daemon: Daemon,
    _served: Served,
}

async fn connected(router: Router) -> Connected {
    let plane = ControlPlane::new();
    let (client, daemon, served) = plane.connect(&plane.enroll(), router).await;
    Connected { client, _plane: plane, _daemon: daemon, _served: served }
}

fn server() -> ServerId {
    ServerId::new(uuid::Uuid::now_v7())
}

fn line(seq: u64) -> ConsoleLine {
    ConsoleLine {
        seq,
        at: chrono::DateTime::UNIX_EPOCH,
        source: ConsoleSource::Game,
        text: format!("line {seq}"),
    }
}

fn ndjson(line: &ConsoleLine) -> Bytes {
    let mut bytes = serde_json::to_vec(line).unwrap();
    bytes.push(b'\n');
    bytes.into()
}

fn backup(id: BackupId) -> Backup {
    Backup {
        id,
        revision: 1,
        name: "Backup".to_owned(),
        cause: BackupCause::Person { name: "Ada".to_owned() },
        state: BackupState::Running,
        locked: false,
        created_at: chrono::DateTime::UNIX_EPOCH,
        ended_at: None,
        progress: None,
        quiesce: None,
        archive_bytes: 0,
        content_bytes: 0,
        entries: 0,
        left_out: 0,
        changed: 0,
        reason: None,
    }
}

fn offline() -> ObservedState {
    let since = chrono::DateTime::UNIX_EPOCH;
    ObservedState {
        state: Observed::Offline,
        since,
        reason: None,
        crashes: 0,
        started_at: None,
        generation: None,
    }
}

fn desired() -> DesiredServer {
    let blueprint = BlueprintRef {
        plugin: "Example 1.0".to_owned(),
        digest: "0".repeat(64),
        blueprint: "example".to_owned(),
        collect_every_ms: None,
        commands: gantry_types::blueprint::CommandDoor::Console,
        capabilities: Vec::new(),
        protected_files: Vec::new(),
    };
    DesiredServer {
        id: server(),
        generation: 1,
        name: "Friday".to_owned(),
        owner: None,
        desired: Desired::Stopped,
        holds: Vec::new(),
        blueprint,
        settings: Vec::new(),
        secrets: Vec::new(),
        endpoints: Vec::new(),
        limits: Limits::default(),
        facts: vec![],
        time_zone: "UTC".to_owned(),
        operation: None,
        schedules: vec![],
        heard_decision: 0,
    }
}

/// A router that streams these bytes as console lines and then ends.
fn streaming(pieces: Vec<Vec<u8>>) -> Router {
    let live =
        move || async move { Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>))) };
    Router::new().route("/v1/servers/{id}/console/live", get(live))
}

#[tokio::test]
async fn command_reaches_its_server() {
    let id = server();
    let console = post(move |Path(path): Path<String>, Json(command): Json<ConsoleCommand>| async move {
        assert_eq!((path, command.command.as_str()), (id.to_string(), "say hello"));
        StatusCode::NO_CONTENT
    });
    let node = connected(Router::new().route("/v1/servers/{id}/console", console)).await;
    let command = ConsoleCommand { command: "say hello".to_owned(), actor: "Ada".to_owned() };
    node.client.console_command(id, &command).await.unwrap();
}

#[tokio::test]
async fn refusal_comes_back_as_such() {
    let console = post(|| async { refusal(RefusalCode::NotRunning) });
    let node = connected(Router::new().route("/v1/servers/{id}/console", console)).await;
    let command = ConsoleCommand { command: "stop".to_owned(), actor: "Ada".to_owned() };
    let refused = node.client.console_command(server(), &command).await;
    assert!(matches!(refused, Err(NodeError::Refused(refusal)) if refusal.code == RefusalCode::NotRunning));
}

#[tokio::test]
async fn status_without_a_refusal_breaks_the_protocol() {
    let node = connected(Router::new()).await;
    let answer = node.client.servers().await;
    assert!(matches!(answer, Err(NodeError::Protocol(ProtocolFault::Status(404)))));
}

#[tokio::test]
async fn answer_that_is_no_message_breaks_the_protocol() {
    let node = connected(Router::new().route("/v1/servers", get(|| async { "surprise" }))).await;
    assert!(matches!(node.client.servers().await, Err(NodeError::Protocol(ProtocolFault::Message(_)))));
}

#[tokio::test]
async fn answer_about_another_backup_is_not_believed() {
    let make =
        post(|Json(_): Json<BackupRequest>| async { Json(backup(BackupId::new(uuid::Uuid::now_v7()))) });
    let change = patch(|Path((_, id)): Path<(ServerId, BackupId)>| async move { Json(backup(id)) });
    let routes = Router::new()
        .route("/v1/servers/{id}/backups", make)
        .route("/v1/servers/{id}/backups/{backup}", change);
    let node = connected(routes).await;
    let id = BackupId::new(uuid::Uuid::now_v7());
    let request = BackupRequest { id, name: "Backup".to_owned(), locked: false, actor: "Ada".to_owned() };
    let made = node.client.make_backup(server(), &request).await;
    assert!(matches!(made, Err(NodeError::Protocol(ProtocolFault::OtherBackup))));
    let changed = node.client.change_backup(server(), id, &BackupChange::default()).await;
    assert_eq!(changed.unwrap().id, id);
}

#[tokio::test]
async fn answer_about_another_server_is_not_believed() {
    let put = put(|Json(desired): Json<DesiredServer>| async move {
        Json(ObservedServer {
            id: server(),
            generation: desired.generation,
            observed: offline(),
            operation: None,
            drain: None,
        })
    });
    let node = connected(Router::new().route("/v1/servers/{id}", put)).await;
    let answer = node.client.put_server(&desired()).await;
    assert!(matches!(answer, Err(NodeError::Protocol(ProtocolFault::OtherServer))));
}

#[tokio::test(start_paused = true)]
async fn node_that_does_not_answer_meets_the_deadline() {
    let router = reporting("0.1.0").route("/v1/servers", get(std::future::pending::<()>));
    let node = connected(router).await;
    assert!(matches!(node.client.servers().await, Err(NodeError::Deadline)));
    node.client.node().await.unwrap();
}

#[tokio::test]
async fn answer_beyond_its_cap_is_cut_off() {
    let endless = || async {
        Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from(vec![b' '; 65536]))))
    };
    let node = connected(reporting("0.1.0").route("/v1/servers", get(endless))).await;
    assert!(matches!(node.client.servers().await, Err(NodeError::Protocol(ProtocolFault::TooLong { .. }))));
    node.client.node().await.unwrap();
}

#[tokio::test]
async fn handler_that_dies_fails_its_call_alone() {
    let dying = || async { panic!("by design") as () };
    let node = connected(reporting("0.1.0").route("/v1/servers", get(dying))).await;
    assert!(matches!(node.client.servers().await, Err(NodeError::Protocol(ProtocolFault::Reset))));
    node.client.node().await.unwrap();
}

#[tokio::test]
async fn digest_that_is_none_is_never_sent() {
    let node = connected(Router::new()).await;
    for digest in ["", "../servers", &"A".repeat(64)] {
        let answer = node.client.put_plugin(digest, Bytes::new()).await;
        assert!(matches!(answer, Err(NodeError::Protocol(ProtocolFault::Request))));
    }
}

#[tokio::test]
async fn lines_arrive_as_they_are_written() {
    let (lines, written) = tokio::sync::mpsc::unbounded_channel();
    let written = Arc::new(std::sync::Mutex::new(Some(written)));
    let live = get(move |Query(query): Query<HashMap<String, u64>>| async move {
        assert_eq!(query["after"], 4);
        let written = written.lock().unwrap().take().unwrap();
        Body::from_stream(
            UnboundedReceiverStream::new(written).map(|line| Ok::<_, Infallible>(ndjson(&line))),
        )
    });
    let node = connected(Router::new().route("/v1/servers/{id}/console/live", live)).await;
    let mut console = node.client.console_live(server(), Some(4)).await.unwrap();
    for seq in 5..50 {
        lines.send(line(seq)).unwrap();
        assert_eq!(console.next().await.unwrap().unwrap(), line(seq));
    }
    drop(lines);
    assert!(console.next().await.is_none());
}

#[tokio::test]
async fn lines_survive_being_cut_anywhere() {
    let whole: Vec<u8> =
        (0..20).flat_map(|seq| [ndjson(&line(seq)), Bytes::from_static(b"\n")].concat()).collect();
    for size in [1, 7, 64, whole.len()] {
        let node = connected(streaming(whole.chunks(size).map(<[u8]>::to_vec).collect())).await;
        let console = node.client.console_live(server(), None).await.unwrap();
        let lines: Vec<_> = console.map(Result::unwrap).collect().await;
        assert_eq!(lines, (0..20).map(line).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn stream_that_breaks_the_protocol_ends_with_the_reason() {
    type Case = (Vec<Vec<u8>>, fn(&ProtocolFault) -> bool);
    let cases: [Case; 3] = [
        (vec![b"surprise\n".to_vec()], |fault| matches!(fault, ProtocolFault::Message(_))),
        (vec![vec![b'x'; 65536]; 32], |fault| matches!(fault, ProtocolFault::TooLong { .. })),
        (vec![b"{".to_vec()], |fault| matches!(fault, ProtocolFault::Truncated)),
    ];
    for (pieces, expected) in cases {
        let node = connected(streaming(pieces)).await;
        let mut console = node.client.console_live(server(), None).await.unwrap();
        let Some(Err(NodeError::Protocol(fault))) = console.next().await else { panic!("no fault") };
        assert!(expected(&fault), "{fault:?}");
        assert!(console.next().await.is_none());
    }
}

#[tokio::test]
async fn dropped_stream_stops_the_node() {
    struct Tell(Arc<Notify>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let stopped = Arc::new(Notify::new());
    let told = stopped.clone();
    let samples = get(move || async move {
        let tell = Tell(told);
        Body::from_stream(stream::pending::<Result<Bytes, Infallible>>().inspect(move |_| {
            let _ = &tell;
        }))
    });
    let node = connected(Router::new().route("/v1/samples", samples)).await;
    drop(node.client.samples().await.unwrap());
    stopped.notified().await;
}

#[tokio::test]
async fn reader_that_stands_still_does_not_hold_up_the_others() {
    let flood = || async {
        Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(ndjson(&line(1)))).chunks(512).map(
            |many| many.into_iter().collect::<Result<Vec<_>, _>>().map(|lines| Bytes::from(lines.concat())),
        ))
    };
    let node = connected(reporting("0.1.0").route("/v1/servers/{id}/console/live", get(flood))).await;
    let reading = async {
        let mut still = Vec::new();
        for _ in 0..16 {
            let mut console = node.client.console_live(server(), None).await.unwrap();
            console.next().await.unwrap().unwrap();
            still.push(console);
        }
        for _ in 0..100 {
            node.client.node().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the others are held up");
}
