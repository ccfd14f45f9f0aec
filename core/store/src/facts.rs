//! What plugins looked up for installations, kept with the server until the next one.

use crate::{StoreError, Tx, UserTx, error, tx::Who};
use gantry_auth::OperationGrant;
use gantry_types::{ServerId, server::Setting};
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

impl<W: Who> Tx<W> {
    /// What was looked up for a server when it was last to be installed.
    pub async fn facts(&mut self, server: ServerId) -> Result<Vec<Setting>, StoreError> {
        Ok(self.facts_of(&[server]).await?.remove(&server).unwrap_or_default())
    }

    /// The same of several servers; those without any are left out.
    pub(crate) async fn facts_of(
        &mut self,
        servers: &[ServerId],
    ) -> Result<HashMap<ServerId, Vec<Setting>>, StoreError> {
        let ids: Vec<Uuid> = servers.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"SELECT id, facts AS "facts: Json<Vec<Setting>>" FROM servers WHERE id = ANY ($1) AND facts <> '[]'"#,
            &ids
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(|row| (ServerId::new(row.id), row.facts.0)).collect())
    }

    pub(crate) async fn write_facts(
        &mut self,
        server: ServerId,
        facts: &[Setting],
    ) -> Result<(), StoreError> {
        let done =
            sqlx::query!("UPDATE servers SET facts = $2 WHERE id = $1", server.uuid(), Json(facts) as _)
                .execute(self.db())
                .await?;
        error::touched(done.rows_affected(), "server")
    }
}

impl UserTx {
    /// Keeps what was looked up for an operation that is asked for in this transaction. The generation that the operation
    /// raises brings it to the node.
    pub async fn set_facts(&mut self, grant: &OperationGrant, facts: &[Setting]) -> Result<(), StoreError> {
        self.write_facts(grant.server(), facts).await
    }
}
