//! Readiness: every probe of the run spec has to pass once.

use super::work::{Work, to_watch};
use crate::console::{Console, text};
use futures_util::future::join_all;
use gantry_host::{Endpoints, Query, reachable};
use gantry_protocol::ConsoleSource;
use gantry_types::{
    plan::Probe,
    server::{Endpoint, Protocol},
};
use regex::{Regex, RegexBuilder};
use std::{sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Between two attempts of one probe.
const PAUSE: Duration = Duration::from_millis(500);
/// One attempt takes no longer.
const ATTEMPT: Duration = Duration::from_secs(2);
/// A connection that stays open for so long is one to the game: an engine's proxy closes it when nobody listens behind.
const HOLDS: Duration = Duration::from_millis(250);
/// Enough of an HTTP answer for its status: `HTTP/1.1 200`.
const STATUS_LINE_BYTES: u32 = 12;
/// Why a probe of an endpoint can never pass.
const NO_ENDPOINT: &str = "a readiness probe names an endpoint that the server does not have";
/// Compiled size of a pattern.
const PATTERN_BYTES: usize = 1 << 20;

/// Returns when all probes have passed. `first_line` is the first console line that may be the process's.
pub(crate) async fn until_ready(work: Work, probes: Vec<Probe>, first_line: u64) {
    join_all(probes.iter().map(|probe| pass(&work, probe, first_line))).await;
}

async fn pass(work: &Work, probe: &Probe, first_line: u64) {
    match probe {
        Probe::Console { pattern } => match RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build() {
            Ok(pattern) => until_line(&work.console, &pattern, first_line).await,
            Err(_) => never(work, "a readiness pattern of the plugin is not valid").await,
        },
        Probe::Tcp { endpoint } => {
            let endpoints = Endpoints::new(work.server.endpoints.clone());
            let Some(address) = endpoints.named(endpoint, Protocol::Tcp).and_then(reachable) else {
                return never(work, NO_ENDPOINT).await;
            };
            repeat(work, || accepts(address)).await;
        }
        Probe::Udp { endpoint, payload } => {
            let endpoints = Endpoints::new(work.server.endpoints.clone());
            let Some(endpoint) = endpoints.named(endpoint, Protocol::Udp) else {
                return never(work, NO_ENDPOINT).await;
            };
            repeat(work, || async {
                endpoints.datagram(endpoint, payload.clone(), 1, ATTEMPT).await.is_ok()
            })
            .await;
        }
        Probe::Http { endpoint, path } => {
            let endpoints = Endpoints::new(work.server.endpoints.clone());
            let Some(endpoint) = endpoints.named(endpoint, Protocol::Tcp) else {
                return never(work, NO_ENDPOINT).await;
            };
            repeat(work, || serves(&endpoints, endpoint, path)).await;
        }
        Probe::Collector => repeat(work, || collects(work)).await,
    }
}

/// A probe that cannot pass says so once, where its author looks.
async fn never(work: &Work, why: &str) {
    work.console.say(work.now(), &format!("The server will not count as ready: {why}."));
    std::future::pending().await
}

async fn repeat<F: Future<Output = bool>>(work: &Work, mut attempt: impl FnMut() -> F) {
    while !attempt().await {
        tokio::time::sleep(work.shared.clock.wait(PAUSE)).await;
    }
}

pub(super) async fn until_line(console: &Arc<Console>, pattern: &Regex, first_line: u64) {
    let mut changes = console.watch();
    let mut cursor = first_line;
    loop {
        changes.borrow_and_update();
        let (lines, next) = console.recent(cursor, usize::MAX);
        let found = lines
            .iter()
            .filter(|line| line.source == ConsoleSource::Game)
            .any(|line| pattern.is_match(&text::plain(&line.text)));
        if found {
            return;
        }
        cursor = next;
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

async fn accepts(address: std::net::SocketAddr) -> bool {
    let attempt = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let mut byte = [0];
        match tokio::time::timeout(HOLDS, stream.read(&mut byte)).await {
            Ok(Ok(0) | Err(_)) => None,
            Ok(Ok(_)) | Err(_) => Some(()),
        }
    };
    tokio::time::timeout(ATTEMPT, attempt).await.ok().flatten().is_some()
}

/// Whether a request is answered with a status below 400. Of the answer only its first line matters.
async fn serves(endpoints: &Endpoints, endpoint: &Endpoint, path: &str) -> bool {
    let host = format!("{}:{}", endpoint.address, endpoint.port);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = endpoints.exchange(endpoint, request.into_bytes(), STATUS_LINE_BYTES, ATTEMPT).await;
    answer.is_ok_and(|answer| status(&answer.payload).is_some_and(|status| status < 400))
}

fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.strip_prefix(b"HTTP/1.")?.get(1..)?.strip_prefix(b" ")?;
    std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()
}

async fn collects(work: &Work) -> bool {
    let Ok(plugin) = work.plugin().await else { return false };
    let query = Arc::new(Endpoints::new(work.server.endpoints.clone()));
    plugin.collect(&work.call().querying(query), &to_watch(&work.server)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    /// Whether the probe passes where somebody does this with each connection.
    async fn passes<F: Future<Output = ()>>(serve: impl Fn(TcpStream) -> F) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream).await;
            }
        };
        tokio::select! {
            passed = accepts(address) => passed,
            () = serving => unreachable!("it serves for ever"),
        }
    }

    #[tokio::test]
    async fn a_game_that_keeps_a_connection_or_greets_is_there() {
        let keep = |stream: TcpStream| async move {
            std::future::pending::<()>().await;
            drop(stream);
        };
        assert!(passes(keep).await);
        let greet = |mut stream: TcpStream| async move {
            stream.write_all(b"220 ready\r\n").await.unwrap();
        };
        assert!(passes(greet).await);
    }

    #[tokio::test]
    async fn a_closed_port_and_a_proxy_with_nobody_behind_it_are_not_a_game() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert!(!accepts(free).await);
        assert!(!passes(|stream| async move { drop(stream) }).await);
        let reset = |stream: TcpStream| async move {
            stream.set_zero_linger().unwrap();
        };
        assert!(!passes(reset).await);
    }

    /// Whether the HTTP probe passes where every request gets this answer.
    async fn passes_http(answer: &'static [u8]) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint {
            name: "web".to_owned(),
            protocol: Protocol::Tcp,
            address: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
        };
        let serving = async {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 512];
                let length = stream.read(&mut request).await.unwrap();
                assert!(request[..length].starts_with(b"GET /health?full HTTP/1.1\r\nHost: 127.0.0.1:"));
                stream.write_all(answer).await.unwrap();
            }
        };
        let endpoints = Endpoints::new(vec![endpoint.clone()]);
        tokio::select! {
            passed = serves(&endpoints, &endpoint, "/health?full") => passed,
            () = serving => unreachable!("it serves for ever"),
        }
    }

    #[tokio::test]
    async fn a_game_that_serves_pages_is_ready_once_a_page_is_there() {
        for good in [
            "HTTP/1.1 200 OK\r\n\r\nfine",
            "HTTP/1.0 204 \r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
        ] {
            assert!(passes_http(good.as_bytes()).await, "{good}");
        }
        for bad in [
            "HTTP/1.1 503 Starting\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2\r\n",
            "HTTP/1.1 no",
            "",
        ] {
            assert!(!passes_http(bad.as_bytes()).await, "{bad}");
        }
    }
}
