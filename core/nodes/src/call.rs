//! One request over a link: its slot, its deadline, its cap, and what each outcome means.

use crate::{NodeBytes, NodeError, NodeStream, ProtocolFault};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use gantry_protocol::{Hello, Refusal, RefusalCode};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    client::conn::http2::SendRequest,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{error::Error, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Calls that may be under way on one link; more wait, within their deadline.
const MAX_CALLS: usize = 256;

/// Streams that may be open on one link. Together with [`MAX_CALLS`] below what the daemon serves at one time, so that
/// streams never keep a call from the wire.
const MAX_STREAMS: usize = 512;

/// The most bytes of a refusal.
const REFUSAL: usize = 64 * 1024;

/// What a request carries: a message, or bytes as they come.
pub(crate) type Payload = UnsyncBoxBody<Bytes, BodyError>;
pub(crate) type Sender = SendRequest<Payload>;

/// Why the bytes of a body did not all come.
pub type BodyError = Box<dyn Error + Send + Sync>;

/// Bytes as they come. An error breaks the request off, so that the node keeps nothing of it.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// What is said of bytes before they come, and the bytes.
pub(crate) type Downloading = (HeaderMap, NodeBytes);

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

    /// A call whose answer is text of at most `cap` bytes.
    pub(crate) async fn text(&self, path: &str, deadline: Duration, cap: usize) -> Result<String, NodeError> {
        let request = request(Method::GET, path, Bytes::new())?;
        let bytes = self.within(deadline, self.exchange(request, cap)).await?;
        String::from_utf8(bytes.into()).map_err(|_| NodeError::Protocol(ProtocolFault::Truncated))
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
        Ok(NodeStream::new(body.into_body(), permit, self.closed.clone()))
    }

    /// Asks for bytes; the deadline covers their beginning.
    pub(crate) async fn download(&self, path: &str, deadline: Duration) -> Result<Downloading, NodeError> {
        let request = request(Method::GET, path, Bytes::new())?;
        let (permit, answer) = self.within(deadline, self.open(request)).await?;
        let (head, body) = answer.into_parts();
        Ok((head.headers, NodeBytes::new(body, permit, self.closed.clone())))
    }

    /// Sends bytes as they come; the deadline covers all of them and the answer.
    pub(crate) async fn upload<T: DeserializeOwned>(
        &self,
        path: &str,
        body: BodyStream,
        length: Option<u64>,
        deadline: Duration,
    ) -> Result<T, NodeError> {
        let mut request = Request::builder().method(Method::PUT).uri(format!("http://node{path}"));
        if let Some(length) = length {
            request = request.header(header::CONTENT_LENGTH, length);
        }
        let body = StreamBody::new(body.map(|piece| piece.map(Frame::data))).boxed_unsync();
        let request = request.body(body).map_err(|_| NodeError::Protocol(ProtocolFault::Request))?;
        let exchange = async {
            let (_permit, answer) = self.open(request).await?;
            read(answer.into_body(), REFUSAL).await
        };
        let bytes = self.within(deadline, exchange).await?;
        serde_json::from_slice(&bytes).map_err(|error| NodeError::Protocol(ProtocolFault::Message(error)))
    }

    async fn exchange(&self, request: Request<Payload>, cap: usize) -> Result<Bytes, NodeError> {
        let _permit = slot(&self.calls).await?;
        let answer = self.send(request).await?;
        read(answer.into_body(), cap).await
    }

    async fn open(
        &self,
        request: Request<Payload>,
    ) -> Result<(OwnedSemaphorePermit, Response<Incoming>), NodeError> {
        let permit = slot(&self.streams).await?;
        Ok((permit, self.send(request).await?))
    }

    /// Sends, and turns every answer but a success into its error.
    async fn send(&self, request: Request<Payload>) -> Result<Response<Incoming>, NodeError> {
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

fn request(method: Method, path: &str, body: Bytes) -> Result<Request<Payload>, NodeError> {
    let mut request = Request::builder().method(method).uri(format!("http://node{path}"));
    if !body.is_empty() {
        let octets = path.starts_with("/v1/plugins/");
        let kind = if octets { "application/wasm" } else { "application/json" };
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
    request.body(body).map_err(|_| NodeError::Protocol(ProtocolFault::Request))
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
            // What is addressed by a path that is known has codes of its own.
            Ok(refusal) if status == StatusCode::NOT_FOUND && refusal.code == RefusalCode::Invalid => {
                NodeError::Unsupported
            }
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
