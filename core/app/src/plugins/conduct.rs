//! How a plugin fares: here and on every node that is connected, as each of them knows it at this moment.
//!
//! Nothing of it is stored. A node that does not answer is named, and the others are shown.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{LiftInput, PluginLogQuery},
    views::{ConductView, Page, PlaceConduct},
};
use futures_util::future::join_all;
use gantry_domain::audit::AuditEntry;
use gantry_types::{
    NodeId, PluginId,
    conduct::{PluginConduct, PluginLine},
};
use serde_json::json;
use std::collections::BTreeSet;

impl App {
    /// What a plugin used and what stopped it, in each place.
    pub async fn plugin_conduct(&self, ctx: &OpCtx, id: PluginId) -> Answer<ConductView> {
        ctx.actor.administrator()?;
        let digests = self.digests(ctx, id).await?;
        let names = self.db().as_user(&ctx.actor).await?.nodes().await?;
        let connected: BTreeSet<NodeId> = self.links().connected().into_iter().collect();
        let asked = names.into_iter().filter(|node| connected.contains(&node.id)).map(|node| async move {
            let heard = match self.client(node.id) {
                Ok(client) => client.conduct().await.ok(),
                Err(_) => None,
            };
            (node.id, node.name, heard)
        });
        let ours = |conduct: Vec<PluginConduct>| {
            conduct.into_iter().filter(|one| digests.contains(&one.digest)).collect::<Vec<_>>()
        };
        let here = PlaceConduct {
            node_id: None,
            node_name: None,
            releases: ours(self.components().host().conduct()),
        };
        let (mut places, mut silent) = (vec![here], Vec::new());
        for (id, name, heard) in join_all(asked).await {
            match heard {
                Some(conduct) => {
                    places.push(PlaceConduct {
                        node_id: Some(id),
                        node_name: Some(name),
                        releases: ours(conduct),
                    });
                }
                None => silent.push(name),
            }
        }
        places.retain(|place| !place.releases.is_empty());
        Ok(ConductView { places, silent })
    }

    /// What a release wrote in one place, oldest first.
    pub async fn plugin_log(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        query: PluginLogQuery,
    ) -> Answer<Page<PluginLine>> {
        ctx.actor.administrator()?;
        self.release_of(ctx, id, &query.digest).await?;
        let lines = match query.node {
            Some(node) => self.client(node)?.plugin_log(&query.digest, query.server).await?,
            None => {
                let server = query.server.map(|server| server.to_string());
                self.components().host().plugin_log(&query.digest, server.as_deref())
            }
        };
        Ok(Page::whole(lines))
    }

    /// Ends a hold: that of a release, or that of a release for one server, in one place.
    pub async fn lift_hold(&self, ctx: &OpCtx, id: PluginId, input: LiftInput) -> Answer<()> {
        ctx.actor.administrator()?;
        let manifest_id = self.release_of(ctx, id, &input.digest).await?;
        match input.node_id {
            Some(node) => self.client(node)?.lift_hold(&input.digest, input.server_id).await?,
            None => {
                let server = input.server_id.map(|server| server.to_string());
                self.components().host().lift_hold(&input.digest, server.as_deref());
            }
        }
        let entry = AuditEntry::new("plugin.hold.lift", "plugin", &manifest_id, ctx.origin.clone())
            .after(json!({ "digest": input.digest, "nodeId": input.node_id, "serverId": input.server_id }));
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.audit(entry);
        Ok(tx.commit().await?)
    }

    async fn digests(&self, ctx: &OpCtx, id: PluginId) -> Answer<BTreeSet<String>> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.plugin(id).await?;
        Ok(tx.releases(id).await?.into_iter().map(|release| release.digest).collect())
    }

    /// The manifest id, where the digest is one of the plugin's releases.
    async fn release_of(&self, ctx: &OpCtx, id: PluginId, digest: &str) -> Answer<String> {
        if !self.digests(ctx, id).await?.contains(digest) {
            return Err(AppError::not_found("release"));
        }
        Ok(self.db().as_user(&ctx.actor).await?.plugin(id).await?.manifest_id)
    }
}
