//! Events: kept by the transaction that makes them true, for the plugins that want to hear of them.
//!
//! Most follow from the transaction's own audit entries. They are written right before these, because the log's counter is
//! locked from its first entry on.

use crate::{StoreError, Tx, tx::Who};
use chrono::Utc;
use gantry_domain::events::Happening;
use gantry_types::{
    ServerId,
    hook::{EventServer, HookEvent},
};
use sqlx::{PgConnection, types::Json};

/// Something that happened, with the server's names where its row will be gone.
pub(crate) struct Happened {
    pub(crate) happening: Happening,
    pub(crate) about: Option<EventServer>,
}

impl<W: Who> Tx<W> {
    /// Has plugins told of something, if this transaction makes it true.
    pub fn happened(&mut self, happening: Happening) {
        self.keep_happening(Happened { happening, about: None });
    }
}

/// Keeps what somebody wants to hear; whether there was any of it.
pub(crate) async fn write(
    db: &mut PgConnection,
    actor: Option<&str>,
    all: Vec<Happened>,
) -> Result<bool, StoreError> {
    let mut wanted = false;
    for Happened { happening, about } in all {
        let row = sqlx::query!(
            "SELECT name, blueprint, node FROM app.listened($1, $2)",
            happening.kind.as_str(),
            happening.server.map(ServerId::uuid)
        )
        .fetch_optional(&mut *db)
        .await?;
        let Some(row) = row else { continue };
        let named = || {
            let id = happening.server?.to_string();
            Some(EventServer { id, name: row.name?, blueprint: row.blueprint?, node: row.node? })
        };
        let server = about.or_else(named);
        keep(db, &event(happening, server, actor)).await?;
        wanted = true;
    }
    Ok(wanted)
}

/// An event as it is told, with an id of its own.
pub(crate) fn event(happening: Happening, server: Option<EventServer>, actor: Option<&str>) -> HookEvent {
    HookEvent {
        id: crate::new_uuid().to_string(),
        kind: happening.kind.as_str().to_owned(),
        at: happening.at.unwrap_or_else(Utc::now),
        summary: happening.summary(server.as_ref()),
        server,
        actor: actor.map(ToOwned::to_owned),
        details: happening.details,
    }
}

async fn keep(db: &mut PgConnection, event: &HookEvent) -> Result<(), StoreError> {
    sqlx::query!(
        r#"SELECT app.tell($1, $2, $3, $4) AS "told: ()""#,
        id(event)?,
        event.at,
        event.kind,
        Json(event) as _
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

pub(crate) fn id(event: &HookEvent) -> Result<uuid::Uuid, StoreError> {
    event.id.parse().map_err(|_| StoreError::Unreadable("events"))
}
