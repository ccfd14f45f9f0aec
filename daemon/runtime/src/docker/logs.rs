//! Following a container's log to its end, across restarts of the engine.
//!
//! The general client of the engine gathers a whole line before it passes it on, and a tenant decides how long a line
//! is. So the log is read over a connection of its own, by [`Frames`].

use super::{
    DockerRuntime, RETRY,
    frames::{Frames, Framing},
};
use crate::{
    console::OutputChunk,
    error::RuntimeError,
    runtime::{ContainerId, Phase},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, StatusCode, body::Incoming, header::HOST};
use hyper_util::rt::TokioIo;
use std::{collections::VecDeque, pin::Pin, sync::Arc};
use tokio::{io::AsyncWrite, net::UnixStream};
use tokio_util::task::AbortOnDropHandle;

/// Where commands are written to.
pub(super) type Input = Pin<Box<dyn AsyncWrite + Send>>;

const OPERATION: &str = "read the log";

/// How a log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// Until the process ends.
    Follow,
    /// Once more after its end: what the engine wrote while it closed the log.
    Last,
}

struct Follower {
    runtime: DockerRuntime,
    id: ContainerId,
    framing: Framing,
    after: Option<DateTime<Utc>>,
    pass: Pass,
    open: Option<Open>,
    ready: VecDeque<OutputChunk>,
}

struct Open {
    body: Incoming,
    frames: Frames,
    /// Nothing up to here is passed on, because it was before.
    from: Option<DateTime<Utc>>,
    _connection: AbortOnDropHandle<()>,
}

/// The container's output after `after`, from before the call to the end of the process.
pub(super) async fn follow(
    runtime: DockerRuntime,
    id: ContainerId,
    after: Option<DateTime<Utc>>,
) -> Result<BoxStream<'static, Result<OutputChunk, RuntimeError>>, RuntimeError> {
    let config = runtime.inspect(&id).await?.config.unwrap_or_default();
    let framing = if config.tty == Some(true) { Framing::Terminal } else { Framing::Multiplexed };
    let ready = VecDeque::new();
    let mut follower = Follower { runtime, id, framing, after, pass: Pass::Follow, open: None, ready };
    follower.open = Some(follower.open_log().await?);
    Ok(stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(follower))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed())
}

impl Follower {
    async fn next(&mut self) -> Result<Option<OutputChunk>, RuntimeError> {
        loop {
            if let Some(chunk) = self.ready.pop_front() {
                self.after = Some(chunk.at);
                return Ok(Some(chunk));
            }
            let Some(open) = &mut self.open else {
                match self.reopen().await? {
                    Some(open) => self.open = Some(open),
                    None => return Ok(None),
                }
                continue;
            };
            match open.body.frame().await {
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    let from = open.from;
                    let unseen = open
                        .frames
                        .push(data)
                        .into_iter()
                        .filter(|one| from.is_none_or(|from| one.at > from));
                    self.ready.extend(unseen);
                }
                Some(Err(_)) | None => self.open = None,
            }
        }
    }

    /// What to read after a log ended: its rest if the process lives, the last words if not, then nothing.
    async fn reopen(&mut self) -> Result<Option<Open>, RuntimeError> {
        loop {
            let opened = match (self.pass, self.runtime.phase(&self.id).await) {
                (Pass::Last, _) | (_, Err(RuntimeError::NoSuchContainer { .. })) => return Ok(None),
                (Pass::Follow, Ok(Phase::Running { .. })) => {
                    tokio::time::sleep(RETRY).await;
                    self.open_log().await
                }
                (Pass::Follow, Ok(Phase::Ended(_) | Phase::Unstarted)) => {
                    self.pass = Pass::Last;
                    self.open_log().await
                }
                (Pass::Follow, Err(error)) => Err(error),
            };
            match opened {
                Ok(open) => return Ok(Some(open)),
                Err(RuntimeError::Unreachable { .. }) => {
                    self.pass = Pass::Follow;
                    tokio::time::sleep(RETRY).await;
                }
                Err(RuntimeError::NoSuchContainer { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    async fn open_log(&self) -> Result<Open, RuntimeError> {
        let socket = UnixStream::connect(&self.runtime.config.socket).await.map_err(unreachable)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(unreachable)?;
        let connection = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection that read a log ended");
            }
        }));
        let request = Request::get(self.path()).header(HOST, "docker").body(Empty::<Bytes>::new());
        let request = request.map_err(unreachable)?;
        let answer = sender.send_request(request).await.map_err(unreachable)?;
        match answer.status() {
            StatusCode::OK => Ok(Open {
                body: answer.into_body(),
                frames: Frames::new(self.framing),
                from: self.after,
                _connection: connection,
            }),
            StatusCode::NOT_FOUND => Err(RuntimeError::NoSuchContainer { id: self.id.0.clone() }),
            status => Err(RuntimeError::Refused { operation: OPERATION, message: status.to_string() }),
        }
    }

    fn path(&self) -> String {
        let api = self.runtime.docker.client_version();
        let follow = u8::from(self.pass == Pass::Follow);
        let since = self.after.map_or_else(String::new, |at| {
            format!("&since={}.{:09}", at.timestamp(), at.timestamp_subsec_nanos())
        });
        format!(
            "/v{}.{}/containers/{}/logs?stdout=1&stderr=1&timestamps=1&follow={follow}{since}",
            api.major_version, api.minor_version, self.id
        )
    }
}

fn unreachable(error: impl std::error::Error + Send + Sync + 'static) -> RuntimeError {
    RuntimeError::Unreachable { operation: OPERATION, source: Arc::new(error) }
}
