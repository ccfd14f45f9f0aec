//! One link from its upgrade to its end.

use super::{
    Identity,
    dial::{DialError, Dialer, Io, Target},
};
use axum::Router;
use gantry_protocol::tunnel::{
    ByteStream, CONNECTION_WINDOW, Caller, Frame, HANDSHAKE_DEADLINE, HandshakeError, KEEP_ALIVE_INTERVAL,
    KEEP_ALIVE_TIMEOUT, MAX_CONCURRENT_STREAMS, MAX_FRAME, MAX_HEADERS, Mapped, STREAM_WINDOW, Tasks,
    handshake,
};
use http::StatusCode;
use hyper::server::conn::http2;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{pin::pin, time::Duration};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};
use tokio_util::sync::CancellationToken;

/// How long answers that are under way may take to end when the daemon stops.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the control plane did not finish the handshake in time")]
    Deadline,
    #[error("the address leads to {to}: enroll with that address")]
    Redirected { to: String },
    #[error(
        "the address answers with status {status} where a control plane would accept a link: check it, and any proxy's WebSocket settings"
    )]
    NotAControlPlane { status: u16 },
    #[error("the control plane has too much to do at this moment, and asked for {} s of patience", wait.as_secs())]
    Busy { wait: Duration },
    #[error("the connection could not be made into a WebSocket")]
    Upgrade(#[source] Box<tungstenite::Error>),
    #[error(
        "the control plane could not prove that it enrolled this node: the node was removed or revoked there, or the address leads to another control plane; enroll it anew"
    )]
    Stranger,
    #[error(
        "the control plane refused this node; its log says why: a version that does not fit, or a node that was enrolled anew elsewhere"
    )]
    Refused,
    #[error("the handshake failed")]
    Handshake(#[source] HandshakeError),
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    #[error("the control plane ended the link, or does not answer any more")]
    Ended,
}

impl SessionError {
    /// How long the control plane asked to be left alone.
    pub(super) fn asked(&self) -> Option<Duration> {
        match self {
            Self::Busy { wait } => Some(*wait),
            _ => None,
        }
    }
}

impl From<HandshakeError> for SessionError {
    fn from(error: HandshakeError) -> Self {
        match error {
            HandshakeError::WrongSignature => Self::Stranger,
            HandshakeError::Closed { .. } => Self::Refused,
            HandshakeError::Socket(_)
            | HandshakeError::Malformed { .. }
            | HandshakeError::Version { .. }
            | HandshakeError::UnknownNode
            | HandshakeError::Nonce(_) => Self::Handshake(error),
        }
    }
}

type Socket = Mapped<WebSocketStream<Box<dyn Io>>, Message>;

/// Dials, upgrades and proves.
pub(super) async fn establish(
    identity: &Identity,
    dialer: &Dialer,
    caller: &Caller,
) -> Result<ByteStream<Socket>, SessionError> {
    let target = Target::of(&identity.url)?;
    let io = dialer.connect(&target).await?;
    let opening = async {
        let mut socket = Mapped::new(upgrade(&target, io).await?, decode, encode);
        handshake::dial(&mut socket, caller).await?;
        Ok(ByteStream::new(socket))
    };
    tokio::time::timeout(HANDSHAKE_DEADLINE, opening).await.map_err(|_| SessionError::Deadline)?
}

/// Serves until the link ends. When the daemon stops, what is under way gets a moment to end.
pub(super) async fn serve(
    stream: ByteStream<Socket>,
    router: Router,
    shutdown: &CancellationToken,
) -> Result<(), SessionError> {
    let token = CancellationToken::new();
    let _end = token.clone().drop_guard();
    let tasks = Tasks::new(token);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(builder(&tasks).serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection.as_mut()).await.unwrap_or(Ok(()))
        }
    };
    tasks.end().await;
    ended.map_err(SessionError::Broken)
}

fn builder(tasks: &Tasks) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks.clone());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
        .max_header_list_size(MAX_HEADERS)
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    builder
}

async fn upgrade(target: &Target, io: Box<dyn Io>) -> Result<WebSocketStream<Box<dyn Io>>, SessionError> {
    let scheme = if target.secure { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{}", target.authority(), target.path("/api/daemon/link"));
    let config = WebSocketConfig::default()
        .max_frame_size(Some(MAX_FRAME))
        .max_message_size(Some(MAX_FRAME))
        .write_buffer_size(MAX_FRAME)
        .max_write_buffer_size(4 * MAX_FRAME);
    match tokio_tungstenite::client_async_with_config(url, io, Some(config)).await {
        Ok((socket, _answer)) => Ok(socket),
        Err(tungstenite::Error::Http(answer)) => Err(refused(&answer)),
        Err(error) => Err(SessionError::Upgrade(Box::new(error))),
    }
}

fn refused<T>(answer: &http::Response<T>) -> SessionError {
    let said = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let status = answer.status();
    if let Some(to) = said(http::header::LOCATION).filter(|_| status.is_redirection()) {
        return SessionError::Redirected { to: to.to_owned() };
    }
    let is_load = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    match said(http::header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) if is_load => SessionError::Busy { wait: Duration::from_secs(seconds) },
        Some(_) | None => SessionError::NotAControlPlane { status: status.as_u16() },
    }
}

fn decode(message: Message) -> Option<Frame> {
    match message {
        Message::Text(text) => Some(Frame::Text(text.as_str().to_owned())),
        Message::Binary(bytes) => Some(Frame::Binary(bytes)),
        Message::Close(_) => Some(Frame::Close),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
    }
}

fn encode(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::Text(text.into()),
        Frame::Binary(bytes) => Message::Binary(bytes),
        Frame::Close => Message::Close(None),
    }
}
