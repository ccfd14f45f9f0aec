//! Values of variables. A secret one is sealed for its own row and opened only for whoever runs the game.

use crate::{
    StoreError, Tx, codec,
    secrets::{Place, SecretKind},
    tx::Who,
};
use gantry_domain::variables::{StoredValue, Values};
use gantry_types::ServerId;
use secrecy::ExposeSecret;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

struct ValueRow {
    id: Uuid,
    server_id: Uuid,
    key: String,
    value: Option<String>,
    sealed: Option<Vec<u8>>,
}

impl<W: Who> Tx<W> {
    /// All values of a server, secrets in clear: to be checked against, given to a plugin or sent to the node, and
    /// never shown. What people may see is for `gantry_domain::variables::shown`.
    pub async fn values(&mut self, server: ServerId) -> Result<Values, StoreError> {
        Ok(self.values_of(&[server]).await?.remove(&server).unwrap_or_default())
    }

    /// All values of several servers, secrets in clear.
    pub async fn values_of(
        &mut self,
        servers: &[ServerId],
    ) -> Result<BTreeMap<ServerId, Values>, StoreError> {
        let ids: Vec<Uuid> = servers.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query_as!(
            ValueRow,
            "SELECT id, server_id, key, value, sealed FROM server_variables WHERE server_id = ANY ($1)",
            &ids
        )
        .fetch_all(self.db())
        .await?;
        let mut values: BTreeMap<ServerId, Values> = BTreeMap::new();
        for row in rows {
            let server = ServerId::new(row.server_id);
            let value = match (row.value, row.sealed) {
                (Some(plain), _) => plain,
                (None, Some(sealed)) => self.open_value(row.id, row.server_id, &sealed).await?,
                (None, None) => return Err(StoreError::Unreadable("server_variables")),
            };
            values.entry(server).or_default().insert(row.key, value);
        }
        Ok(values)
    }

    /// Keys of the values that became others after a generation.
    pub async fn values_changed_after(
        &mut self,
        server: ServerId,
        generation: u64,
    ) -> Result<BTreeSet<String>, StoreError> {
        let keys = sqlx::query_scalar!(
            "SELECT key FROM server_variables WHERE server_id = $1 AND changed_generation > $2",
            server.uuid(),
            codec::to_i64(generation)
        )
        .fetch_all(self.db())
        .await?;
        Ok(keys.into_iter().collect())
    }

    async fn open_value(&mut self, row: Uuid, server: Uuid, sealed: &[u8]) -> Result<String, StoreError> {
        let place = Place { kind: SecretKind::ServerVariable, row, tenant: server };
        let vault = Arc::clone(&self.vault);
        Ok(vault.unseal_text(self.db(), place, sealed).await?.expose_secret().to_owned())
    }

    /// Writes values, sealing the secret ones, as of the server's generation. A row keeps its id for its life, so that
    /// its seal holds.
    pub(crate) async fn store_values(
        &mut self,
        server: ServerId,
        values: &[StoredValue],
    ) -> Result<(), StoreError> {
        for value in values {
            let id = self.value_row(server, &value.key).await?;
            let (plain, sealed) = if value.secret {
                let place = Place { kind: SecretKind::ServerVariable, row: id, tenant: server.uuid() };
                (None, Some(self.vault.seal(place, value.value.as_bytes())?))
            } else {
                (Some(value.value.as_str()), None)
            };
            sqlx::query!(
                "UPDATE server_variables SET value = $2, sealed = $3,
                     changed_generation = (SELECT s.generation FROM servers s WHERE s.id = server_id)
                 WHERE id = $1",
                id,
                plain,
                sealed
            )
            .execute(self.db())
            .await?;
        }
        Ok(())
    }

    async fn value_row(&mut self, server: ServerId, key: &str) -> Result<Uuid, StoreError> {
        sqlx::query!(
            "INSERT INTO server_variables (id, server_id, key, value) VALUES ($1, $2, $3, '')
             ON CONFLICT ON CONSTRAINT server_variables_key DO NOTHING",
            crate::new_uuid(),
            server.uuid(),
            key
        )
        .execute(self.db())
        .await?;
        let id = sqlx::query_scalar!(
            "SELECT id FROM server_variables WHERE server_id = $1 AND key = $2 FOR UPDATE",
            server.uuid(),
            key
        )
        .fetch_one(self.db())
        .await?;
        Ok(id)
    }
}
