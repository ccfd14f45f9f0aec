//! The outermost layer: each request gets an id, a span, a client address, numbers, safe headers, and an answer even if
//! a handler panics.

use crate::{edge::Edge, guard::client, headers, problem, problem::EdgeError};
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use gantry_app::Origin;
use http::{HeaderName, HeaderValue, Method, header};
use std::{
    any::Any,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    time::Instant,
};
use tracing::Instrument;
use uuid::Uuid;

/// The other end of the connection. Whoever accepts connections puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// Longest `User-Agent` that is remembered.
const USER_AGENT: usize = 256;

pub(crate) async fn observe(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let counted = counted(&edge, &request);
    let origin = origin(&edge, &request, &id, counted);
    let route = request.extensions().get::<MatchedPath>().map_or("panel", |path| path.as_str()).to_owned();
    let method = known(request.method());
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        http.method = %method,
        http.route = %route,
        client.ip = %counted.0,
    );
    request.extensions_mut().insert(origin);
    request.extensions_mut().insert(counted);

    let began = Instant::now();
    let response = async {
        let handled = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = handled.unwrap_or_else(|panic| EdgeError::Panicked(words(&*panic)).into_response());
        let response = problem::render(response, &id);
        tracing::debug!(http.status = response.status().as_u16(), duration = ?began.elapsed(), "answered");
        response
    };
    let mut response = response.instrument(span).await;

    let labels =
        [("method", method.to_owned()), ("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!("gantry_http_requests_total", &labels).increment(1);
    metrics::histogram!("gantry_http_request_seconds", &labels[..2]).record(began.elapsed().as_secs_f64());
    headers::secure(response.headers_mut(), edge.https());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// A method by its name. Any token is one to HTTP: what strangers make up would be a series of numbers each, kept for ever.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// The address that limits count by: the client's, or that of whoever claims to speak for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted(pub(crate) IpAddr);

fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().map(|peer| peer.0.ip())
}

fn counted(edge: &Edge, request: &Request) -> Counted {
    let client = peer(request).map(|peer| client::address(peer, request.headers(), edge.trusted_proxies()));
    Counted(client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

fn origin(edge: &Edge, request: &Request, id: &str, counted: Counted) -> Origin {
    let headers = request.headers();
    let known = peer(request).filter(|peer| !client::is_doubtful(*peer, headers, edge.trusted_proxies()));
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        request_id: Some(id.to_owned()),
        ip: known.map(|_| counted.0),
        user_agent: agent.map(|agent| agent.chars().take(USER_AGENT).collect()),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no words").to_owned()
}
