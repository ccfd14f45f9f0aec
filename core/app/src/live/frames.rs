//! What a page hears over its one WebSocket.

use crate::views::{NodeState, OperationView, ServerView};
use gantry_protocol::NodeSample;
use gantry_types::{NodeId, PluginId, ServerId, sample::LiveSample};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::ToSchema;

/// Topics that one socket may hold.
pub const TOPICS: usize = 256;

/// What a page wants to hear about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Every server that the actor may see, without its samples.
    Servers,
    /// One server, and what it does each second.
    Server(ServerId),
    /// Progress of operations on every server that the actor may see.
    Operations,
    /// Nodes coming and going; for administrators.
    Nodes,
    /// One node's machine, each second; for administrators.
    Node(NodeId),
    /// Plugins, and what can be made of them.
    Plugins,
}

/// The text names no topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("topics are \"servers\", \"server:<id>\", \"operations\", \"nodes\", \"node:<id>\" and \"plugins\"")]
pub struct UnknownTopic;

impl FromStr for Topic {
    type Err = UnknownTopic;
    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        match text {
            "servers" => Ok(Self::Servers),
            "operations" => Ok(Self::Operations),
            "nodes" => Ok(Self::Nodes),
            "plugins" => Ok(Self::Plugins),
            _ => match text.split_once(':') {
                Some(("server", id)) => id.parse().map(Self::Server).map_err(|_| UnknownTopic),
                Some(("node", id)) => id.parse().map(Self::Node).map_err(|_| UnknownTopic),
                _ => Err(UnknownTopic),
            },
        }
    }
}

/// One message to a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveFrame {
    /// The server as it stands.
    Server { server: Box<ServerView> },
    /// It is gone, or the actor may no longer see it.
    #[serde(rename_all = "camelCase")]
    Removed { server_id: ServerId },
    /// What servers did: a second of one each, in the order in which they were measured.
    Samples { samples: Vec<ServerSample> },
    /// An operation began, moved or ended.
    Operation { operation: Box<OperationView> },
    /// A node came or went.
    #[serde(rename_all = "camelCase")]
    Node { node_id: NodeId, state: NodeState },
    /// One moment of a node's machine.
    #[serde(rename_all = "camelCase")]
    NodeSample { node_id: NodeId, sample: Box<NodeSample> },
    /// A schedule of the server, or how one is followed, changed: look again.
    #[serde(rename_all = "camelCase")]
    Schedules { server_id: ServerId },
    /// A backup of the server is made, was made, changed or is no more: look again.
    #[serde(rename_all = "camelCase")]
    Backups { server_id: ServerId },
    /// A plugin, its releases or what it offers changed: look again.
    #[serde(rename_all = "camelCase")]
    Plugin { plugin_id: PluginId },
}

/// One second of a running server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerSample {
    pub server_id: ServerId,
    pub sample: LiveSample,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_from_their_texts_and_nothing_else() {
        let id = "0190a0b0-0000-7000-8000-000000000001";
        assert_eq!("servers".parse(), Ok(Topic::Servers));
        assert_eq!(format!("server:{id}").parse(), Ok(Topic::Server(id.parse().unwrap())));
        assert_eq!(format!("node:{id}").parse(), Ok(Topic::Node(id.parse().unwrap())));
        assert_eq!("node:x".parse::<Topic>(), Err(UnknownTopic));
        assert_eq!("server:*".parse::<Topic>(), Err(UnknownTopic));
        assert_eq!("".parse::<Topic>(), Err(UnknownTopic));
    }
}
