//! Both real halves of the link over a real WebSocket on loopback: the daemon's dialler and the control plane's registry.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use async_trait::async_trait;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, State, WebSocketUpgrade, ws},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post, put},
    serve::ListenerExt,
};
use futures_util::StreamExt;
use gantry_agent::{
    enroll::{EnrollError, Enrollment, enroll},
    link::{self, Identity, IdentityError, LinkConfig, LinkState},
};
use gantry_nodes::{
    Frame, KeysError, LinkChange, Links, MAX_FRAME, Mapped, Network, NodeClient, NodeError, NodeKeyPair,
    NodeKeys, keys,
};
use gantry_protocol::{
    ConsoleCommand, ConsoleLine, ConsoleSource, EnrollRequest, EnrollResponse, NodeReport, SystemReport,
};
use gantry_types::{
    NodeId, ServerId,
    problem::{Code, Problem},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, broadcast, watch},
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const TOKEN: &str = "one-time-token";

#[derive(Default)]
struct Keys(Mutex<HashMap<NodeId, NodeKeyPair>>);

#[async_trait]
impl NodeKeys for Keys {
    async fn keys(&self, node_id: NodeId) -> Result<Option<NodeKeyPair>, KeysError> {
        Ok(self.0.lock().unwrap().get(&node_id).cloned())
    }
}

/// The control plane's two routes for daemons, over the real registry.
#[derive(Clone)]
struct ControlPlane {
    links: Links,
    keys: Arc<Keys>,
    address: SocketAddr,
    /// When somebody was told to come again later.
    asked: broadcast::Sender<Instant>,
    _tasks: Arc<JoinSet<()>>,
}

impl ControlPlane {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let keys = Arc::new(Keys::default());
        let links = Links::new(keys.clone());
        let mut tasks = JoinSet::new();
        let plane = Self { links, keys, address, asked: broadcast::Sender::new(16), _tasks: Arc::default() };
        let router = Router::new()
            .route("/api/daemon/link", get(accept))
            .route("/api/daemon/enroll", post(admit))
            .route("/busy/api/daemon/link", get(refuse))
            .route(
                "/moved/api/daemon/enroll",
                post(|| async { Redirect::permanent("https://panel.example.com/") }),
            )
            .with_state(plane.clone());
        tasks.spawn(async move {
            let listener = listener.tap_io(|socket| socket.set_nodelay(true).unwrap());
            axum::serve(listener, router).await.unwrap();
        });
        Self { _tasks: Arc::new(tasks), ..plane }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn enroll(&self, data_dir: &std::path::Path) -> Result<Identity, EnrollError> {
        enroll(enrollment(&self.url(), data_dir)).await
    }

    /// Waits for the node to be connected and gives its calls.
    async fn client(&self, changes: &mut broadcast::Receiver<LinkChange>) -> NodeClient {
        loop {
            let change =
                tokio::time::timeout(PATIENCE, changes.recv()).await.expect("a change is due").unwrap();
            if let Some(client) = self.links.client(change.node_id).filter(|_| change.connected) {
                return client;
            }
        }
    }
}

async fn accept(State(plane): State<ControlPlane>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_frame_size(MAX_FRAME).max_message_size(MAX_FRAME).on_upgrade(|socket| async move {
        drop(
            plane.links.serve(Network::of([127, 0, 0, 1].into()), Mapped::new(socket, decode, encode)).await,
        );
    })
}

async fn refuse(State(plane): State<ControlPlane>) -> impl IntoResponse {
    plane.asked.send(Instant::now()).unwrap();
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")])
}

fn decode(message: ws::Message) -> Option<Frame> {
    match message {
        ws::Message::Text(text) => Some(Frame::Text(text.to_string())),
        ws::Message::Binary(bytes) => Some(Frame::Binary(bytes)),
        ws::Message::Close(_) => Some(Frame::Close),
        ws::Message::Ping(_) | ws::Message::Pong(_) => None,
    }
}

fn encode(frame: Frame) -> ws::Message {
    match frame {
        Frame::Text(text) => ws::Message::Text(text.into()),
        Frame::Binary(bytes) => ws::Message::Binary(bytes),
        Frame::Close => ws::Message::Close(None),
    }
}

