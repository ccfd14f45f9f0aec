//! Calls that answer once.

use super::Refused;
use crate::{
    failure::chain,
    node::Node,
    plugins::PluginsError,
    report,
    server::{ServerHandle, refusal},
};
use axum::{
    Json,
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request, State,
        rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection},
    },
    http::{StatusCode, request::Parts},
};
use gantry_protocol::{
    Acknowledge, ConsoleCommand, ConsolePage, DesiredNode, DesiredServer, NodeReport, ObservedServer,
    Refusal, RefusalCode, SftpGrants,
};
use gantry_types::ServerId;
use serde::{Deserialize, de::DeserializeOwned};

/// Lines of a page when nobody says how many.
const PAGE: usize = 200;

/// An id from the path.
pub(super) struct Id(pub(super) ServerId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|rejection: PathRejection| invalid(rejection.body_text()))?;
        text.parse().map(Self).map_err(|_| invalid("a server's id is a UUID"))
    }
}

/// A JSON body whose refusal is a [`Refusal`].
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let body = Json::<T>::from_request(request, state).await;
        body.map(|Json(value)| Self(value)).map_err(|rejection: JsonRejection| {
            Refused::new(rejection.status(), RefusalCode::Invalid, rejection.body_text())
        })
    }
}

/// A query string whose refusal is a [`Refusal`].
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| invalid(rejection.body_text()))
    }
}

pub(super) fn invalid(message: impl Into<String>) -> Refused {
    refusal(RefusalCode::Invalid, message).into()
}

/// The handle of a server that must be known.
pub(super) fn known(node: &Node, id: ServerId) -> Result<ServerHandle, Refusal> {
    node.server(id).ok_or_else(|| refusal(RefusalCode::UnknownServer, "no such server on this node"))
}

pub(super) fn internal(error: &dyn std::error::Error) -> Refused {
    tracing::error!(error = chain(error), "a request could not be answered");
    refusal(RefusalCode::Internal, error.to_string()).into()
}

pub(super) async fn node(State(node): State<Node>) -> Result<Json<NodeReport>, Refused> {
    Ok(Json(report::node(&node).await.map_err(|error| internal(&error))?))
}

pub(super) async fn put_desired(
    State(node): State<Node>,
    Body(desired): Body<DesiredNode>,
) -> Result<StatusCode, Refused> {
    node.shared().drains.want(&node, desired).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn put_plugin(
    State(node): State<Node>,
    Path(digest): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Refused> {
    let body = body
        .map_err(|rejection| Refused::new(rejection.status(), RefusalCode::Invalid, rejection.body_text()))?;
    match node.shared().plugins.put(&digest, &body).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error @ (PluginsError::Name | PluginsError::Digest { .. })) => {
            Err(refusal(RefusalCode::DigestMismatch, error.to_string()).into())
        }
        Err(error) => Err(internal(&error)),
    }
}

pub(super) async fn servers(State(node): State<Node>) -> Result<Json<Vec<ObservedServer>>, Refused> {
    Ok(Json(node.observe().await?))
}

pub(super) async fn put_server(
    State(node): State<Node>,
    Id(id): Id,
    Body(desired): Body<DesiredServer>,
) -> Result<Json<ObservedServer>, Refused> {
    if desired.id != id {
        return Err(invalid("the body is about another server than the path"));
    }
    Ok(Json(node.apply(desired).await?))
}

pub(super) async fn command(
    State(node): State<Node>,
    Id(id): Id,
    Body(command): Body<ConsoleCommand>,
) -> Result<StatusCode, Refused> {
    known(&node, id)?.command(command).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct PageAsked {
    after: Option<u64>,
    limit: Option<usize>,
}

pub(super) async fn console(
    State(node): State<Node>,
    Id(id): Id,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<ConsolePage>, Refused> {
    let console = known(&node, id)?.console;
    let limit = asked.limit.unwrap_or(PAGE);
    let page = tokio::task::spawn_blocking(move || console.page(asked.after, limit)).await;
    let page = page.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    Ok(Json(page))
}

pub(super) async fn put_sftp(
    State(node): State<Node>,
    Body(grants): Body<SftpGrants>,
) -> Result<StatusCode, Refused> {
    if node.shared().sftp.get().is_none() {
        return Err(Refused::new(StatusCode::NOT_FOUND, RefusalCode::Invalid, "this node has no SFTP"));
    }
    // Thousands of keys are read first.
    let taken = tokio::task::spawn_blocking(move || match node.shared().sftp.get() {
        Some(door) => door.sftp.replace(&grants),
        None => Ok(()),
    });
    taken.await.map_err(|error| internal(&error))?.map_err(|error| invalid(error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn acknowledge(
    State(node): State<Node>,
    Body(acknowledged): Body<Acknowledge>,
) -> Result<StatusCode, Refused> {
    let ledger = &node.shared().ledger;
    if acknowledged.through > ledger.last_event() {
        return Err(invalid("no such event was ever sent"));
    }
    ledger.acknowledge(acknowledged.through).await.map_err(|error| internal(&error))?;
    Ok(StatusCode::NO_CONTENT)
}
