//! Secrets at rest.
//!
//! A 32-byte master key, which is never in the database, wraps data keys, which are. Each data key seals one kind of
//! secret. A sealed blob says which key sealed it, and is bound to its table, column, row and tenant: copied anywhere
//! else it does not open.
//!
//! Modules in reading order: [`master`], [`vault`], [`rotation`].

pub mod master;
pub mod rotation;
pub mod vault;

pub use master::MasterKey;
pub use vault::{Place, SecretKind, Vault};

use gantry_seal::SealError;

/// Why a secret could not be sealed or opened. None of them tells anything of the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The keys in the database were wrapped with another master key.
    #[error("the master key is not the one that the database's keys were wrapped with")]
    WrongMasterKey,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("a sealed value needs data key {0}, which is not there")]
    UnknownKey(u32),
}
