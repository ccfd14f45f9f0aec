//! Eggs, the game descriptions of Pterodactyl and Pelican, turned into declarative blueprints.
//!
//! An egg is imported as it is: its image with the image's own entrypoint, its startup command as the program of a shell that
//! it is, its install script as root in a container of its own. What the document cannot say, or says in another way, is told
//! in the report with its place in the egg; a key that nobody read is told as well, so that nothing is dropped silently.
//!
//! The format is described nowhere but in the panels' and their daemon's code; what is kept here is how they behave.
//!
//! Modules in reading order: [`source`], [`words`], [`rules`], [`game`], [`contract`].

mod contract;
mod game;
mod rules;
mod source;
mod words;

pub use contract::Eggs;
pub use game::{Conversion, convert};

/// How bad a loss is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, in another way.
    Different,
    /// It does not work.
    Lost,
}

/// What could not be kept as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub severity: Severity,
    /// What it is about, in one word: for counting.
    pub kind: &'static str,
    /// Where it stands in the egg.
    pub at: String,
    /// What it is.
    pub what: String,
    /// What that means for the server.
    pub meaning: String,
}
