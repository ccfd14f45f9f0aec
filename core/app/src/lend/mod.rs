//! What the control plane lends to plugins that ask the world: `http`, `kv` and `secrets`, in the calls `catalog.choices`,
//! `facts.resolve` and `hooks.handle` (`sdk/wit/SPEC.md`, 3.7).
//!
//! The host has weighed kind of call, grant and scope before it asks here. What a plugin asks beyond that leaves a line in the
//! audit log, once an hour for each capability and target. Modules in reading order: `internet` is `http`, `shelf` is `kv`,
//! `vault` is `secrets`; `beyond` keeps account of what was refused; `discretion` says what no record may have.

mod beyond;
mod discretion;
mod internet;
mod shelf;
mod vault;

#[cfg(test)]
mod tests;

pub(crate) use beyond::{Denials, write_down};
pub use internet::Internet;

use crate::App;
use beyond::Borrower;
use discretion::Untold;
use gantry_host::{CallContext, Lent, Plugin};
use gantry_store::{Db, StoreError, SystemTx, plugins::Shelf};
use gantry_types::{PluginId, ServerId};
use internet::Reached;
use shelf::{Kept, Scratch};
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use vault::Stored;

/// Connections that calls of plugins may have together. One that asks in a circle would have all of them, and people wait behind
/// its next two questions instead of behind a hundred.
static PLACES: Semaphore = Semaphore::const_new(2);

/// A transaction for what a plugin asks, and its place.
async fn begun(db: &Db) -> Result<(SystemTx, SemaphorePermit<'static>), StoreError> {
    let place = PLACES.acquire().await.expect("nobody closes it");
    Ok((db.as_system().await?, place))
}

/// What a call is about: for whom a plugin keeps what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The plugin itself.
    Plugin,
    Server(ServerId),
    /// A server that is to be: what is kept for it is gone with the call.
    Draft,
}

impl App {
    /// The context of a call that may ask the world. Grants are those that the plugin was loaded with.
    /// `secrets` are what the call is given that nobody may read.
    pub(crate) fn lend(
        &self,
        plugin: &Plugin,
        id: PluginId,
        about: About,
        secrets: Vec<String>,
    ) -> CallContext {
        let manifest = plugin.manifest();
        let server = match about {
            About::Server(server) => Some(server),
            About::Plugin | About::Draft => None,
        };
        let borrower = Borrower::new(self.denials(), manifest, server);
        let quota = manifest.kept_bytes();
        let mut call = CallContext::traced(plugin.grants().clone());
        call.lent = Lent {
            http: Some(Arc::new(Reached::new(self.internet().clone(), borrower.clone()))),
            kv: Some(match about {
                About::Draft => Arc::new(Scratch::new(quota, borrower.clone())),
                About::Plugin | About::Server(_) => {
                    let shelf = Shelf { plugin: id, server };
                    Arc::new(Kept::new(self.db().clone(), shelf, quota, borrower.clone()))
                }
            }),
            secrets: Some(Arc::new(Stored::new(self.db().clone(), id))),
            beyond: Some(Arc::new(borrower)),
            ..Lent::default()
        };
        call.kept(Arc::new(Untold::new(self.db().clone(), id, manifest, secrets)))
    }
}
