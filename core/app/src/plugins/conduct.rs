//! How a plugin fares: here and on every node that is connected, as each of them knows it at this moment.
//!
//! Nothing of it is stored. A node that does not answer is named, and the others are shown.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{LiftInput, PluginLogQuery},
    servers::settings,
    views::{ConductView, HoldView, HoldsView, PlaceConduct, PluginLogView, ServerHoldView, ServerHoldsView},
};
use futures_util::{StreamExt, stream};
use gantry_domain::{audit::AuditEntry, nodes::Node};
use gantry_nodes::{NodeClient, NodeError};
use gantry_types::{
    PluginId, ServerId,
    conduct::{PluginConduct, PluginFigures, PluginHold, ServerFigures},
    permission::Permission,
};
use metrics::Label;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// Nodes that are asked at a time.
const AT_A_TIME: usize = 32;
/// So long the page of numbers waits for the database.
const PATIENCE: Duration = Duration::from_secs(2);
/// Servers that are shown of each release in each place; `/metrics` has all.
const BUSIEST: usize = 5;

/// Hands the figures of plugins and of their servers to the recorder of the moment.
pub fn measure_plugins(places: &[PlaceConduct]) {
    for PlaceConduct { node_name, releases, .. } in places {
        let place = if node_name.is_some() { "node" } else { "control_plane" };
        for PluginConduct { plugin, version, figures, holds, servers, .. } in releases {
            let mut labels = vec![
                Label::new("plugin", plugin.clone()),
                Label::new("version", version.clone()),
                Label::new("place", place),
            ];
            labels.extend(node_name.as_ref().map(|name| Label::new("node", name.clone())));
            measure("gantry_plugin", &labels, figures);
            #[expect(clippy::cast_precision_loss, reason = "a number of holds")]
            metrics::gauge!("gantry_plugin_holds", labels.iter()).set(holds.len() as f64);
            for ServerFigures { server_id, figures } in servers {
                labels.push(Label::new("server", server_id.clone()));
                measure("gantry_plugin_server", &labels, figures);
                labels.pop();
            }
        }
    }
}

fn measure(of: &str, labels: &[Label], figures: &PluginFigures) {
    let counts = [
        ("calls", figures.calls),
        ("declined", figures.declined),
        ("stopped", figures.stopped.values().sum()),
        ("refused", figures.refused),
        ("broken", figures.broken),
        ("cpu_milliseconds", figures.cpu_ms),
        ("host_calls", figures.host_calls),
        ("log_bytes", figures.log_bytes),
    ];
    for (what, value) in counts {
        metrics::counter!(format!("{of}_{what}_total"), labels.iter()).absolute(value);
    }
    #[expect(clippy::cast_precision_loss, reason = "an amount of memory")]
    metrics::gauge!(format!("{of}_memory_peak_bytes"), labels.iter()).set(figures.memory_peak_bytes as f64);
}

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
            place.releases.iter_mut().for_each(|release| release.servers.truncate(BUSIEST));
        }
        places.retain(|place| !place.releases.is_empty());
        let releases = || places.iter().flat_map(|place| &place.releases);
        let held = releases().flat_map(|release| &release.holds).filter_map(|hold| hold.server_id.as_deref());
        let busy = releases().flat_map(|release| &release.servers).map(|server| server.server_id.as_str());
        let servers = self.names(ctx, held.chain(busy)).await?;
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

    /// Whether the plugin of a server's game is on hold for it, here or on its node.
    pub async fn server_holds(&self, ctx: &OpCtx, id: ServerId) -> Answer<ServerHoldsView> {
        let (mut tx, _, server) = self.server_with(ctx, id, Permission::ServerRead).await?;
        let (offered, _) = settings(&mut tx, &server).await?;
        drop(tx);
        let here = self.components().host().holds(&offered.digest, &id.to_string());
        let there = match self.client(server.node.id) {
            Ok(client) => client.plugin_holds(&offered.digest, id).await.ok(),
            Err(_) => None,
        };
        let node_answered = there.is_some();
        let tells_why = ctx.actor.administrator().is_ok();
        let view = |on_node: bool, hold: PluginHold| ServerHoldView {
            on_node,
            only_here: hold.server_id.is_some(),
            call: hold.call,
            since: hold.since,
            until: hold.until,
            reason: tells_why.then_some(hold.reason),
        };
        let here = here.into_iter().map(|hold| view(false, hold));
        let there = there.into_iter().flatten().map(|hold| view(true, hold));
        Ok(ServerHoldsView {
            plugin_id: offered.plugin_id,
            name: offered.plugin_name,
            version: offered.plugin_version,
            items: here.chain(there).collect(),
            node_answered,
        })
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

    /// How every plugin fares in this process and on every node that answers, for whoever collects numbers. Nodes that do not
    /// answer are left out, so that nothing of theirs seems to stand still.
    pub async fn every_conduct(&self) -> Vec<PlaceConduct> {
        let nodes = async { self.db().as_system().await?.nodes().await };
        let nodes = match tokio::time::timeout(PATIENCE, nodes).await {
            Ok(Ok(nodes)) => nodes,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the numbers of plugins on nodes are left out");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        self.conduct_on(nodes).await.places
    }

    /// All releases, here and on every node that has a daemon.
    async fn everywhere(&self, ctx: &OpCtx) -> Answer<Heard> {
        Ok(self.conduct_on(self.db().as_user(&ctx.actor).await?.nodes().await?).await)
    }

    async fn conduct_on(&self, nodes: Vec<Node>) -> Heard {
        let here =
            PlaceConduct { node_id: None, node_name: None, releases: self.components().host().conduct() };
        let mut heard = Heard { places: vec![here], silent: Vec::new() };
        for (Node { id, name, .. }, releases) in self.asked(nodes, async |node| node.conduct().await).await {
            match releases {
                Some(releases) => {
                    heard.places.push(PlaceConduct { node_id: Some(id), node_name: Some(name), releases });
                }
                None => heard.silent.push(name),
            }
        }
        heard
    }

    /// What each of these nodes that has a daemon answers; nothing where it is away or does not.
    pub(super) async fn asked<T>(
        &self,
        mut nodes: Vec<Node>,
        ask: impl AsyncFn(NodeClient) -> Result<T, NodeError>,
    ) -> Vec<(Node, Option<T>)> {
        nodes.retain(|node| node.enrolled_at.is_some());
        let ask = &ask;
        let answers = nodes.into_iter().map(|node| async move {
            let answer = match self.client(node.id) {
                Ok(client) => ask(client).await.ok(),
                Err(_) => None,
            };
            (node, answer)
        });
        stream::iter(answers).buffered(AT_A_TIME).collect().await
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
