//! A node that remembers what it is sent and says what a test has it say.

use crate::{
    fixture::{World, local, soon},
    shelf::{self, Shelf},
};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use chrono::Utc;
use gantry_app::{App, wire::EnrollRequest};
use gantry_nodes::keys;
use gantry_protocol::{
    Acknowledge, ConsoleCommand, ConsoleLine, ConsolePage, ConsoleSource, DesiredNode, DesiredServer, Event,
    EventEnvelope, NodeReport, NodeSample, ObservedServer, Refusal, RefusalCode, SampleEnvelope, SftpGrants,
    SftpPerson, SftpReport, SystemReport,
    tunnel::{ByteStream, Caller, Tasks, handshake, memory::pair},
};
use gantry_types::{
    NodeId, ServerId,
    drain::Drain,
    server::{Observed, ObservedState},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
};
use tokio::{
    sync::{broadcast, watch},
    task::JoinHandle,
};
use tokio_stream::{StreamExt, wrappers::BroadcastStream};
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the node has and was told.
pub(crate) struct Memory {
    pub(crate) servers: watch::Sender<BTreeMap<ServerId, DesiredServer>>,
    pub(crate) plugins: watch::Sender<BTreeSet<String>>,
    pub(crate) commands: watch::Sender<Vec<ConsoleCommand>>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) acknowledged: watch::Sender<u64>,
    /// How often the console of any server was followed.
    pub(crate) followed: watch::Sender<u32>,
    events: Mutex<Vec<EventEnvelope>>,
    fresh_events: broadcast::Sender<EventEnvelope>,
    samples: broadcast::Sender<SampleEnvelope>,
    machine: broadcast::Sender<NodeSample>,
    /// Whether the stream of its machine that was opened last is watched.
    pub(crate) watched: watch::Sender<Option<bool>>,
    /// Whether its daemon has SFTP.
    pub(crate) has_sftp: AtomicBool,
    /// Everything that it was told of who may come in, in order.
    pub(crate) grants: watch::Sender<Vec<SftpGrants>>,
    /// How often it was told, heard or not.
    pub(crate) told: watch::Sender<u32>,
    /// The status with which it answers to what is wanted of itself: it takes that with 204 alone.
    pub(crate) answers_drains: AtomicU16,
    /// What it says of all of its servers when it is asked for them.
    pub(crate) state: Mutex<Observed>,
    /// What is wanted of itself, and how often it was told, heard or not.
    pub(crate) desired: watch::Sender<(Option<Drain>, u32)>,
    lines: Mutex<Vec<ConsoleLine>>,
    fresh_lines: broadcast::Sender<ConsoleLine>,
}

pub(crate) struct FakeNode {
    pub(crate) id: NodeId,
    pub(crate) memory: Arc<Memory>,
    caller: Caller,
    link: Option<(DropGuard, JoinHandle<()>)>,
}

impl FakeNode {
    pub(crate) async fn enroll(world: &World, id: NodeId) -> Self {
        let enrollment = world.app.create_enrollment(&world.admin, id).await.unwrap();
        let signing_key = keys::generate().unwrap();
        let request = EnrollRequest {
            token: enrollment.token,
            public_key: keys::encode_public(&signing_key),
            agent_version: "0.1.0".to_owned(),
        };
        let answer = world.app.enroll_daemon(&local(), request).await.unwrap();
        let caller = Caller {
            node_id: answer.node_id,
            signing_key,
            control_plane_public_key: keys::decode_public(&answer.public_key).unwrap(),
            agent_version: "0.1.0".to_owned(),
        };
        let memory = Memory {
            servers: watch::Sender::default(),
            plugins: watch::Sender::default(),
            commands: watch::Sender::default(),
            shelf: Arc::default(),
            acknowledged: watch::Sender::default(),
            followed: watch::Sender::default(),
            events: Mutex::default(),
            fresh_events: broadcast::Sender::new(64),
            samples: broadcast::Sender::new(64),
            machine: broadcast::Sender::new(64),
            watched: watch::Sender::default(),
            has_sftp: AtomicBool::new(true),
            grants: watch::Sender::default(),
            told: watch::Sender::default(),
            answers_drains: AtomicU16::new(204),
            state: Mutex::new(Observed::Uninstalled),
            desired: watch::Sender::default(),
            lines: Mutex::default(),
            fresh_lines: broadcast::Sender::new(64),
        };
        Self { id, memory: Arc::new(memory), caller, link: None }
    }

    /// Dials in; a former link ends.
    pub(crate) async fn connect(&mut self, app: &App) {
        let (ours, mut theirs) = pair(16);
        let control_plane = app.clone();
        let served = tokio::spawn(async move {
            control_plane.accept_link(gantry_app::Network::of([127, 0, 0, 1].into()), ours).await
        });
        soon(handshake::dial(&mut theirs, &self.caller)).await.unwrap();
        let token = CancellationToken::new();
        let connection = hyper::server::conn::http2::Builder::new(Tasks::new(token.clone()))
            .timer(TokioTimer::new())
            .serve_connection(
                TokioIo::new(ByteStream::new(theirs)),
                TowerToHyperService::new(router(self.memory.clone())),
            );
        let cut = token.clone().drop_guard();
        let task = tokio::spawn(async move {
            drop(token.run_until_cancelled(connection).await);
            served.await.unwrap();
        });
        self.link = Some((cut, task));
    }

