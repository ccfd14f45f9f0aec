//! Locations.

use crate::{StoreError, Tx, UserTx, codec, error, tx::Who};
use gantry_auth::AdministratorGrant;
use gantry_domain::{audit::AuditEntry, locations::Location};
use gantry_types::LocationId;

impl<W: Who> Tx<W> {
    /// All locations by name; there are never many.
    pub async fn locations(&mut self) -> Result<Vec<Location>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id, name, description, created_at,
                      (SELECT count(*) FROM nodes n WHERE n.location_id = l.id) AS "nodes!"
               FROM locations l ORDER BY lower(name), id LIMIT 1000"#
        )
        .fetch_all(self.db())
        .await?;
        let all = rows.into_iter().map(|row| Location {
            id: LocationId::new(row.id),
            name: row.name,
            description: row.description,
            nodes: codec::to_u32(row.nodes),
            created_at: row.created_at,
        });
        Ok(all.collect())
    }
}

impl UserTx {
    pub async fn create_location(
        &mut self,
        _grant: &AdministratorGrant,
        id: LocationId,
        name: &str,
        description: &str,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO locations (id, name, description) VALUES ($1, $2, $3)",
            id.uuid(),
            name,
            description
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        Ok(())
    }

    pub async fn update_location(
        &mut self,
        _grant: &AdministratorGrant,
        id: LocationId,
        name: Option<&str>,
        description: Option<&str>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE locations SET name = coalesce($2, name), description = coalesce($3, description) WHERE id = $1",
            id.uuid(),
            name,
            description
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "location")?;
        self.record(entry);
        Ok(())
    }

    /// Deletes a location without nodes.
    pub async fn delete_location(
        &mut self,
        _grant: &AdministratorGrant,
        id: LocationId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!("DELETE FROM locations WHERE id = $1", id.uuid())
            .execute(self.db())
            .await
            .map_err(error::in_use("location"))?;
        error::touched(done.rows_affected(), "location")?;
        self.record(entry);
        Ok(())
    }
}
