//! Load: some connections that each ask, wait for the whole answer, check it, and ask again.

use crate::row::{Result, Timings};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, task::JoinSet};

const CONNECTIONS: usize = 64;
const WARM: Duration = Duration::from_millis(500);
const MEASURED: Duration = Duration::from_secs(4);

/// What to ask, and how a right answer begins and how long it is at least.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) cookie: Option<String>,
    pub(crate) begins: &'static str,
    pub(crate) least_bytes: usize,
}

/// What a load showed.
pub(crate) struct Load {
    pub(crate) per_second: f64,
    pub(crate) timings: Timings,
}

impl Target {
    /// Asks as fast as 64 connections can.
    pub(crate) async fn load(&self) -> Result<Load> {
        let begin = Instant::now() + WARM;
        let end = begin + MEASURED;
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            connections.spawn(self.clone().ask(begin, end));
        }
        let mut timings = Timings::default();
        while let Some(done) = connections.join_next().await {
            timings.extend(done??);
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
        let per_second = timings.len() as f64 / MEASURED.as_secs_f64();
        Ok(Load { per_second, timings })
    }

    async fn ask(self, begin: Instant, end: Instant) -> Result<Timings> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut timings = Timings::default();
        loop {
            let asked = Instant::now();
            if asked >= end {
                break;
            }
            let mut request = Request::get(&self.path).header(header::HOST, self.address.to_string());
            if let Some(cookie) = &self.cookie {
                request = request.header(header::COOKIE, cookie);
            }
            let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            if status != 200 || body.len() < self.least_bytes || !body.starts_with(self.begins.as_bytes()) {
                let text = String::from_utf8_lossy(&body);
                return Err(format!("{} answered {status}: {text:.300}", self.path).into());
            }
            if asked >= begin {
                timings.push(asked.elapsed());
            }
        }
        driver.abort();
        Ok(timings)
    }
}
