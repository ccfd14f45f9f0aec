//! Declarative blueprints: a game told in a document, without code.
//!
//! A document says in TOML or JSON what a plugin would compute: variables, ports, install steps, how the game runs, what its
//! console means, what people can do to it. Values are templates such as `{{settings.slots}}`; for the odd value, step or
//! condition that no template can say there is a script. `plugins/declarative` answers the contract by such a document,
//! `plugins/eggs` writes them.
//!
//! This crate knows the document and no host: it reads it with errors that say where and what was probably meant, checks
//! what stands in it against itself, fills templates, and makes the manifest. It runs no scripts.
//!
//! Modules in reading order: [`model`], [`read`], [`source`], [`template`], [`check`], [`manifest`], `schema`.

pub mod check;
pub mod manifest;
pub mod model;
pub mod read;
#[cfg(feature = "schema")]
pub mod schema;
pub mod source;
pub mod template;

pub use check::Problem;
pub use manifest::{CONTRACT, Manifest};
pub use model::Document;
pub use read::{DocumentError, Format, nearest};
pub use source::Source;

/// The name under which a document in JSON is packed into a component.
pub const JSON_FILE: &str = "blueprint.json";
/// The name under which a document in TOML is packed into a component.
pub const TOML_FILE: &str = "blueprint.toml";