    /// Waits until the link has ended.
    pub(crate) async fn disconnected(&mut self) {
        let (_cut, task) = self.link.take().unwrap();
        soon(task).await.unwrap();
    }

    /// Its backups.
    pub(crate) fn shelf(&self) -> &Shelf {
        &self.memory.shelf
    }

    /// Says an event; answers its number.
    pub(crate) fn say(&self, server_id: ServerId, event: Event) -> u64 {
        let mut events = self.memory.events.lock().unwrap();
        let seq = events.len() as u64 + 1;
        let envelope = EventEnvelope { seq, at: Utc::now(), server_id, event };
        events.push(envelope.clone());
        self.memory.fresh_events.send(envelope).ok();
        seq
    }

    pub(crate) fn saw(&self, server_id: ServerId, state: Observed) -> u64 {
        self.say(server_id, Event::Observed { observed: observed(state) })
    }

    pub(crate) fn sample(&self, envelope: &SampleEnvelope) {
        self.memory.samples.send(envelope.clone()).ok();
    }

    /// Waits until the stream of its machine is open in this way.
    pub(crate) async fn is_watched(&self, watched: bool) {
        soon(self.memory.watched.subscribe().wait_for(|now| *now == Some(watched))).await.unwrap();
    }

    pub(crate) fn measure(&self, sample: &NodeSample) {
        self.memory.machine.send(sample.clone()).ok();
    }

    pub(crate) fn print(&self, text: &str) {
        let mut lines = self.memory.lines.lock().unwrap();
        let seq = lines.len() as u64 + 1;
        let line = ConsoleLine { seq, at: Utc::now(), source: ConsoleSource::Game, text: text.to_owned() };
        lines.push(line.clone());
        self.memory.fresh_lines.send(line).ok();
    }

    pub(crate) async fn acknowledged(&self, seq: u64) {
        soon(self.memory.acknowledged.subscribe().wait_for(|through| *through >= seq)).await.unwrap();
    }

    /// Waits until what the node was last told of who may come in looks so.
    pub(crate) async fn lets_in(&self, like: impl Fn(&[SftpPerson]) -> bool) -> Vec<SftpPerson> {
        let mut grants = self.memory.grants.subscribe();
        let all =
            soon(grants.wait_for(|all| all.last().is_some_and(|last| like(&last.people)))).await.unwrap();
        all.last().unwrap().people.clone()
    }

    /// Waits until what is wanted of the node itself looks so.
    pub(crate) async fn wanted(&self, like: impl Fn(Option<&Drain>) -> bool) -> Option<Drain> {
        let mut desired = self.memory.desired.subscribe();
        let desired =
            soon(desired.wait_for(|(drain, count)| *count > 0 && like(drain.as_ref()))).await.unwrap();
        desired.0.clone()
    }

    /// Waits until the node was sent a server that looks so.
    pub(crate) async fn sent(&self, id: ServerId, like: impl Fn(&DesiredServer) -> bool) -> DesiredServer {
        let mut servers = self.memory.servers.subscribe();
        let servers = soon(servers.wait_for(|all| all.get(&id).is_some_and(&like))).await.unwrap();
        servers[&id].clone()
    }
}

pub(crate) fn observed(state: Observed) -> ObservedState {
    ObservedState { state, since: Utc::now(), reason: None, crashes: 0, started_at: None, generation: None }
}

fn router(memory: Arc<Memory>) -> Router {
    let shelf = shelf::router(memory.shelf.clone());
    Router::new()
        .route("/v1/node", get(node))
        .route("/v1/node/desired", put(put_desired))
        .route("/v1/node/samples", get(machine))
        .route("/v1/plugins/{digest}", put(put_plugin))
        .route("/v1/servers", get(servers))
        .route("/v1/servers/{id}", put(put_server))
        .route("/v1/servers/{id}/console", get(history).post(command))
        .route("/v1/servers/{id}/console/live", get(console))
        .route("/v1/sftp", put(put_sftp))
        .route("/v1/events", get(events))
        .route("/v1/events/acknowledge", post(acknowledge))
        .route("/v1/samples", get(samples))
        .with_state(memory)
        .merge(shelf)
}

type Shared = State<Arc<Memory>>;

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
}

async fn node(State(memory): Shared) -> Json<NodeReport> {
    Json(NodeReport {
        agent_version: "0.1.0".to_owned(),
        system: SystemReport::default(),
        runtime: "simulated".to_owned(),
        plugins: memory.plugins.borrow().iter().cloned().collect(),
        last_event: memory.events.lock().unwrap().len() as u64,
        tasks: 0,
        sftp: memory.has_sftp.load(Ordering::Relaxed).then(door),
        drain: memory.desired.borrow().0.as_ref().map(|drain| drain.id),
    })
}

