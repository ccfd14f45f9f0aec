//! Whose plugins may come in. What the rules mean is for whoever reads them.

use crate::{StoreError, SystemTx, Tx, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::audit::AuditEntry;
use serde_json::Value;

/// The rules as somebody wrote them.
#[derive(Clone, Debug)]
pub struct TrustRules {
    pub rules: Value,
    /// Counts how often they were written.
    pub version: i64,
    pub updated_at: DateTime<Utc>,
}

impl<W: Who> Tx<W> {
    /// The rules; none if nobody ever wrote any.
    pub async fn trust_rules(&mut self) -> Result<Option<TrustRules>, StoreError> {
        let rules = sqlx::query_as!(TrustRules, "SELECT rules, version, updated_at FROM trust_policy");
        Ok(rules.fetch_optional(self.db()).await?)
    }
}

impl SystemTx {
    /// Holds off others who write the rules, so that what was read is what is replaced.
    pub async fn lock_trust_rules(&mut self) -> Result<(), StoreError> {
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850452) AS "locked: ()""#)
            .fetch_one(self.db())
            .await?;
        Ok(())
    }

    /// Replaces the rules.
    pub async fn set_trust_rules(
        &mut self,
        _grant: &AdministratorGrant,
        rules: &Value,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO trust_policy (rules) VALUES ($1)
             ON CONFLICT (single) DO UPDATE
             SET rules = excluded.rules, version = trust_policy.version + 1, updated_at = now()",
            rules
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        Ok(())
    }
}
