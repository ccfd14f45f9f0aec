//! Answers to creating requests, kept so that a repeated request gets the same one.

use crate::{StoreError, SystemTx, UserTx};
use chrono::{DateTime, Utc};

/// What a key was found to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Idempotency {
    /// Not seen before: do the work and keep the answer, in this transaction.
    Fresh,
    /// Done already, with this answer.
    Replay { status: u16, response: serde_json::Value },
}

impl UserTx {
    /// Claims a key for this person. If another transaction holds it, this waits for that one's end. A key that was
    /// used for a different request is an error.
    pub async fn idempotency_begin(
        &mut self,
        key: &str,
        fingerprint: &[u8],
    ) -> Result<Idempotency, StoreError> {
        let user = self.who_id();
        let claimed = sqlx::query!(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, key) DO NOTHING",
            user,
            key,
            fingerprint
        )
        .execute(self.db())
        .await?;
        if claimed.rows_affected() == 1 {
            return Ok(Idempotency::Fresh);
        }
        let row = sqlx::query!(
            "SELECT fingerprint, status, response FROM idempotency_keys WHERE user_id = $1 AND key = $2",
            user,
            key
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("idempotency key"))?;
        if row.fingerprint != fingerprint {
            return Err(StoreError::IdempotencyMismatch);
        }
        let status = row.status.and_then(|status| u16::try_from(status).ok());
        let (Some(status), Some(response)) = (status, row.response) else {
            return Err(StoreError::Unreadable("idempotency_keys"));
        };
        Ok(Idempotency::Replay { status, response })
    }

    /// Keeps the answer.
    pub async fn idempotency_finish(
        &mut self,
        key: &str,
        status: u16,
        response: &serde_json::Value,
    ) -> Result<(), StoreError> {
        let user = self.who_id();
        sqlx::query!(
            "UPDATE idempotency_keys SET status = $3, response = $4 WHERE user_id = $1 AND key = $2",
            user,
            key,
            i32::from(status),
            response
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    fn who_id(&self) -> Option<uuid::Uuid> {
        use crate::tx::Who;
        self.who.signature().map(|(id, _)| id.uuid())
    }
}

impl SystemTx {
    /// Forgets keys that were made before a time.
    pub async fn sweep_idempotency(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", before)
            .execute(self.db())
            .await?;
        Ok(done.rows_affected())
    }
}