/// How it is reached by SFTP, as it says.
pub(crate) fn door() -> SftpReport {
    SftpReport {
        port: 2022,
        host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHz3rpTR4/5A6YqUz3vH5q+Mjv8vMrBzTfDmgFenAWNT"
            .to_owned(),
        fingerprint: "SHA256:5x4JHBnJp8z9QbHAra5ikfIcHqDY/HMEPLfPesdjQ0k".to_owned(),
    }
}

async fn put_sftp(State(memory): Shared, Json(grants): Json<SftpGrants>) -> Response {
    memory.told.send_modify(|count| *count += 1);
    if !memory.has_sftp.load(Ordering::Relaxed) {
        let refusal = Refusal::new(RefusalCode::Invalid, "there is nothing here");
        return (StatusCode::NOT_FOUND, Json(refusal)).into_response();
    }
    memory.grants.send_modify(|all| all.push(grants));
    StatusCode::NO_CONTENT.into_response()
}

async fn put_desired(State(memory): Shared, Json(wanted): Json<DesiredNode>) -> Response {
    let status = StatusCode::from_u16(memory.answers_drains.load(Ordering::Relaxed)).unwrap();
    let known = status.is_success();
    memory.desired.send_modify(|(drain, count)| {
        *count += 1;
        if known {
            *drain = wanted.drain;
        }
    });
    if known {
        return status.into_response();
    }
    let refusal = Refusal::new(RefusalCode::Invalid, "not here");
    (status, Json(refusal)).into_response()
}

async fn put_plugin(State(memory): Shared, Path(digest): Path<String>, _component: Bytes) -> StatusCode {
    memory.plugins.send_modify(|plugins| plugins.extend([digest]));
    StatusCode::NO_CONTENT
}

fn seen(desired: &DesiredServer) -> ObservedServer {
    let observed = ObservedState { since: chrono::DateTime::UNIX_EPOCH, ..observed(Observed::Uninstalled) };
    ObservedServer { id: desired.id, generation: desired.generation, observed, operation: None, drain: None }
}

async fn servers(State(memory): Shared) -> Json<Vec<ObservedServer>> {
    let state = *memory.state.lock().unwrap();
    let seen = |desired: &DesiredServer| {
        let seen = seen(desired);
        ObservedServer { observed: ObservedState { state, ..seen.observed }, ..seen }
    };
    Json(memory.servers.borrow().values().map(seen).collect())
}

async fn put_server(State(memory): Shared, Json(desired): Json<DesiredServer>) -> Response {
    if !memory.plugins.borrow().contains(&desired.blueprint.digest) {
        let refusal = Refusal::new(RefusalCode::MissingPlugin, "send it first");
        return (StatusCode::CONFLICT, Json(refusal)).into_response();
    }
    let answer = seen(&desired);
    memory.servers.send_modify(|servers| drop(servers.insert(desired.id, desired)));
    Json(answer).into_response()
}

async fn command(State(memory): Shared, Json(command): Json<ConsoleCommand>) -> StatusCode {
    memory.commands.send_modify(|commands| commands.push(command));
    StatusCode::NO_CONTENT
}

async fn history(State(memory): Shared) -> Json<ConsolePage> {
    let lines = memory.lines.lock().unwrap().clone();
    Json(ConsolePage { next_seq: lines.len() as u64 + 1, first_seq: 1, lines })
}

async fn console(State(memory): Shared, Query(query): Query<After>) -> Response {
    memory.followed.send_modify(|count| *count += 1);
    let known = memory.lines.lock().unwrap();
    let fresh = memory.fresh_lines.subscribe();
    let after = query.after.unwrap_or(known.len() as u64);
    ndjson(known.iter().filter(|line| line.seq > after).cloned().collect(), fresh)
}

/// All that is not acknowledged, whatever the control plane says that it has.
async fn events(State(memory): Shared) -> Response {
    let known = memory.events.lock().unwrap();
    let acknowledged = *memory.acknowledged.borrow();
    let open = known.iter().filter(|event| event.seq > acknowledged).cloned().collect();
    ndjson(open, memory.fresh_events.subscribe())
}

async fn acknowledge(State(memory): Shared, Json(acknowledge): Json<Acknowledge>) -> StatusCode {
    memory.acknowledged.send_replace(acknowledge.through);
    StatusCode::NO_CONTENT
}

async fn samples(State(memory): Shared) -> Response {
    ndjson(Vec::new(), memory.samples.subscribe())
}

#[derive(Deserialize)]
struct Watched {
    watched: bool,
}

async fn machine(State(memory): Shared, Query(query): Query<Watched>) -> Response {
    let fresh = memory.machine.subscribe();
    memory.watched.send_replace(Some(query.watched));
    ndjson(Vec::new(), fresh)
}

fn ndjson<T: Serialize + Clone + Send + 'static>(known: Vec<T>, fresh: broadcast::Receiver<T>) -> Response {
    let fresh = BroadcastStream::new(fresh).filter_map(Result::ok);
    let lines = tokio_stream::iter(known).chain(fresh).map(|message| {
        Ok::<_, Infallible>(Bytes::from(format!("{}\n", serde_json::to_string(&message).unwrap())))
    });
    Body::from_stream(lines).into_response()
}
