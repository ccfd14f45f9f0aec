//! The listener: bounded connections, of one network no more than its share, slow ones dropped, and an orderly end.
//!
//! Only HTTP/1.1 is spoken: TLS and HTTP/2 towards browsers are a proxy's, and WebSockets need the former.

use crate::shares::{Part, Shares};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
};
use gantry_api::Peer;
use gantry_app::Seldom;
use http::{HeaderValue, Request, header::CONNECTION};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 16_384;
/// How long a request's head may take, and how long a connection may stay idle.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long who asked may read nothing of what is ready for them, be it an answer, a file or a WebSocket's frames.
const UNREAD_TIME: Duration = Duration::from_secs(30);
/// Headers in one request.
const HEADERS: usize = 100;
/// Bytes of one request's head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long requests that have begun may take to end.
const GRACE: Duration = Duration::from_secs(15);
/// A pause after an accept that failed, such as for want of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// How often it is said that connections cannot be accepted.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// The room that one connection takes.
struct Place {
    _permit: OwnedSemaphorePermit,
    _part: Part,
}

/// Serves until `closing`, then lets what has begun end.
pub(crate) async fn serve(listener: TcpListener, router: Router, shares: Shares, closing: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    while let Some((stream, peer, place)) =
        closing.run_until_cancelled(accept(&listener, &room, &shares)).await
    {
        let (router, closing) = (router.clone(), closing.clone());
        connections.spawn(async move {
            if let Err(error) = converse(stream, peer, router, closing).await {
                tracing::debug!(%peer, %error, "a connection broke");
            }
            drop(place);
        });
    }
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were cut because they did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    shares: &Shares,
) -> (TcpStream, SocketAddr, Place) {
    static FAILED: Seldom = Seldom::new(SAID_EVERY);
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match accept_one(listener).await {
            Ok((stream, peer)) => match shares.take(peer.ip()) {
                Some(part) => return (stream, peer, Place { _permit: permit, _part: part }),
                None => metrics::counter!("gantry_connections_refused_total").increment(1),
            },
            Err(error) => {
                if let Some(left_out) = FAILED.due("accept") {
                    tracing::warn!(%error, left_out, "a connection could not be accepted");
                }
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn accept_one(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    // Console lines are small and must not wait for one another.
    stream.set_nodelay(true)?;
    Ok((stream, peer))
}

/// Ends with an error where nothing could be written for a while, and lets go of what was to be written with it.
fn impatient(stream: TcpStream) -> Pin<Box<TimeoutStream<TcpStream>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(UNREAD_TIME));
    Box::pin(stream)
}

/// Whether there is more of a request's body than was read of it.
#[derive(Clone)]
struct Unread(Arc<AtomicBool>);

impl Unread {
    fn of(body: &Incoming) -> Self {
        Self(Arc::new(AtomicBool::new(!body.is_end_stream())))
    }
}

/// A request's body, which says when it was read to its end.
struct Watched {
    body: Incoming,
    unread: Unread,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.unread.0.store(false, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that does not wait for the whole request ends its connection, and says so: who asks next would otherwise ask
/// on one that is about to be closed.
async fn answer(
    router: Router,
    request: Request<Body>,
    unread: Unread,
) -> Result<http::Response<Body>, Infallible> {
    let mut answer = router.oneshot(request).await?;
    if unread.0.load(Ordering::Relaxed) {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    closing: CancellationToken,
) -> Result<(), hyper::Error> {
    let service = service_fn(move |request: Request<Incoming>| {
        let unread = Unread::of(request.body());
        let mut request = request.map(|body| Body::new(Watched { body, unread: unread.clone() }));
        request.extensions_mut().insert(Peer(peer));
        answer(router.clone(), request, unread)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(impatient(stream)), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = closing.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    connection.await
}
