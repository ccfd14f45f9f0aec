//! Locations.

use crate::{
    App, OpCtx,
    error::Answer,
    inputs::{LocationInput, LocationUpdate},
    views::{LocationView, Page},
};
use gantry_domain::{audit::AuditEntry, text};
use gantry_store::{StoreError, UserTx};
use gantry_types::LocationId;
use serde_json::json;

impl App {
    /// All locations: everybody who makes servers chooses among them.
    pub async fn list_locations(&self, ctx: &OpCtx) -> Answer<Page<LocationView>> {
        let locations = self.db().as_user(&ctx.actor).await?.locations().await?;
        Ok(Page::whole(locations.into_iter().map(LocationView::from).collect()))
    }

    pub async fn create_location(&self, ctx: &OpCtx, input: LocationInput) -> Answer<LocationView> {
        let grant = ctx.actor.administrator()?;
        let name = text::name("name", &input.name)?;
        let description = text::description("description", &input.description)?;
        let id = LocationId::new(gantry_store::new_uuid());
        let entry = AuditEntry::new("location.create", "location", id, ctx.origin.clone())
            .after(json!({ "name": name, "description": description }));
        let mut tx = self.db().as_user(&ctx.actor).await?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        tx.create_location(&grant, id, &name, &description, entry).await?;
        let made = one(&mut tx, id).await?;
        ctx.keep(&mut tx, 201, &made).await?;
        tx.commit().await?;
        Ok(made)
    }

    pub async fn update_location(
        &self,
        ctx: &OpCtx,
        id: LocationId,
        update: LocationUpdate,
    ) -> Answer<LocationView> {
        let grant = ctx.actor.administrator()?;
        let name = update.name.map(|name| text::name("name", &name)).transpose()?;
        let description = update.description.map(|it| text::description("description", &it)).transpose()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let before = one(&mut tx, id).await?;
        let entry = AuditEntry::new("location.update", "location", id, ctx.origin.clone())
            .before(json!({ "name": before.name, "description": before.description }))
            .after(json!({ "name": name, "description": description }));
        tx.update_location(&grant, id, name.as_deref(), description.as_deref(), entry).await?;
        let after = one(&mut tx, id).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Removes a location without nodes.
    pub async fn delete_location(&self, ctx: &OpCtx, id: LocationId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let before = one(&mut tx, id).await?;
        let entry = AuditEntry::new("location.delete", "location", id, ctx.origin.clone())
            .before(json!({ "name": before.name }));
        tx.delete_location(&grant, id, entry).await?;
        Ok(tx.commit().await?)
    }
}

async fn one(tx: &mut UserTx, id: LocationId) -> Answer<LocationView> {
    let all = tx.locations().await?;
    let found = all.into_iter().find(|location| location.id == id).ok_or(StoreError::NotFound("location"))?;
    Ok(found.into())
}
