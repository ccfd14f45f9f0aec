//! Servers: the use cases of the noun that everything else is there for.
//!
//! Modules in reading order: `view` (what somebody sees), `list` (many at once),
//! `read`, `draft` (a server to be), `create`, `change`,
//! `variables`, `addresses`, `release`, `power`.

mod addresses;
mod change;
mod create;
mod draft;
mod list;
mod power;
mod read;
mod release;
mod variables;
mod view;

pub use list::ServerPage;

pub(crate) use change::still_wanted;
pub(crate) use draft::standing;
pub(crate) use list::WrittenRows;
pub(crate) use variables::{context, settings};
pub(crate) use view::{Permissions, narrowed};
