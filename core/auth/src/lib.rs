//! Who is asking, and what they may do.
//!
//! Authorization is a value: what changes anything in the store takes a proof, and proofs are made here alone, from
//! facts that the store read. The choice between "there is nothing here" and "you may not" is made here once: whoever
//! may not see a server learns nothing of it.
//!
//! This crate makes no queries. The store reads facts ([`ServerFacts`]) and hands them in.
//!
//! Modules in reading order: [`actor`], [`access`], [`grant`], [`tokens`], [`passwords`],
//! [`app_passwords`].

pub mod access;
pub mod actor;
pub mod app_passwords;
pub mod grant;
pub mod passwords;
pub mod tokens;

pub use access::{ServerAccess, ServerFacts, Standing};
pub use actor::Actor;
pub use app_passwords::AppPassword;
pub use grant::{
    AccountGrant, AdministratorGrant, CreateServerGrant, OperationGrant, ServerGrant, ServerRight, rights,
};
pub use passwords::{PasswordError, PasswordHasher, Verified};
pub use tokens::{HashedToken, Purpose, Token};

use gantry_types::permission::Permission;

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// They may not know that it exists: answered like something that does not.
    #[error("there is nothing here, or you may not see it")]
    Hidden,
    /// They may see it but lack this right.
    #[error("this needs the permission {}", .0.as_str())]
    Lacks(Permission),
    /// It takes an administrator.
    #[error("only an administrator may do this")]
    NotAdministrator,
    /// A limited account makes no servers.
    #[error("a limited account cannot make servers")]
    Limited,
}
