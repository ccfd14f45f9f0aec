//! The interpreter of declarative blueprints: answers the contract by a document.
//!
//! The document travels in the component, as `blueprint.toml` or `blueprint.json`; `gantry-pack` puts it there. Filling a document for one
//! server gives the same document with every template, choice, condition and script settled, so that a plan can be compared
//! as text; what the contract wants is then a matter of names.
//!
//! Scripts run in the sandbox of the plugin that they belong to, and within limits of their own, so that one that does not end
//! is told with its place.
//!
//! Modules in reading order: [`server`], [`script`], `verbatim`, [`fill`], [`check`], [`console`], `contract`.

pub mod check;
pub mod console;
mod contract;
pub mod fill;
pub mod script;
pub mod server;
mod verbatim;

pub use contract::Declarative;

use std::fmt;

/// Why a document cannot be filled for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The way to it in the document.
    pub at: String,
    pub message: String,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

impl std::error::Error for Fault {}
