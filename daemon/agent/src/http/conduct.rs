//! How plugins fare on this node, what they wrote here, their calls that were stopped, and the end of a hold, for administrators.

use super::{Refused, routes::Asked};
use crate::node::Node;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use gantry_protocol::RefusalCode;
use gantry_types::{
    ServerId,
    conduct::{PluginConduct, PluginHold, PluginLine, PluginRecord},
};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct About {
    server: Option<ServerId>,
}

impl About {
    fn server(&self) -> Option<String> {
        self.server.map(|server| server.to_string())
    }
}

pub(super) async fn all(State(node): State<Node>) -> Json<Vec<PluginConduct>> {
    Json(node.shared().plugins.host().conduct())
}

pub(super) async fn holds(
    State(node): State<Node>,
    Path((digest, server)): Path<(String, ServerId)>,
) -> Json<Vec<PluginHold>> {
    Json(node.shared().plugins.host().holds(&digest, &server.to_string()))
}

pub(super) async fn log(
    State(node): State<Node>,
    Path(digest): Path<String>,
    Asked(about): Asked<About>,
) -> Json<Vec<PluginLine>> {
    Json(node.shared().plugins.host().plugin_log(&digest, about.server().as_deref()))
}

pub(super) async fn records(State(node): State<Node>) -> Json<Vec<PluginRecord>> {
    Json(node.shared().plugins.host().records())
}

pub(super) async fn record(
    State(node): State<Node>,
    Path((digest, record)): Path<(String, String)>,
) -> Result<String, Refused> {
    let found = node.shared().plugins.host().record(&digest, &record);
    let gone = "this node does not keep that record (any more); look at the list again";
    let found = found.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, RefusalCode::NoSuchFile, gone))?;
    Ok(found.text.as_ref().to_owned())
}

/// A hold that has ended meanwhile is what was wanted.
pub(super) async fn lift(
    State(node): State<Node>,
    Path(digest): Path<String>,
    Asked(about): Asked<About>,
) -> StatusCode {
    node.shared().plugins.host().lift_hold(&digest, about.server().as_deref());
    StatusCode::NO_CONTENT
}
