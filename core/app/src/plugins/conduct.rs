//! How a plugin fares: here and on every node that is connected, as each of them knows it at this moment.
//!
//! Nothing of it is stored. A node that does not answer is named, and the others are shown.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{LiftInput, PluginLogQuery},
    views::{ConductView, HoldView, HoldsView, PlaceConduct, PluginLogView},
};
use futures_util::{StreamExt, stream};
use gantry_domain::{audit::AuditEntry, nodes::Node};
use gantry_nodes::{NodeClient, NodeError};
use gantry_types::{PluginId, ServerId, conduct::PluginConduct};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Nodes that are asked at a time.
const AT_A_TIME: usize = 32;

/// What everybody said.
struct Heard {
    places: Vec<PlaceConduct>,
    silent: Vec<String>,
}

impl App {
    /// What a plugin used and what stopped it, in each place.
    pub async fn plugin_conduct(&self, ctx: &OpCtx, id: PluginId) -> Answer<ConductView> {
        ctx.actor.administrator()?;
        let digests = self.digests(ctx, id).await?;
        let Heard { mut places, silent } = self.everywhere(ctx).await?;
        for place in &mut places {
            place.releases.retain(|one| digests.contains(&one.digest));
        }
        places.retain(|place| !place.releases.is_empty());
        let holds = places.iter().flat_map(|place| &place.releases).flat_map(|release| &release.holds);
        let servers = self.names(ctx, holds.filter_map(|hold| hold.server_id.as_deref())).await?;
        Ok(ConductView { places, silent, servers })
    }

    /// Every hold of every plugin that is still installed.
    pub async fn plugin_holds(&self, ctx: &OpCtx) -> Answer<HoldsView> {
        ctx.actor.administrator()?;
        let plugins = self.db().as_user(&ctx.actor).await?.plugins().await?;
        let known: HashMap<String, PluginId> =
            plugins.into_iter().map(|plugin| (plugin.manifest_id, plugin.id)).collect();
        let Heard { places, silent } = self.everywhere(ctx).await?;
        let mut items = Vec::new();
        for PlaceConduct { node_id, node_name, releases } in places {
            for PluginConduct { plugin, version, holds, .. } in releases {
                let Some(plugin_id) = known.get(&plugin).copied() else { continue };
                items.extend(holds.into_iter().map(|hold| HoldView {
                    plugin_id,
                    version: version.clone(),
                    node_id,
                    node_name: node_name.clone(),
                    hold,
                }));
            }
        }
        Ok(HoldsView { items, silent })
    }

    /// What a release wrote in one place, oldest first.
    pub async fn plugin_log(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        query: PluginLogQuery,
    ) -> Answer<PluginLogView> {
        ctx.actor.administrator()?;
        self.release_of(ctx, id, &query.digest).await?;
        let items = match query.node {
            Some(node) => self.client(node)?.plugin_log(&query.digest, query.server).await?,
            None => {
                let server = query.server.map(|server| server.to_string());
                self.components().host().plugin_log(&query.digest, server.as_deref())
            }
        };
        let servers = self.names(ctx, items.iter().filter_map(|line| line.server_id.as_deref())).await?;
        Ok(PluginLogView { items, servers })
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

    /// Hands the figures of plugins in this process to whoever collects numbers. What runs on nodes is told by
    /// [`App::plugin_conduct`]: asking all of them at each look would be a load, and those that are away would seem to stand still.
    pub fn measure_plugins(&self) {
        for PluginConduct { plugin, version, figures, holds, .. } in self.components().host().conduct() {
            let labels = [("plugin", plugin), ("version", version), ("place", "control_plane".to_owned())];
            let count = |name: &'static str, value| metrics::counter!(name, &labels).absolute(value);
            count("gantry_plugin_calls_total", figures.calls);
            count("gantry_plugin_declined_total", figures.declined);
            count("gantry_plugin_stopped_total", figures.stopped.values().sum());
            count("gantry_plugin_refused_total", figures.refused);
            count("gantry_plugin_broken_total", figures.broken);
            count("gantry_plugin_cpu_milliseconds_total", figures.cpu_ms);
            count("gantry_plugin_host_calls_total", figures.host_calls);
            count("gantry_plugin_log_bytes_total", figures.log_bytes);
            #[expect(clippy::cast_precision_loss, reason = "an amount of memory, and a number of holds")]
            let numbers = (figures.memory_peak_bytes as f64, holds.len() as f64);
            metrics::gauge!("gantry_plugin_memory_peak_bytes", &labels).set(numbers.0);
            metrics::gauge!("gantry_plugin_holds", &labels).set(numbers.1);
        }
    }

    /// All releases, here and on every node that has a daemon.
    async fn everywhere(&self, ctx: &OpCtx) -> Answer<Heard> {
        let here =
            PlaceConduct { node_id: None, node_name: None, releases: self.components().host().conduct() };
        let mut heard = Heard { places: vec![here], silent: Vec::new() };
        for (Node { id, name, .. }, releases) in self.of_nodes(ctx, async |node| node.conduct().await).await?
        {
            match releases {
                Some(releases) => {
                    heard.places.push(PlaceConduct { node_id: Some(id), node_name: Some(name), releases });
                }
                None => heard.silent.push(name),
            }
        }
        Ok(heard)
    }

    /// What every node that has a daemon answers; nothing where it is away or does not.
    pub(super) async fn of_nodes<T>(
        &self,
        ctx: &OpCtx,
        ask: impl AsyncFn(NodeClient) -> Result<T, NodeError>,
    ) -> Answer<Vec<(Node, Option<T>)>> {
        let mut nodes = self.db().as_user(&ctx.actor).await?.nodes().await?;
        nodes.retain(|node| node.enrolled_at.is_some());
        let ask = &ask;
        let answers = nodes.into_iter().map(|node| async move {
            let answer = match self.client(node.id) {
                Ok(client) => ask(client).await.ok(),
                Err(_) => None,
            };
            (node, answer)
        });
        Ok(stream::iter(answers).buffered(AT_A_TIME).collect().await)
    }

    /// What servers are called. One that is gone has no name any more.
    pub(super) async fn names<'a>(
        &self,
        ctx: &OpCtx,
        ids: impl Iterator<Item = &'a str>,
    ) -> Answer<BTreeMap<String, String>> {
        let ids: BTreeSet<ServerId> = ids.filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<ServerId> = ids.into_iter().collect();
        let servers = self.db().as_user(&ctx.actor).await?.servers_by_ids(&ids).await?;
        Ok(servers.into_iter().map(|server| (server.id.to_string(), server.name)).collect())
    }

    pub(super) async fn digests(&self, ctx: &OpCtx, id: PluginId) -> Answer<BTreeSet<String>> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.plugin(id).await?;
        Ok(tx.releases(id).await?.into_iter().map(|release| release.digest).collect())
    }

    /// The manifest id, where the digest is one of the plugin's releases.
    pub(super) async fn release_of(&self, ctx: &OpCtx, id: PluginId, digest: &str) -> Answer<String> {
        if !self.digests(ctx, id).await?.contains(digest) {
            return Err(AppError::not_found("release"));
        }
        Ok(self.db().as_user(&ctx.actor).await?.plugin(id).await?.manifest_id)
    }
}
