//! The one way in which Gantry asks strangers for something: plugins' downloads, registries, what plugins look up.
//!
//! A URL is a stranger's wish, and Gantry stands where it can see its owner's own network. So: https, no proxy of the
//! environment, since it would resolve for us; no credentials in a URL; redirects followed by hand, each hop checked by itself;
//! and every address that a name has must be one that is allowed, looked up by the resolver that the connection uses, so that
//! there is no second lookup that could answer otherwise. Addresses that stand in a URL are never looked up and are checked
//! before.
//!
//! What is asked, how much may come and how long it may take is for whoever asks. Modules in reading order: [`reach`],
//! [`hop`], [`client`].

mod client;
mod hop;
mod reach;
#[cfg(feature = "testing")]
pub mod testing;

pub use client::{Cause, Manner, NoClient, cause, client};
pub use hop::{NotAllowed, check, is_redirect};
pub use reach::{Found, Public, Reach};
