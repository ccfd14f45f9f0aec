//! Enrollment and the handshake that opens the link.
//!
//! 1. `POST /api/daemon/enroll` with [`EnrollRequest`]: the one-time token buys a node its identity. Both sides make an
//!    Ed25519 key pair for this node alone and exchange the public halves.
//! 2. `GET /api/daemon/link` upgrades to a WebSocket. Four text frames follow, in this order: [`Hello`] up,
//!    [`Challenge`] down, [`Proof`] up, [`Welcome`] down. Either side closes the socket if a signature does not hold.
//! 3. From then on binary frames carry an HTTP/2 connection in which the daemon is the server.
//!
//! Each signature covers [`transcript`], which names protocol, side, node and both nonces, so that it is good once, for
//! one purpose.

use gantry_types::NodeId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The only version there is.
pub const PROTOCOL: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollRequest {
    pub token: String,
    /// The daemon's Ed25519 public key, base64 with padding.
    pub public_key: String,
    pub agent_version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollResponse {
    pub node_id: NodeId,
    pub name: String,
    /// The control plane's Ed25519 public key for this node, base64 with padding.
    pub public_key: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    pub protocol: u32,
    pub node_id: NodeId,
    /// 32 random bytes, base64 with padding.
    pub nonce: String,
    pub agent_version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// 32 random bytes, base64 with padding.
    pub nonce: String,
    /// The control plane's signature over its transcript, base64 with padding.
    pub signature: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The daemon's signature over its transcript, base64 with padding.
    pub signature: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    pub protocol: u32,
}

/// Who signs a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    ControlPlane,
    Daemon,
}

/// The bytes that `side` signs. Nonces are the base64 texts as they were sent.
pub fn transcript(side: Side, node_id: NodeId, daemon_nonce: &str, control_plane_nonce: &str) -> Vec<u8> {
    let side = match side {
        Side::ControlPlane => "control-plane",
        Side::Daemon => "daemon",
    };
    format!("gantry-link/{PROTOCOL}\n{side}\n{node_id}\n{daemon_nonce}\n{control_plane_nonce}\n").into_bytes()
}
