//! A server that plays a registry, and says whatever a test wants.

use gantry_distribution::{
    Artifact, Credentials, DistributionError, Limits, Network, Reference, Registry, RegistryHost,
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GET /v2/…`.
    pub(crate) line: String,
    pub(crate) authorization: Option<String>,
}

/// What is answered.
pub(crate) enum Reply {
    Whole {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// A body without length and end, after this status.
    Endless(u16),
    /// Headers, and then nothing.
    Silence,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Whole { status: 200, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::Whole { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Whole { status, mut headers, body } => {
                headers.push((name, value.into()));
                Self::Whole { status, headers, body }
            }
            other => other,
        }
    }
}

pub(crate) struct Stage {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    sent: Arc<AtomicU64>,
    _connections: JoinSet<()>,
}

impl Stage {
    /// Plays until the test ends. The play gets each request, and its own port.
    pub(crate) async fn play(play: impl Fn(&Asked, u16) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, sent) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<AtomicU64>::default());
        let mut connections = JoinSet::new();
        let (requests, bytes, play) = (Arc::clone(&asked), Arc::clone(&sent), Arc::new(play));
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, bytes, play) = (Arc::clone(&requests), Arc::clone(&bytes), Arc::clone(&play));
                open.spawn(async move {
                    serve(stream, &requests, &bytes, |asked| play(asked, port)).await;
                });
            }
        });
        Self { port, asked, sent, _connections: connections }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Bytes of bodies that the other side took.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn host(&self) -> RegistryHost {
        format!("127.0.0.1:{}", self.port).parse().unwrap()
    }

    pub(crate) fn client(&self) -> Registry {
        self.client_with(Credentials::Anonymous)
    }

    pub(crate) fn client_with(&self, credentials: Credentials) -> Registry {
        let limits = Limits { total: Duration::from_secs(20), ..Limits::default() };
        self.client_within(credentials, limits)
    }

    pub(crate) fn client_within(&self, credentials: Credentials, limits: Limits) -> Registry {
        Registry::open(&self.host(), Network::Loopback, credentials, limits).unwrap()
    }
}

async fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<Asked>>,
    sent: &AtomicU64,
    play: impl Fn(&Asked) -> Reply,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let authorization = lines.find_map(|line| line.strip_prefix("authorization: ").map(str::to_owned));
    let asked = Asked { line, authorization };
    requests.lock().unwrap().push(asked.clone());
    match play(&asked) {
        Reply::Whole { status, headers, body } => {
            let mut head =
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head += &format!("{name}: {value}\r\n");
            }
            // Whoever has seen enough goes away; that is no fault of the play.
            stream.write_all((head + "\r\n").as_bytes()).await.ok();
            stream.write_all(&body).await.ok();
        }
        Reply::Endless(status) => {
            let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok();
            let piece = vec![b' '; 64 * 1024];
            while stream.write_all(&piece).await.is_ok() {
                sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
            }
        }
        Reply::Silence => {
            stream.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 10\r\n\r\n").await.ok();
            // Until the other side gives up.
            stream.read_u8().await.ok();
        }
    }
}

/// What is asked for.
pub(crate) fn at(stage: &Stage) -> Reference {
    format!("{}/game:1", stage.host()).parse().unwrap()
}

/// Asks for it and says what came of that.
pub(crate) async fn fails(stage: &Stage) -> DistributionError {
    stage.client().pull(&at(stage)).await.expect_err("it was taken")
}

/// Hands out a plugin as a registry should.
pub(crate) fn honest(artifact: &Artifact, asked: &Asked) -> Reply {
    let digest = |bytes: &[u8]| gantry_distribution::Digest::of(bytes).to_string();
    let blobs = [artifact.config(), artifact.component()];
    if asked.line.contains("/manifests/") {
        return Reply::ok(artifact.manifest().to_vec());
    }
    let found = blobs.into_iter().find(|blob| asked.line.ends_with(&digest(blob)));
    found.map_or(Reply::status(404), |blob| Reply::ok(blob.to_vec()))
}
