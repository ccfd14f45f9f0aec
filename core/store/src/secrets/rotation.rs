//! Replacing keys while everything runs.
//!
//! Another master key rewraps the data keys, in one transaction. Another data key seals what is written from then on;
//! what older keys sealed is sealed again row by row, each only if it has not changed meanwhile, and a key that seals
//! nothing more is retired.

use super::{MasterKey, Place, SecretError, SecretKind};
use crate::{Db, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

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
                SecretKind::ServerVariable => self.reseal_rows(kind, Table::Variables).await?,
                SecretKind::ScheduleSteps => self.reseal_rows(kind, Table::Schedules).await?,
                SecretKind::PluginSetting => self.reseal_rows(kind, Table::PluginSettings).await?,
                SecretKind::NodeKey => self.reseal_rows(kind, Table::NodeKeys).await?,
                SecretKind::PluginSecret => self.reseal_rows(kind, Table::PluginSecrets).await?,
                SecretKind::PluginKept => self.reseal_rows(kind, Table::PluginKept).await?,
                SecretKind::RegistryLogin => self.reseal_rows(kind, Table::RegistryLogins).await?,
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

    /// One batch of rows, in one transaction.
    async fn reseal_rows(&self, kind: SecretKind, table: Table) -> Result<(usize, u64), StoreError> {
        let mut tx = self.system_pool().begin().await?;
        let rows = table.sealed_by_others(&mut tx, &self.key_bytes(kind)?).await?;
        let mut sealed = 0;
        for Sealed { row, tenant, blob } in &rows {
            let place = Place { kind, row: *row, tenant: *tenant };
            let plain = self.vault().unseal(&mut tx, place, blob).await?;
            sealed += table.replace(&mut tx, *row, blob, &self.vault().seal(place, &plain)?).await?;
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

/// Where many rows are sealed.
#[derive(Clone, Copy)]
enum Table {
    Variables,
    Schedules,
    PluginSettings,
    NodeKeys,
    PluginSecrets,
    PluginKept,
    RegistryLogins,
}

/// A blob and what it is bound to.
struct Sealed {
    row: Uuid,
    tenant: Uuid,
    blob: Vec<u8>,
}

impl Table {
    /// Some of the rows that another key than this one sealed.
    async fn sealed_by_others(
        self,
        connection: &mut PgConnection,
        key: &[u8],
    ) -> Result<Vec<Sealed>, sqlx::Error> {
        match self {
            Self::Variables => {
                sqlx::query_as!(
                    Sealed,
                    r#"SELECT id AS row, server_id AS tenant, sealed AS "blob!" FROM server_variables
                       WHERE sealed IS NOT NULL AND substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2"#,
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
            Self::Schedules => {
                sqlx::query_as!(
                    Sealed,
                    "SELECT id AS row, server_id AS tenant, sealed AS blob FROM schedules
                     WHERE substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2",
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
            Self::PluginSettings => {
                sqlx::query_as!(
                    Sealed,
                    r#"SELECT id AS row, plugin_id AS tenant, sealed AS "blob!" FROM plugin_settings
                       WHERE sealed IS NOT NULL AND substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2"#,
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
            Self::NodeKeys => {
                sqlx::query_as!(
                    Sealed,
                    "SELECT node_id AS row, node_id AS tenant, private_key AS blob FROM node_keys
                     WHERE substring(private_key FROM 2 FOR 4) <> $1 ORDER BY node_id LIMIT $2",
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
            Self::PluginSecrets => {
                sqlx::query_as!(
                    Sealed,
                    "SELECT id AS row, plugin_id AS tenant, sealed AS blob FROM plugin_secrets
                     WHERE substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2",
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
            Self::PluginKept => {
                sqlx::query_as!(
                    Sealed,
                    r#"SELECT id AS row, coalesce(server_id, plugin_id) AS "tenant!", sealed AS blob FROM plugin_kept
                       WHERE substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2"#,
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
            Self::RegistryLogins => {
                sqlx::query_as!(
                    Sealed,
                    "SELECT id AS row, id AS tenant, sealed AS blob FROM registry_logins
                     WHERE substring(sealed FROM 2 FOR 4) <> $1 ORDER BY id LIMIT $2",
                    key,
                    BATCH
                )
                .fetch_all(connection)
                .await
            }
        }
    }

    /// Puts another blob where this one still stands.
    async fn replace(
        self,
        connection: &mut PgConnection,
        row: Uuid,
        from: &[u8],
        to: &[u8],
    ) -> Result<u64, sqlx::Error> {
        let replacing = match self {
            Self::Variables => {
                sqlx::query!(
                    "UPDATE server_variables SET sealed = $3 WHERE id = $1 AND sealed = $2",
                    row,
                    from,
                    to
                )
            }
            Self::Schedules => {
                sqlx::query!("UPDATE schedules SET sealed = $3 WHERE id = $1 AND sealed = $2", row, from, to)
            }
            Self::PluginSettings => sqlx::query!(
                "UPDATE plugin_settings SET sealed = $3 WHERE id = $1 AND sealed = $2",
                row,
                from,
                to
            ),
            Self::NodeKeys => sqlx::query!(
                "UPDATE node_keys SET private_key = $3 WHERE node_id = $1 AND private_key = $2",
                row,
                from,
                to
            ),
            Self::PluginSecrets => sqlx::query!(
                "UPDATE plugin_secrets SET sealed = $3 WHERE id = $1 AND sealed = $2",
                row,
                from,
                to
            ),
            Self::PluginKept => {
                sqlx::query!(
                    "UPDATE plugin_kept SET sealed = $3 WHERE id = $1 AND sealed = $2",
                    row,
                    from,
                    to
                )
            }
            Self::RegistryLogins => sqlx::query!(
                "UPDATE registry_logins SET sealed = $3 WHERE id = $1 AND sealed = $2",
                row,
                from,
                to
            ),
        };
        Ok(replacing.execute(connection).await?.rows_affected())
    }
}
