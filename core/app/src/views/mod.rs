//! What the outside sees: the answers of every use case, in their final shape.
//!
//! They are neither rows nor wire messages of the daemon. Rows may carry what a caller must not see; views are built
//! for one actor and carry nothing more than that actor may know. The edge serializes them as they stand.

mod account;
mod actions;
mod activity;
mod backups;
mod conduct;
mod config_files;
mod conversion;
mod credentials;
mod files;
mod hooks;
mod nodes;
mod plugins;
mod releases;
mod schedules;
mod secrets;
mod servers;
mod tabs;
mod trust;

pub use account::*;
pub use actions::*;
pub use activity::*;
pub use backups::*;
pub use conduct::*;
pub use config_files::*;
pub use conversion::*;
pub use credentials::*;
pub use files::*;
pub use hooks::*;
pub use nodes::*;
pub use plugins::*;
pub use releases::*;
pub use schedules::*;
pub use secrets::*;
pub use servers::*;
pub use tabs::*;
pub use trust::*;

pub use gantry_domain::{allowances::Allowance, servers::ServerAction, users::Person};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none is the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that is short by nature and has no second page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

impl<T> Page<T> {
    /// A page of the store's, each row shown.
    pub(crate) fn of<U>(page: gantry_domain::page::Page<U>, show: impl FnMut(U) -> T) -> Self {
        Self { items: page.items.into_iter().map(show).collect(), next_cursor: page.next }
    }
}