async fn admit(State(plane): State<ControlPlane>, Json(request): Json<EnrollRequest>) -> Response {
    if request.token != TOKEN {
        let code = Code::EnrollmentRefused;
        let problem = Problem {
            type_uri: String::new(),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: "The token was used already.".to_owned(),
            remedy: "Make another in the panel.".to_owned(),
            request_id: None,
            fields: Vec::new(),
        };
        return (StatusCode::FORBIDDEN, Json(problem)).into_response();
    }
    let signing_key = keys::generate().unwrap();
    let node_id = NodeId::new(uuid::Uuid::now_v7());
    let public_key = keys::encode_public(&signing_key);
    let pair =
        NodeKeyPair { daemon_public_key: keys::decode_public(&request.public_key).unwrap(), signing_key };
    plane.keys.0.lock().unwrap().insert(node_id, pair);
    Json(EnrollResponse { node_id, name: "mars".to_owned(), public_key }).into_response()
}

fn enrollment(url: &str, data_dir: &std::path::Path) -> Enrollment {
    Enrollment {
        url: url.parse().unwrap(),
        token: format!("{TOKEN}\n"),
        data_dir: data_dir.to_owned(),
        extra_ca: None,
        agent_version: "0.1.0".to_owned(),
    }
}

/// A running daemon's link.
struct Daemon {
    state: watch::Receiver<LinkState>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Daemon {
    fn start(identity: Identity, extra_ca: Option<PathBuf>) -> Self {
        let (sender, state) = watch::channel(LinkState::default());
        let config = LinkConfig { identity, agent_version: "0.1.0".to_owned(), extra_ca, state: sender };
        let shutdown = CancellationToken::new();
        Self { state, task: tokio::spawn(link::run(config, node(), shutdown.clone())), shutdown }
    }

    /// Waits until it is disconnected for such a reason.
    async fn until(&mut self, such: impl Fn(&str) -> bool) -> String {
        let disconnected = self.state.wait_for(|state| reason(state).is_some_and(&such));
        let state = tokio::time::timeout(PATIENCE, disconnected).await.expect("a reason is due").unwrap();
        reason(&state).unwrap().to_owned()
    }

    /// Why it is not connected.
    async fn reason(&mut self) -> String {
        self.until(|reason| !reason.is_empty()).await
    }
}

fn reason(state: &LinkState) -> Option<&str> {
    match state {
        LinkState::Disconnected { reason } => Some(reason),
        LinkState::Connecting | LinkState::Connected => None,
    }
}

/// A node with a few of the routes.
fn node() -> Router {
    let report = || async {
        Json(NodeReport {
            agent_version: "0.1.0".to_owned(),
            system: SystemReport::default(),
            runtime: "simulated".to_owned(),
            plugins: Vec::new(),
            last_event: 0,
            tasks: 0,
            sftp: None,
            drain: None,
        })
    };
    let plugin = |Path(digest): Path<String>, body: Bytes| async move {
        if hex::encode(Sha256::digest(&body)) == digest {
            StatusCode::NO_CONTENT
        } else {
            StatusCode::CONFLICT
        }
    };
    let (said, _) = broadcast::channel::<String>(16);
    let said = Arc::new(said);
    let heard = said.clone();
    let command = move |Json(command): Json<ConsoleCommand>| async move {
        said.send(command.command).unwrap();
        StatusCode::NO_CONTENT
    };
    let live = move || async move {
        let lines = tokio_stream::wrappers::BroadcastStream::new(heard.subscribe());
        let lines = lines.map(|text| line(text.unwrap()));
        Body::from_stream(lines.map(Ok::<_, Infallible>))
    };
    Router::new()
        .route("/v1/node", get(report))
        .route("/v1/plugins/{digest}", put(plugin))
        .route("/v1/servers/{id}/console", post(command))
        .route("/v1/servers/{id}/console/live", get(live))
        .layer(DefaultBodyLimit::max(64 << 20))
}

fn line(text: String) -> Vec<u8> {
    let line = ConsoleLine { seq: 1, at: chrono::DateTime::UNIX_EPOCH, source: ConsoleSource::Game, text };
    let mut bytes = serde_json::to_vec(&line).unwrap();
    bytes.push(b'\n');
    bytes
}

fn server() -> ServerId {
    ServerId::new(uuid::Uuid::now_v7())
}

fn command(text: &str) -> ConsoleCommand {
    ConsoleCommand { command: text.to_owned(), actor: "Ada".to_owned() }
}

/// An enrolled, connected node.
async fn connected() -> (ControlPlane, Daemon, NodeClient, broadcast::Receiver<LinkChange>) {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut changes = plane.links.subscribe();
    let daemon = Daemon::start(plane.enroll(directory.path()).await.unwrap(), None);
    let client = plane.client(&mut changes).await;
    (plane, daemon, client, changes)
}

#[tokio::test]
async fn hundred_calls_at_one_time_are_all_answered() {
    let (_plane, _daemon, client, _) = connected().await;
    let calls = (0..100).map(|_| client.node());
    for answer in futures_util::future::join_all(calls).await {
        assert_eq!(answer.unwrap().runtime, "simulated");
    }
}

#[tokio::test]
async fn component_of_twenty_mebibytes_arrives_whole_while_calls_go_on() {
    let (_plane, _daemon, client, _) = connected().await;
    let component: Vec<u8> = (0..20 << 20).map(|n: u32| (n ^ (n >> 9)) as u8).collect();
    let digest = hex::encode(Sha256::digest(&component));
    let sending = client.put_plugin(&digest, component.into());
    let calling = async {
        for _ in 0..20 {
            client.node().await.unwrap();
        }
    };
    let (sent, ()) = tokio::join!(sending, calling);
    sent.unwrap();
}

#[tokio::test]
async fn console_line_comes_back_on_the_live_stream() {
    let (_plane, _daemon, client, _) = connected().await;
    let mut console = client.console_live(server(), None).await.unwrap();
    for text in ["one", "two", "three"] {
        client.console_command(server(), &command(text)).await.unwrap();
        assert_eq!(console.next().await.unwrap().unwrap().text, text);
    }
}

/// Passes connections on to `to` until it is told to cut them; later ones pass again.
async fn relay(listener: TcpListener, to: SocketAddr, cut: Arc<Notify>) {
    let mut passing = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let mut near = accepted.unwrap().0;
                passing.spawn(async move {
                    let mut far = TcpStream::connect(to).await.unwrap();
                    drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                });
            }
            () = cut.notified() => passing.shutdown().await,
        }
    }
}

