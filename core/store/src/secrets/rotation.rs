//! Replacing keys while everything runs.
//!
//! Another master key rewraps the data keys, in one transaction. Another data key seals what is written from then on;
//! what older keys sealed is sealed again row by row, each only if it has not changed meanwhile, and a key that seals
//! nothing more is retired.

use super::{MasterKey, Place, SecretError, SecretKind};
use crate::{Db, StoreError};

/// How many rows are sealed again in one transaction.
const BATCH: i64 = 200;

impl Db {
    /// Wraps every data key with another master key. Instances that still have the old one must be restarted with it.
    pub async fn rewrap(&self, next: MasterKey) -> Result<(), StoreError> {
        let mut tx = self.system_pool().begin().await?;
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850443) AS "locked: ()""#)
            .fetch_one(&mut *tx)
            .await?;
        let rows =
            sqlx::query!("SELECT id, purpose, wrapped FROM data_keys FOR UPDATE").fetch_all(&mut *tx).await?;
        let present = self.vault().master();
        for row in rows {
            let id = crate::codec::to_u32(row.id.into());
            let key =
                present.unwrap(id, &row.purpose, &row.wrapped).map_err(|_| SecretError::WrongMasterKey)?;
            let wrapped = next.wrap(id, &row.purpose, &key)?;
            sqlx::query!(
                "UPDATE data_keys SET wrapped = $2, kek_id = $3 WHERE id = $1",
                row.id,
                wrapped,
                next.fingerprint()
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        self.vault().set_master(next);
        Ok(())
    }

    /// Makes the data key that seals `kind` from here on.
    pub async fn rotate_data_key(&self, kind: SecretKind) -> Result<(), StoreError> {
        let mut tx = self.system_pool().begin().await?;
        let made = self.vault().make_key(&mut tx, kind).await;
        let done = match made {
            Ok(_) => tx.commit().await.map_err(StoreError::from),
            Err(error) => Err(error),
        };
        if done.is_err() {
            // What memory holds must be what the database holds.
            self.vault().load(&mut *self.system_pool().acquire().await?).await?;
        }
        done
    }

    /// Seals again what older keys sealed, and retires these keys. Gives the number of rows; safe to repeat.
    pub async fn reseal(&self, kind: SecretKind) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let (found, sealed) = match kind {
                SecretKind::ServerVariable => self.reseal_variables().await?,
                SecretKind::NodeKey => self.reseal_node_keys().await?,
                SecretKind::Sentinel => (0, self.reseal_sentinel().await?),
            };
            total += sealed;
            if found == 0 {
                break;
            }
        }
        sqlx::query!(
            "UPDATE data_keys SET state = 'retired' WHERE purpose = $1 AND state = 'decrypt_only'",
            kind.purpose()
        )
        .execute(self.system_pool())
        .await?;
        Ok(total)
    }

    /// The key id stands in bytes 2 to 5 of a blob, which is how the database finds what an older key sealed.
    fn key_bytes(&self, kind: SecretKind) -> Result<Vec<u8>, SecretError> {
        let id = self.vault().active(kind).ok_or(SecretError::UnknownKey(0))?;
        Ok(id.to_be_bytes().to_vec())
    }

    async fn reseal_variables(&self) -> Result<(usize, u64), StoreError> {
        let kind = SecretKind::ServerVariable;
        let mut tx = self.system_pool().begin().await?;
        let rows = sqlx::query!(
            r#"SELECT id, server_id, sealed AS "sealed!" FROM server_variables
               WHERE sealed IS NOT NULL AND substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2"#,
            self.key_bytes(kind)?,
            BATCH
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut sealed = 0;
        for row in &rows {
            let place = Place { kind, row: row.id, tenant: row.server_id };
            let plain = self.vault().unseal(&mut tx, place, &row.sealed).await?;
            let fresh = self.vault().seal(place, &plain)?;
            sealed += sqlx::query!(
                "UPDATE server_variables SET sealed = $3 WHERE id = $1 AND sealed = $2",
                row.id,
                row.sealed,
                fresh
            )
            .execute(&mut *tx)
            .await?
            .rows_affected();
        }
        tx.commit().await?;
        Ok((rows.len(), sealed))
    }

    async fn reseal_node_keys(&self) -> Result<(usize, u64), StoreError> {
        let kind = SecretKind::NodeKey;
        let mut tx = self.system_pool().begin().await?;
        let rows = sqlx::query!(
            "SELECT node_id, private_key FROM node_keys
             WHERE substring(private_key FROM 2 FOR 4) <> $1 ORDER BY node_id LIMIT $2",
            self.key_bytes(kind)?,
            BATCH
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut sealed = 0;
        for row in &rows {
            let place = Place { kind, row: row.node_id, tenant: row.node_id };
            let plain = self.vault().unseal(&mut tx, place, &row.private_key).await?;
            let fresh = self.vault().seal(place, &plain)?;
            sealed += sqlx::query!(
                "UPDATE node_keys SET private_key = $3 WHERE node_id = $1 AND private_key = $2",
                row.node_id,
                row.private_key,
                fresh
            )
            .execute(&mut *tx)
            .await?
            .rows_affected();
        }
        tx.commit().await?;
        Ok((rows.len(), sealed))
    }

    async fn reseal_sentinel(&self) -> Result<u64, StoreError> {
        let kind = SecretKind::Sentinel;
        let mut tx = self.system_pool().begin().await?;
        let row = sqlx::query!("SELECT id, sealed FROM key_sentinel FOR UPDATE").fetch_one(&mut *tx).await?;
        let place = Place { kind, row: row.id, tenant: row.id };
        let plain = self.vault().unseal(&mut tx, place, &row.sealed).await?;
        let fresh = self.vault().seal(place, &plain)?;
        let done = sqlx::query!("UPDATE key_sentinel SET sealed = $1", fresh).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}
