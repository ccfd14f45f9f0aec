//! Wake-ups between instances, by LISTEN and NOTIFY: something changed, look again.
//!
//! A notice says which, never what: whoever hears it reads the rows, so a lost or repeated notice does no harm. After a
//! lost connection the listener says [`Notice::Missed`], and its owner looks at everything.

use crate::{Db, StoreError};
use gantry_types::{NodeId, OperationId, PluginId, ServerId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, postgres::PgListener, postgres::PgPoolOptions};

const CHANNEL: &str = "gantry";

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A server's row or what belongs to it. `desired` tells that its node must hear of it.
    Server { server: ServerId, node: NodeId, desired: bool },
    /// A server is gone.
    Removed { server: ServerId },
    /// An operation began, moved or ended.
    Operation { operation: OperationId, server: ServerId },
    /// A schedule of a server, or how it was followed.
    Schedules { server: ServerId },
    /// A backup of a server.
    Backups { server: ServerId },
    /// What a person may do changed.
    Rights { user: UserId },
    /// A person's keys or app passwords.
    Credentials { user: UserId },
    /// A session ended.
    Session { session: SessionId },
    /// A node's row, keys or addresses.
    Node { node: NodeId },
    /// That a node is to be drained, or no more.
    Drain { node: NodeId },
    /// A plugin, its releases, or what it offers.
    Plugin { plugin: PluginId },
    /// Something is to be told to plugins.
    Events,
    /// The connection was lost for a while: anything may have changed.
    Missed,
}

pub(crate) async fn send(db: &mut PgConnection, notices: &[Notice]) -> Result<(), StoreError> {
    let texts: Vec<String> = notices.iter().filter_map(|notice| serde_json::to_string(notice).ok()).collect();
    sqlx::query!(
        r#"SELECT pg_notify('gantry', text) AS "sent: ()" FROM unnest($1::text[]) AS t(text)"#,
        &texts
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// A connection of its own that hears notices.
pub struct Listener {
    listener: PgListener,
}

impl Db {
    /// Begins to listen. What is committed from here on is heard.
    pub async fn listen(&self) -> Result<Listener, StoreError> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.listening());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.ignore_pool_close_event(true);
        listener.listen(CHANNEL).await?;
        Ok(Listener { listener })
    }
}

impl Listener {
    /// The next notice. Reconnects by itself; an error means that the database cannot be reached at present, and the
    /// call may be repeated.
    pub async fn next(&mut self) -> Result<Notice, StoreError> {
        loop {
            let Some(notification) = self.listener.try_recv().await? else { return Ok(Notice::Missed) };
            match serde_json::from_str(notification.payload()) {
                Ok(notice) => return Ok(notice),
                // A later version may know kinds that this one does not.
                Err(error) => tracing::debug!(%error, "a notice of an unknown kind"),
            }
        }
    }
}