#[tokio::test]
async fn cut_line_fails_the_stream_and_the_node_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut changes = plane.links.subscribe();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let through = format!("http://{}", listener.local_addr().unwrap());
    let cut = Arc::new(Notify::new());
    let mut relays = JoinSet::new();
    relays.spawn(relay(listener, plane.address, cut.clone()));
    let identity = enroll(enrollment(&through, directory.path())).await.unwrap();
    let _daemon = Daemon::start(identity, None);

    let before = plane.client(&mut changes).await;
    let mut console = before.console_live(server(), None).await.unwrap();
    cut.notify_one();
    assert!(matches!(console.next().await, Some(Err(NodeError::Disconnected))));
    let after = plane.client(&mut changes).await;
    assert!(before.is_closed());
    after.node().await.unwrap();
}

#[tokio::test]
async fn revoked_node_is_cut_off_and_told_what_to_do() {
    let (plane, mut daemon, client, _) = connected().await;
    plane.keys.0.lock().unwrap().clear();
    plane.links.close(client.node_id());
    client.closed().await;
    let reason = daemon.until(|reason| reason.contains("removed or revoked")).await;
    assert!(reason.contains("enroll it anew"), "{reason}");
}

#[tokio::test]
async fn stopping_daemon_leaves_at_once_although_streams_are_open() {
    let (plane, daemon, client, mut changes) = connected().await;
    let _console = client.console_live(server(), None).await.unwrap();
    daemon.shutdown.cancel();
    assert!(!changes.recv().await.unwrap().connected);
    daemon.task.await.unwrap();
    assert!(plane.links.connected().is_empty());
}

#[tokio::test]
async fn daemon_that_reaches_nobody_says_where_it_tried() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut identity = plane.enroll(directory.path()).await.unwrap();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    identity.url = format!("http://{free}").parse().unwrap();
    let mut daemon = Daemon::start(identity, None);
    let reason = daemon.reason().await;
    assert!(reason.contains(&format!("{free} cannot be reached")), "{reason}");
}

#[tokio::test]
async fn daemon_that_reaches_something_else_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut identity = plane.enroll(directory.path()).await.unwrap();
    identity.url = format!("{}/elsewhere", plane.url()).parse().unwrap();
    let reason = Daemon::start(identity, None).reason().await;
    assert!(reason.contains("status 404"), "{reason}");
}

