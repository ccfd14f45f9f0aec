//! Secrets at rest.
//!
//! A 32-byte master key, which is never in the database, wraps data keys, which are. Each data key seals one kind of
//! secret. A sealed blob says which key sealed it, and is bound to its table, column, row and tenant: copied anywhere
//! else it does not open.
//!
//! Modules in reading order: [`blob`], [`master`], [`vault`], [`rotation`].

pub mod blob;
pub mod master;
pub mod rotation;
pub mod vault;

pub use master::MasterKey;
pub use vault::{Place, SecretKind, Vault};

/// Why a secret could not be sealed or opened. None of them tells anything of the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The keys in the database were wrapped with another master key.
    #[error("the master key is not the one that the database's keys were wrapped with")]
    WrongMasterKey,
    /// Altered, moved to another place, or sealed for something else.
    #[error("a sealed value does not belong where it stands, or was altered")]
    NotAuthentic,
    #[error("a sealed value has an unknown form")]
    UnknownForm,
    #[error("a sealed value needs data key {0}, which is not there")]
    UnknownKey(u32),
    #[error("the operating system gave no randomness")]
    NoRandomness(#[source] getrandom::Error),
    #[error("the master key file must hold exactly 32 bytes")]
    MasterKeyLength,
}
