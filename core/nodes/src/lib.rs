//! The link to daemons: which nodes are connected, and typed calls to each.
//!
//! A daemon dials in; [`Links::serve`] has both sides prove themselves and then speaks HTTP/2 to it over the same socket,
//! as the client. [`Links::client`] gives the typed calls of `gantry_protocol`'s table. This crate holds no rule and no
//! state of servers: what a node should do is decided in `app`, which also owns the keys ([`NodeKeys`]). It opens no
//! connection, knows no WebSocket library, and never repeats a call: repeating is the reconcilers' work.
//!
//! **Invariants.** One link per node: a later one that has proved itself ends the earlier. A revoked node's link ends at
//! once, also while it is still being made. Every call has a deadline, every answer a cap.
//!
//! Modules in reading order: [`error`], [`network`], [`links`], [`client`], [`stream`].

pub mod client;
pub mod error;
pub mod links;
pub mod network;
pub mod stream;

mod call;

pub use call::{BodyError, BodyStream};
pub use client::{NodeArchive, NodeClient, NodeFile, Pace};
pub use error::{LinkError, NodeError, ProtocolFault};
pub use gantry_protocol::tunnel::{
    Frame, FrameSocket, HandshakeError, KeyError, MAX_FRAME, Mapped, NodeKeyPair, SigningKey, SocketError,
    keys,
};
pub use links::{KeysError, LinkChange, Links, MAX_HANDSHAKES, MAX_HANDSHAKES_OF_ONE_NETWORK, NodeKeys};
pub use network::Network;
pub use stream::{NodeBytes, NodeStream};
