//! One request over a link: its slot, its deadline, its cap, and what each outcome means.

use crate::{NodeError, NodeStream, ProtocolFault};
use bytes::Bytes;
use gantry_protocol::{Hello, Refusal};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, client::conn::http2::SendRequest};
use serde::{Serialize, de::DeserializeOwned};
use std::{error::Error, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Calls that may be under way on one link; more wait, within their deadline.
const MAX_CALLS: usize = 256;

/// Streams that may be open on one link. Together with [`MAX_CALLS`] below what the daemon serves at one time, so that
/// streams never keep a call from the wire.
const MAX_STREAMS: usize = 512;

/// The most bytes of a refusal.
const REFUSAL: usize = 64 * 1024;

pub(crate) type Sender = SendRequest<Full<Bytes>>;

/// One end of a link that has proved itself.
pub(crate) struct Link {
    pub(crate) hello: Hello,
    pub(crate) closed: CancellationToken,
    sender: Sender,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

/// A message's JSON.
pub(crate) fn json<T: Serialize>(message: &T) -> Result<Bytes, NodeError> {
    serde_json::to_vec(message).map(Bytes::from).map_err(|_| NodeError::Protocol(ProtocolFault::Request))
}

impl Link {
    pub(crate) fn new(hello: Hello, sender: Sender, closed: CancellationToken) -> Self {
        let (calls, streams) = (Arc::new(Semaphore::new(MAX_CALLS)), Arc::new(Semaphore::new(MAX_STREAMS)));
        Self { hello, closed, sender, calls, streams }
    }

    /// A call whose answer is a message of at most `cap` bytes.
    pub(crate) async fn fetch<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        deadline: Duration,
        cap: usize,
    ) -> Result<T, NodeError> {
        let bytes = self.within(deadline, self.exchange(request(method, path, body)?, cap)).await?;
        serde_json::from_slice(&bytes).map_err(|error| NodeError::Protocol(ProtocolFault::Message(error)))
    }

    /// A call whose answer says no more than that it was done.
    pub(crate) async fn perform(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        deadline: Duration,
    ) -> Result<(), NodeError> {
        self.within(deadline, self.exchange(request(method, path, body)?, REFUSAL)).await.map(drop)
    }

    /// Opens a stream of lines; the deadline covers its beginning.
    pub(crate) async fn follow<T: DeserializeOwned>(
        &self,
        path: &str,
        deadline: Duration,
    ) -> Result<NodeStream<T>, NodeError> {
        let request = request(Method::GET, path, Bytes::new())?;
        let (permit, body) = self.within(deadline, self.open(request)).await?;
        Ok(NodeStream::new(body, permit, self.closed.clone()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, cap: usize) -> Result<Bytes, NodeError> {
        let _permit = slot(&self.calls).await?;
        let answer = self.send(request).await?;
        read(answer.into_body(), cap).await
    }

    async fn open(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(OwnedSemaphorePermit, Incoming), NodeError> {
        let permit = slot(&self.streams).await?;
        let answer = self.send(request).await?;
        Ok((permit, answer.into_body()))
    }

    /// Sends, and turns every answer but a success into its error.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, NodeError> {
        let answer = self.sender.clone().send_request(request).await.map_err(|error| failure(&error))?;
        if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer).await) }
    }

    /// The deadline starts before the slot is had; a link's end is noticed at once.
    async fn within<T>(
        &self,
        deadline: Duration,
        call: impl Future<Output = Result<T, NodeError>>,
    ) -> Result<T, NodeError> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(NodeError::Disconnected),
            outcome = tokio::time::timeout(deadline, call) => outcome.unwrap_or(Err(NodeError::Deadline)),
        }
    }
}

async fn slot(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, NodeError> {
    Arc::clone(semaphore).acquire_owned().await.map_err(|_| NodeError::Disconnected)
}

fn request(method: Method, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, NodeError> {
    let mut request = Request::builder().method(method).uri(format!("http://node{path}"));
    if !body.is_empty() {
        let octets = path.starts_with("/v1/plugins/");
        let kind = if octets { "application/wasm" } else { "application/json" };
        request = request.header(header::CONTENT_TYPE, kind);
    }
    request.body(Full::new(body)).map_err(|_| NodeError::Protocol(ProtocolFault::Request))
}

async fn read(body: Incoming, limit: usize) -> Result<Bytes, NodeError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(NodeError::Protocol(ProtocolFault::TooLong { limit }))
        }
        Err(error) => Err(failure(error.as_ref())),
    }
}

/// What an answer other than a success means.
async fn refusal(answer: Response<Incoming>) -> NodeError {
    let status: StatusCode = answer.status();
    match read(answer.into_body(), REFUSAL).await {
        Ok(bytes) => match serde_json::from_slice::<Refusal>(&bytes) {
            Ok(refusal) => NodeError::Refused(refusal),
            Err(_) => NodeError::Protocol(ProtocolFault::Status(status.as_u16())),
        },
        Err(error) => error,
    }
}

/// What a failed exchange means: the node gave this one up, or there is no link any more.
pub(crate) fn failure(error: &(dyn Error + 'static)) -> NodeError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<h2::Error>().is_some_and(|error| error.is_reset() && error.is_remote()) {
            return NodeError::Protocol(ProtocolFault::Reset);
        }
        cause = error.source();
    }
    NodeError::Disconnected
}
