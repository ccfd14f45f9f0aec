//! What can go wrong with a link and with a call over it, by what a caller does about it.

use gantry_protocol::{Refusal, tunnel::HandshakeError};

/// Why a socket did not become a link, or why the link broke.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("the handshake took longer than it may")]
    Deadline,
    #[error("too many handshakes are under way")]
    Busy,
    /// Others may still come in.
    #[error("too many handshakes of one network are under way")]
    Crowded,
    #[error("the handshake failed")]
    Handshake(#[from] HandshakeError),
    #[error("the node's keys could not be read")]
    Keys(#[source] crate::KeysError),
    #[error("the node was revoked during the handshake")]
    Revoked,
    #[error("the control plane is shutting down")]
    ShuttingDown,
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
}

/// Why a call to a node has no answer.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// There is no link, or it ended before the answer came. Whether the node acted is unknown: repeat, by id.
    #[error("the node is not connected")]
    Disconnected,
    /// The node understood and said no.
    #[error("the node refused: {}", .0.message)]
    Refused(Refusal),
    /// The node's daemon has no such call: it is of another version, or was built or started without it.
    #[error("the node does not offer this")]
    Unsupported,
    /// No answer in time. Whether the node acted is unknown: repeat, by id.
    #[error("the node did not answer in time")]
    Deadline,
    /// The two sides do not understand each other; repeating does not help.
    #[error("the node's answer breaks the protocol")]
    Protocol(#[source] ProtocolFault),
}

#[derive(Debug, thiserror::Error)]
pub enum ProtocolFault {
    #[error("status {0} without a refusal")]
    Status(u16),
    #[error("a message that cannot be read")]
    Message(#[source] serde_json::Error),
    #[error("an answer of more than {limit} bytes")]
    TooLong { limit: usize },
    #[error("an answer that ends in the middle")]
    Truncated,
    #[error("the node gave the request up")]
    Reset,
    #[error("an answer about another server than was asked for")]
    OtherServer,
    #[error("an answer about another backup than was asked for")]
    OtherBackup,
    #[error("a request that cannot be made")]
    Request,
}
