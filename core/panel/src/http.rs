//! The listener: bounded connections, slow ones dropped, and an orderly end.
//!
//! Only HTTP/1.1 is spoken: TLS and HTTP/2 towards browsers are a proxy's, and WebSockets need the former.

use axum::{Router, body::Body};
use gantry_api::Peer;
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{io, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};
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

/// Serves until `closing`, then lets what has begun end.
pub(crate) async fn serve(listener: TcpListener, router: Router, closing: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    while let Some((stream, peer, permit)) = closing.run_until_cancelled(accept(&listener, &room)).await {
        let (router, closing) = (router.clone(), closing.clone());
        connections.spawn(async move {
            if let Err(error) = converse(stream, peer, router, closing).await {
                tracing::debug!(%peer, %error, "a connection broke");
            }
            drop(permit);
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
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match accept_one(listener).await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
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

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    closing: CancellationToken,
) -> Result<(), hyper::Error> {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
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