#[tokio::test]
async fn control_plane_that_has_too_much_to_do_is_left_alone_for_as_long_as_it_asks() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut identity = plane.enroll(directory.path()).await.unwrap();
    identity.url = format!("{}/busy", plane.url()).parse().unwrap();
    let mut asked = plane.asked.subscribe();
    let mut daemon = Daemon::start(identity, None);
    let reason = daemon.reason().await;
    assert!(reason.contains("too much to do") && reason.contains("2 s"), "{reason}");
    let first = asked.recv().await.unwrap();
    let second = tokio::time::timeout(PATIENCE, asked.recv()).await.expect("it comes again").unwrap();
    assert!(second - first >= Duration::from_secs(2), "it came again after {:?}", second - first);
}

#[tokio::test]
async fn enrolled_identity_is_kept_and_only_its_owner_may_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let made = plane.enroll(directory.path()).await.unwrap();
    let file = directory.path().join("identity.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let kept = Identity::load(directory.path()).await.unwrap();
    assert_eq!((kept.node_id, kept.name.as_str(), &kept.url), (made.node_id, "mars", &made.url));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let exposed = Identity::load(directory.path()).await;
    assert!(matches!(exposed, Err(IdentityError::Exposed { mode: 0o640, .. })));
}

#[tokio::test]
async fn second_enrollment_is_refused_before_the_token_is_spent() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    plane.enroll(directory.path()).await.unwrap();
    let again = plane.enroll(directory.path()).await;
    assert!(matches!(again, Err(EnrollError::Identity(IdentityError::Exists(_)))));
    assert_eq!(plane.keys.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn refused_enrollment_says_why_and_what_to_do_and_can_be_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let spent = Enrollment { token: "spent".to_owned(), ..enrollment(&plane.url(), directory.path()) };
    let refused = enroll(spent).await.unwrap_err().to_string();
    assert_eq!(refused, "the control plane refused: The token was used already. Make another in the panel.");
    assert!(matches!(Identity::load(directory.path()).await, Err(IdentityError::Missing(_))));
    plane.enroll(directory.path()).await.unwrap();
}

#[tokio::test]
async fn enrollment_elsewhere_says_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let moved = enroll(enrollment(&format!("{}/moved", plane.url()), directory.path())).await;
    assert!(matches!(moved, Err(EnrollError::Redirected { to }) if to == "https://panel.example.com/"));
    let nothing = enroll(enrollment(&format!("{}/nothing", plane.url()), directory.path())).await;
    assert!(matches!(nothing, Err(EnrollError::NotAControlPlane { status: 404 })));
}

/// A TLS proxy in front of the control plane, and the file of the authority that it is certified by.
async fn proxy(
    plane: &ControlPlane,
    directory: &std::path::Path,
    tasks: &mut JoinSet<()>,
) -> (String, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let authority = directory.join("ca.pem");
    std::fs::write(&authority, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = plane.address;
    tasks.spawn(async move {
        let mut passing = JoinSet::new();
        while let Ok((near, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            passing.spawn(async move {
                let Ok(mut near) = acceptor.accept(near).await else { return };
                let mut far = TcpStream::connect(to).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
            });
        }
    });
    (format!("https://localhost:{port}"), authority)
}

#[tokio::test]
async fn tls_with_a_trusted_authority_carries_enrollment_and_link() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut changes = plane.links.subscribe();
    let mut tasks = JoinSet::new();
    let (url, authority) = proxy(&plane, directory.path(), &mut tasks).await;
    let data = directory.path().join("data");
    let trusting = Enrollment { extra_ca: Some(authority.clone()), ..enrollment(&url, &data) };
    let _daemon = Daemon::start(enroll(trusting).await.unwrap(), Some(authority));
    plane.client(&mut changes).await.node().await.unwrap();
}

#[tokio::test]
async fn tls_with_an_unknown_authority_is_not_trusted_with_the_token() {
    let directory = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start().await;
    let mut tasks = JoinSet::new();
    let (url, _) = proxy(&plane, directory.path(), &mut tasks).await;
    let other = directory.path().join("other.pem");
    std::fs::write(&other, rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem())
        .unwrap();
    let data = directory.path().join("data");
    let refused = enroll(Enrollment { extra_ca: Some(other), ..enrollment(&url, &data) }).await;
    assert!(matches!(&refused, Err(EnrollError::Dial(link::DialError::Tls { .. }))), "{refused:?}");
    assert!(plane.keys.0.lock().unwrap().is_empty());
}
