//! Whose plugins may come in. What the rules mean is for whoever reads them.

use crate::{StoreError, SystemTx, Tx, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::audit::AuditEntry;
use serde_json::Value;

impl<W: Who> Tx<W> {
    /// The rules as they were written, and when; none if nobody ever wrote any.
    pub async fn trust_rules(&mut self) -> Result<Option<(Value, DateTime<Utc>)>, StoreError> {
        let row =
            sqlx::query!("SELECT rules, updated_at FROM trust_policy").fetch_optional(self.db()).await?;
        Ok(row.map(|row| (row.rules, row.updated_at)))
    }
}

impl SystemTx {
    /// Replaces the rules.
    pub async fn set_trust_rules(
        &mut self,
        _grant: &AdministratorGrant,
        rules: &Value,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO trust_policy (rules) VALUES ($1)
             ON CONFLICT (single) DO UPDATE SET rules = excluded.rules, updated_at = now()",
            rules
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        Ok(())
    }
}
