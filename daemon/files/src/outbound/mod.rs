//! The one way in which the daemon fetches what a plugin names.
//!
//! The rule of every hop is `gantry_outbound`'s; here are the hosts of a plan, and the limits of bytes and time.
//!
//! Modules in reading order: [`client`], [`download`].

mod client;
mod download;

pub use client::{OutboundClient, OutboundConfig};
pub use download::Downloaded;
pub use gantry_types::address::is_public;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("the address {url} is not allowed: {why}")]
    NotAllowed { url: String, why: &'static str },
    /// The name points into a network that is not public.
    #[error("{host} is not on the public internet")]
    NotPublic { host: String },
    #[error("the server answered {status} to {url}")]
    Status { url: String, status: u16 },
    #[error("{url} was redirected too often")]
    TooManyRedirects { url: String },
    #[error("{url} is larger than {limit} bytes")]
    TooLarge { url: String, limit: u64 },
    /// What came is not what the plan expects.
    #[error("{url} has the digest {actual}, expected was {expected}")]
    Digest { url: String, expected: String, actual: String },
    #[error("{url} took longer than {seconds} s")]
    TooSlow { url: String, seconds: u64 },
    #[error("{url} could not be fetched: {message}")]
    Transport { url: String, message: String },
    /// The node's certificates or its TLS cannot be used.
    #[error("outgoing connections cannot be set up: {0}")]
    Setup(String),
}
