//! Requests to the control plane from addresses of one's own, as browsers send them: one after another on a connection that
//! is kept.

use crate::row::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};

/// Longer than the control plane lets any of these take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Who asks, and from where.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) from: Ipv4Addr,
    pub(super) to: SocketAddr,
    pub(super) cookie: Option<String>,
}

/// One answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// When to ask again, if it says so.
    pub(super) retry_after: Option<Duration>,
    /// Of a session that began.
    pub(super) cookie: Option<String>,
    pub(super) body: Value,
}

/// A connection that is kept while this is.
pub(super) struct Line {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    cookie: Option<String>,
    _driver: JoinSet<()>,
}

impl Door {
    /// A connection from that address.
    pub(super) async fn stream(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.from, 0)))?;
        let stream = timeout(PATIENCE, socket.connect(self.to)).await??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(super) async fn line(&self) -> Result<Line> {
        let (sender, connection) = http1::handshake(TokioIo::new(self.stream().await?)).await?;
        let mut driver = JoinSet::new();
        // How the connection ends is told by the requests on it.
        driver.spawn(async move { drop(connection.await) });
        Ok(Line { sender, host: self.to.to_string(), cookie: self.cookie.clone(), _driver: driver })
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.line().await?.ask(method, path, body).await
    }

    /// What is not answered with 2xx is an error.
    pub(super) async fn must(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let Answer { status, body, .. } = self.ask(method, path, body).await?;
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(format!("{method} {path} answered {status}: {body}").into())
        }
    }
}

impl Line {
    pub(super) async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body)))?;
        let asked = async { read(self.sender.send_request(request).await?).await };
        timeout(PATIENCE, asked).await?
    }
}

async fn read(answer: Response<Incoming>) -> Result<Answer> {
    let status = answer.status().as_u16();
    let said = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = said(header::RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let cookie = said(header::SET_COOKIE).and_then(|text| text.split(';').next()).map(str::to_owned);
    let body = answer.into_body().collect().await?.to_bytes();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Answer { status, retry_after, cookie, body })
}
