//! A download server of the test's own on loopback, which the daemon reaches only because the test's configuration says
//! so; and an archive to offer.

use flate2::{Compression, write::GzEncoder};
use std::sync::Arc;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// The archive's one file.
pub(crate) const PROGRAM: &str = "#!/bin/sh\necho playing\n";

/// Serves `/game.tar.gz`, and `/held.tar.gz`: the same, but for its end, which comes once [`Mirror::let_go`] was called.
pub(crate) struct Mirror {
    port: u16,
    held: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mirror {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (held, _) = watch::channel(true);
        let (holding, body) = (held.clone(), Arc::new(archive()));
        let task = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (body, holding) = (Arc::clone(&body), holding.subscribe());
                serving.spawn(async move { answer(stream, &body, holding).await.ok() });
            }
        });
        Self { port, held, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn let_go(&self) {
        self.held.send_replace(false);
    }
}

async fn answer(stream: TcpStream, body: &[u8], mut held: watch::Receiver<bool>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let mut header = String::new();
    while stream.read_line(&mut header).await? > 2 {
        header.clear();
    }
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    match request.split(' ').nth(1).unwrap_or_default() {
        "/game.tar.gz" => {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body).await?;
        }
        "/held.tar.gz" => {
            let (beginning, end) = body.split_at(length / 2);
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(beginning).await?;
            stream.flush().await?;
            held.wait_for(|held| !held).await.ok();
            stream.write_all(end).await?;
        }
        _ => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?,
    }
    stream.shutdown().await
}

/// `game/bin/start`, which is [`PROGRAM`].
pub(crate) fn archive() -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut header = tar::Header::new_gnu();
    header.set_size(PROGRAM.len() as u64);
    header.set_mode(0o755);
    tar.append_data(&mut header, "game/bin/start", PROGRAM.as_bytes()).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}
