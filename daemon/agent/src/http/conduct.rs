//! How plugins fare on this node, what they wrote here, and the end of a hold, for administrators.

use super::routes::Asked;
use crate::node::Node;
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use gantry_types::{
    ServerId,
    conduct::{PluginConduct, PluginLine},
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

pub(super) async fn log(
    State(node): State<Node>,
    Path(digest): Path<String>,
    Asked(about): Asked<About>,
) -> Json<Vec<PluginLine>> {
    Json(node.shared().plugins.host().plugin_log(&digest, about.server().as_deref()))
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
