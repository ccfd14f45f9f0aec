//! The four messages with which both sides prove themselves, before a byte of HTTP flows.
//!
//! ```text
//! daemon                          control plane
//!   | -- Hello(node, nonce d) ------> |  looks the node's keys up
//!   | <- Challenge(nonce c, sig) ---- |  signs (control-plane, node, d, c)
//!   |  verifies, and only then        |
//!   | -- Proof(sig) ----------------> |  signs (daemon, node, d, c); verified
//!   | <- Welcome -------------------- |
//! ```
//!
//! The daemon never signs for a control plane that has not proved itself, and each signature covers both nonces, so an
//! old one is worth nothing. A node that is unknown or revoked gets a challenge like any other, signed with a key made for
//! the occasion: from outside, a refusal looks the same whatever its cause. There is no clock here: callers wrap each
//! half in [`HANDSHAKE_DEADLINE`](super::HANDSHAKE_DEADLINE).

use super::{
    MAX_HANDSHAKE_MESSAGE,
    frame::{Frame, FrameSocket, SocketError},
    keys::{self, KeyError, SigningKey},
};
use crate::{Challenge, Hello, PROTOCOL, Proof, Side, Welcome, transcript};
use futures_util::{SinkExt, StreamExt};
use gantry_types::NodeId;
use serde::{Serialize, de::DeserializeOwned};

#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    #[error("the peer closed the socket where {expected} was due")]
    Closed { expected: &'static str },
    #[error("the socket failed")]
    Socket(#[source] SocketError),
    #[error("the peer sent something that is not {expected}")]
    Malformed { expected: &'static str },
    #[error("the peer speaks version {theirs} of the protocol, and this side version {PROTOCOL}")]
    Version { theirs: u32 },
    #[error("the node is not known, or was revoked")]
    UnknownNode,
    #[error("the peer's signature does not hold")]
    WrongSignature,
    #[error("no nonce could be made")]
    Nonce(#[source] KeyError),
}

/// What the control plane keeps of one node.
#[derive(Clone)]
pub struct NodeKeyPair {
    /// The daemon's half, from its enrollment.
    pub daemon_public_key: [u8; 32],
    /// The control plane's own half for this node.
    pub signing_key: SigningKey,
}

impl std::fmt::Debug for NodeKeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeKeyPair")
            .field("daemon_public_key", &self.daemon_public_key)
            .finish_non_exhaustive()
    }
}

/// What the daemon keeps of itself and of its control plane.
#[derive(Clone)]
pub struct Caller {
    pub node_id: NodeId,
    pub signing_key: SigningKey,
    /// The control plane's half, from the enrollment.
    pub control_plane_public_key: [u8; 32],
    pub agent_version: String,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("node_id", &self.node_id).finish_non_exhaustive()
    }
}

/// The daemon's half.
pub async fn dial<S: FrameSocket>(socket: &mut S, caller: &Caller) -> Result<(), HandshakeError> {
    let nonce = keys::nonce().map_err(HandshakeError::Nonce)?;
    let hello = Hello {
        protocol: PROTOCOL,
        node_id: caller.node_id,
        nonce: nonce.clone(),
        agent_version: caller.agent_version.clone(),
    };
    send(socket, &hello).await?;
    let challenge: Challenge = receive(socket, "a challenge").await?;
    let signed = |side| transcript(side, caller.node_id, &nonce, &challenge.nonce);
    if !keys::is_nonce(&challenge.nonce) {
        return Err(HandshakeError::Malformed { expected: "a challenge" });
    }
    let theirs = signed(Side::ControlPlane);
    if !keys::holds(&caller.control_plane_public_key, &theirs, &challenge.signature) {
        return Err(HandshakeError::WrongSignature);
    }
    send(socket, &Proof { signature: keys::sign(&caller.signing_key, &signed(Side::Daemon)) }).await?;
    let welcome: Welcome = receive(socket, "a welcome").await?;
    version(welcome.protocol)
}

/// The control plane's first step: who calls. The caller looks the keys up between the two steps.
pub async fn hear<S: FrameSocket>(socket: &mut S) -> Result<Hello, HandshakeError> {
    let hello: Hello = receive(socket, "a hello").await?;
    version(hello.protocol)?;
    if !keys::is_nonce(&hello.nonce) {
        return Err(HandshakeError::Malformed { expected: "a hello" });
    }
    Ok(hello)
}

/// The control plane's second step: prove itself and have the node prove itself. Without keys it goes through the same
/// motions and refuses at the end. [`welcome`] is left to the caller, who may have a last word.
pub async fn challenge<S: FrameSocket>(
    socket: &mut S,
    hello: &Hello,
    pair: Option<&NodeKeyPair>,
) -> Result<(), HandshakeError> {
    let nonce = keys::nonce().map_err(HandshakeError::Nonce)?;
    let signed = |side| transcript(side, hello.node_id, &hello.nonce, &nonce);
    let ours = signed(Side::ControlPlane);
    let signature = match pair {
        Some(pair) => keys::sign(&pair.signing_key, &ours),
        None => keys::sign(&keys::generate().map_err(HandshakeError::Nonce)?, &ours),
    };
    send(socket, &Challenge { nonce: nonce.clone(), signature }).await?;
    let proof: Proof = receive(socket, "a proof").await?;
    let pair = pair.ok_or(HandshakeError::UnknownNode)?;
    if keys::holds(&pair.daemon_public_key, &signed(Side::Daemon), &proof.signature) {
        Ok(())
    } else {
        Err(HandshakeError::WrongSignature)
    }
}

/// The control plane's last step; HTTP/2 follows.
pub async fn welcome<S: FrameSocket>(socket: &mut S) -> Result<(), HandshakeError> {
    send(socket, &Welcome { protocol: PROTOCOL }).await
}

fn version(theirs: u32) -> Result<(), HandshakeError> {
    if theirs == PROTOCOL { Ok(()) } else { Err(HandshakeError::Version { theirs }) }
}

async fn send<S: FrameSocket, T: Serialize>(socket: &mut S, message: &T) -> Result<(), HandshakeError> {
    let text = serde_json::to_string(message).map_err(|error| HandshakeError::Socket(error.into()))?;
    socket.send(Frame::Text(text)).await.map_err(HandshakeError::Socket)
}

async fn receive<S: FrameSocket, T: DeserializeOwned>(
    socket: &mut S,
    expected: &'static str,
) -> Result<T, HandshakeError> {
    match socket.next().await {
        Some(Ok(Frame::Text(text))) if text.len() <= MAX_HANDSHAKE_MESSAGE => {
            serde_json::from_str(&text).map_err(|_| HandshakeError::Malformed { expected })
        }
        Some(Ok(Frame::Text(_) | Frame::Binary(_))) => Err(HandshakeError::Malformed { expected }),
        Some(Ok(Frame::Close)) | None => Err(HandshakeError::Closed { expected }),
        Some(Err(error)) => Err(HandshakeError::Socket(error)),
    }
}
