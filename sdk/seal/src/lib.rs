//! Secrets at rest: what both programs need to write down a secret so that whoever finds the data finds nothing.
//!
//! The control plane seals what it puts into PostgreSQL, the daemon what it puts into its ledger. Both take their keys from
//! a file of 32 random bytes that stays apart from the data, and both bind a sealed value to the place where it stands.
//!
//! Modules in reading order: [`blob`], [`key`], `key_file`.

pub mod blob;
pub mod key;
mod key_file;

pub use key::SecretKey;
pub use key_file::{KeyFileError, key_file};

/// Why something could not be sealed or opened. None of them tells anything of the secret.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Altered, moved to another place, or sealed for something else.
    #[error("a sealed value does not belong where it stands, or was altered")]
    NotAuthentic,
    #[error("a sealed value has an unknown form")]
    UnknownForm,
    #[error("the operating system gave no randomness")]
    NoRandomness(#[source] getrandom::Error),
}
