//! Downloads from a server of the test's own, which may be reached only because the test says so.

use crate::{Fixture, never};
use gantry_files::{Downloaded, FilesError, OutboundClient, OutboundConfig, OutboundError, Quota};
use gantry_types::plan::{Digest, DigestAlgorithm, Download};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

const SHA256_HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const SHA1_HELLO: &str = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d";

/// An HTTP server that knows a few paths.
struct Server {
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                serving.spawn(async move { answer(stream, port).await.ok() });
            }
        });
        Self { port, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

async fn answer(stream: TcpStream, port: u16) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let mut header = String::new();
    while stream.read_line(&mut header).await? > 2 {
        header.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let close = "connection: close\r\n\r\n";
    let to = |location: String| {
        format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n{close}")
    };
    let text = match path {
        "/hello" => format!("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n{close}hello"),
        "/once" => to("/hello".to_owned()),
        "/loop" => to("/loop".to_owned()),
        "/metadata" => to("http://169.254.169.254/latest/meta-data".to_owned()),
        "/private-name" => to(format!("http://user@127.0.0.1:{port}/hello")),
        "/file" => to("file:///etc/passwd".to_owned()),
        "/huge" => format!("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n{close}"),
        "/endless" => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{close}").as_bytes()).await?;
            loop {
                stream.write_all(&[b'x'; 4096]).await?;
            }
        }
        "/short" => format!("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n{close}only this"),
        "/silent" => std::future::pending().await,
        _ => format!("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n{close}"),
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

fn client(allow_loopback: bool) -> OutboundClient {
    let quick = Duration::from_secs(2);
    let config = OutboundConfig {
        allow_loopback,
        idle_timeout: quick,
        total_timeout: quick * 5,
        ..Default::default()
    };
    OutboundClient::new(config).unwrap()
}

fn wish(url: String) -> Download {
    Download { url, path: "mods/file.jar".to_owned(), expect: None, max_bytes: 1000, hosts: vec![] }
}

async fn fetch(fixture: &Fixture, download: &Download) -> Result<Downloaded, OutboundError> {
    let fetched = client(true)
        .download(download, &fixture.jail, Quota::default().reserve(), &|_, _| {}, &never())
        .await;
    fetched.map_err(|error| match error {
        FilesError::Outbound(error) => {
            let left = std::fs::read_dir(fixture.root.join("mods")).unwrap().count();
            assert_eq!(left, 0, "a failed download leaves nothing");
            error
        }
        other => panic!("{other:?}"),
    })
}

#[tokio::test]
async fn a_file_arrives_with_its_digest_and_progress() {
    let (server, fixture) = (Server::start().await, Fixture::new());
    let seen = AtomicU64::new(0);
    let progress = |done: u64, total: Option<u64>| {
        assert_eq!(total, Some(5));
        seen.store(done, Ordering::Relaxed);
    };
    let download = wish(server.url("/once"));
    let done = client(true)
        .download(&download, &fixture.jail, Quota::default().reserve(), &progress, &never())
        .await
        .unwrap();
    assert_eq!(done, Downloaded { bytes: 5, sha256: SHA256_HELLO.to_owned() });
    assert_eq!(fixture.content("mods/file.jar"), "hello");
    assert_eq!(seen.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_wrong_digest_leaves_nothing() {
    let (server, fixture) = (Server::start().await, Fixture::new());
    let mut download = wish(server.url("/hello"));
    for (algorithm, hex, fits) in [
        (DigestAlgorithm::Sha1, "00", false),
        (DigestAlgorithm::Sha512, SHA256_HELLO, false),
        (DigestAlgorithm::Sha256, SHA1_HELLO, false),
        (DigestAlgorithm::Sha256, SHA256_HELLO, true),
        (DigestAlgorithm::Sha1, SHA1_HELLO, true),
    ] {
        download.expect = Some(Digest { algorithm, hex: hex.to_uppercase() });
        let fetched = fetch(&fixture, &download).await;
        match fits {
            true => assert_eq!(fetched.unwrap().bytes, 5),
            false => assert!(matches!(fetched, Err(OutboundError::Digest { .. })), "{fetched:?}"),
        }
    }
}

#[tokio::test]
async fn redirects_are_few_and_each_is_checked() {
    let (server, fixture) = (Server::start().await, Fixture::new());
    let to = |path: &str| wish(server.url(path));
    let looped = fetch(&fixture, &to("/loop")).await;
    assert!(matches!(looped, Err(OutboundError::TooManyRedirects { .. })), "{looped:?}");
    let metadata = fetch(&fixture, &to("/metadata")).await;
    assert!(matches!(metadata, Err(OutboundError::NotPublic { .. })), "{metadata:?}");
    for path in ["/private-name", "/file"] {
        let refused = fetch(&fixture, &to(path)).await;
        assert!(matches!(refused, Err(OutboundError::NotAllowed { .. })), "{path}: {refused:?}");
    }
}

#[tokio::test]
async fn size_status_and_silence_are_limited() {
    let (server, fixture) = (Server::start().await, Fixture::new());
    for path in ["/huge", "/endless"] {
        let refused = fetch(&fixture, &wish(server.url(path))).await;
        assert!(matches!(refused, Err(OutboundError::TooLarge { limit: 1000, .. })), "{path}: {refused:?}");
    }
    let missing = fetch(&fixture, &wish(server.url("/nothing"))).await;
    assert!(matches!(missing, Err(OutboundError::Status { status: 404, .. })), "{missing:?}");
    for path in ["/silent", "/short"] {
        let failed = fetch(&fixture, &wish(server.url(path))).await;
        assert!(matches!(failed, Err(OutboundError::Transport { .. })), "{path}: {failed:?}");
    }
}

#[tokio::test]
async fn a_download_takes_no_more_room_than_the_server_has() {
    let (server, fixture, quota) = (Server::start().await, Fixture::new(), Quota::default());
    let download = async |path: &str, limit: u64| {
        let mut wish = wish(server.url(path));
        wish.max_bytes = u64::MAX;
        quota.limit(Some(limit));
        client(true).download(&wish, &fixture.jail, quota.reserve(), &|_, _| {}, &never()).await
    };
    for (path, limit) in [("/once", 4095), ("/endless", 1 << 20)] {
        let refused = download(path, limit).await;
        assert!(
            matches!(refused, Err(FilesError::Quota { limit: told }) if told == limit),
            "{path}: {refused:?}"
        );
        assert_eq!((quota.taken(), std::fs::read_dir(fixture.root.join("mods")).unwrap().count()), (0, 0));
    }
    download("/once", 4096).await.unwrap();
    assert_eq!(quota.taken(), 4096);
}

#[tokio::test]
async fn a_cancelled_download_leaves_nothing() {
    let (server, fixture, cancel) = (Server::start().await, Fixture::new(), never());
    let progress = |_: u64, _: Option<u64>| cancel.cancel();
    let mut endless = wish(server.url("/endless"));
    endless.max_bytes = u64::MAX;
    let ended =
        client(true).download(&endless, &fixture.jail, Quota::default().reserve(), &progress, &cancel).await;
    assert!(matches!(ended, Err(FilesError::Cancelled)), "{ended:?}");
    assert_eq!(std::fs::read_dir(fixture.root.join("mods")).unwrap().count(), 0);
}

#[tokio::test]
async fn the_machine_and_its_network_are_out_of_reach() {
    let fixture = Fixture::new();
    for (url, public) in [
        ("https://127.0.0.1/", false),
        ("https://2130706433/", false),
        ("https://0x7f.1/", false),
        ("https://[::1]/", false),
        ("https://[::ffff:169.254.169.254]/", false),
        ("https://[64:ff9b::10.0.0.1]/", false),
        ("https://10.0.0.1/", false),
        ("https://localhost/", false),
        ("http://1.1.1.1/", true),
        ("ftp://1.1.1.1/", true),
        ("https://user:password@1.1.1.1/", true),
        ("not a url", true),
    ] {
        let refused = client(false)
            .download(&wish(url.to_owned()), &fixture.jail, Quota::default().reserve(), &|_, _| {}, &never())
            .await;
        match refused {
            Err(FilesError::Outbound(OutboundError::NotPublic { .. })) if !public => {}
            Err(FilesError::Outbound(OutboundError::NotAllowed { .. })) if public => {}
            other => panic!("{url}: {other:?}"),
        }
    }
}
