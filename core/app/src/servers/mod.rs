//! Servers: the use cases of the noun that everything else is there for.
//!
//! Modules in reading order: `view` (what somebody sees), `read`, `draft` (a server to be), `create`, `change`,
//! `variables`, `addresses`, `power`.

mod addresses;
mod change;
mod create;
mod draft;
mod power;
mod read;
mod variables;
mod view;

pub(crate) use view::{Permissions, narrowed};
