//! What both ends of the link share: the daemon that dials and the control plane that is dialled.
//!
//! The link is HTTP/2 in reverse over a WebSocket, and neither end may depend on the other's crate. So the parts that
//! must agree byte for byte stand here once: the keys, the handshake that both sides prove themselves with, the byte
//! stream that carries HTTP/2 over frames, and the limits. It knows no WebSocket library: each end maps its library's
//! messages to [`Frame`] by [`Mapped`]. It deliberately opens no connection and serves no request.
//!
//! Modules in reading order: [`frame`], [`keys`], [`handshake`], [`stream`], [`tasks`]; and `memory` for tests.

pub mod frame;
pub mod handshake;
pub mod keys;
#[cfg(any(test, feature = "memory"))]
pub mod memory;
pub mod stream;
pub mod tasks;

pub use frame::{Frame, FrameSocket, Mapped, SocketError};
pub use handshake::{Caller, HandshakeError, NodeKeyPair};
pub use keys::{KeyError, SigningKey};
pub use stream::ByteStream;
pub use tasks::Tasks;

use crate::MAX_TRANSFERS;
use std::time::Duration;

/// The most bytes of one frame, either way. WebSocket libraries are told the same, so that a longer one is refused
/// before it is held in memory.
pub const MAX_FRAME: usize = 64 * 1024;

/// The most bytes of one handshake message.
pub const MAX_HANDSHAKE_MESSAGE: usize = 4 * 1024;

/// From the upgraded socket to the established link.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);

/// A link on which nothing was read for this long is asked for a sign of life.
pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// The peer is given up when no sign of life comes for this long after it was asked.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// HTTP/2 flow control: what one request or answer may have under way. A tenth of a second at 10 MiB/s.
pub const STREAM_WINDOW: u32 = 1024 * 1024;

/// HTTP/2 flow control: what all together may have under way. Up to this many divided by [`STREAM_WINDOW`] readers may
/// stand still before the others feel it.
pub const CONNECTION_WINDOW: u32 = 64 * STREAM_WINDOW;

const _: () = assert!(MAX_TRANSFERS * STREAM_WINDOW as usize * 2 <= CONNECTION_WINDOW as usize);

/// Requests and streams that the daemon serves at one time on one link.
pub const MAX_CONCURRENT_STREAMS: u32 = 1024;

/// The most bytes of a request's or answer's header list.
pub const MAX_HEADERS: u32 = 16 * 1024;
