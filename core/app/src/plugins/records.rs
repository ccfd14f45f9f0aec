//! Calls of a plugin that were stopped, as files for its author: which there are, here and on every node that is connected, and
//! one of them.
//!
//! As with everything about how plugins run, the control plane stores none of those of nodes. Nobody but administrators gets one,
//! and the audit log says who did: a record has no secrets that Gantry knows of, but what players and customers wrote.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::RecordQuery,
    views::{RecordFile, RecordView, RecordsView},
};
use gantry_domain::{audit::AuditEntry, nodes::Node};
use gantry_host::KeptRecord;
use gantry_nodes::{NodeError, ProtocolFault};
use gantry_protocol::RefusalCode;
use gantry_types::{NodeId, PluginId, conduct::PluginRecord};
use serde_json::json;

impl App {
    /// Every call of a plugin's releases that is kept anywhere, the newest first.
    pub async fn plugin_records(&self, ctx: &OpCtx, id: PluginId) -> Answer<RecordsView> {
        ctx.actor.administrator()?;
        let digests = self.digests(ctx, id).await?;
        let view = |node: Option<(NodeId, String)>, records: Vec<PluginRecord>| {
            let (node_id, node_name) = node.unzip();
            let of = move |record| RecordView { node_id, node_name: node_name.clone(), record };
            records.into_iter().map(of)
        };
        let mut items: Vec<RecordView> = view(None, self.components().host().records()).collect();
        let mut silent = Vec::new();
        let nodes = self.db().as_user(&ctx.actor).await?.nodes().await?;
        for (Node { id, name, .. }, records) in self.asked(nodes, async |node| node.records().await).await {
            match records {
                Some(records) => items.extend(view(Some((id, name)), records)),
                None => silent.push(name),
            }
        }
        items.retain(|item| digests.contains(&item.record.digest));
        items.sort_by_key(|item| std::cmp::Reverse(item.record.at));
        let servers =
            self.names(ctx, items.iter().filter_map(|item| item.record.server_id.as_deref())).await?;
        Ok(RecordsView { items, silent, servers })
    }

    /// One of them, to be handed to the plugin's author.
    pub async fn plugin_record(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        record: &str,
        query: RecordQuery,
    ) -> Answer<RecordFile> {
        ctx.actor.administrator()?;
        let gone = || AppError::not_found("record");
        let is_name = record.len() == 32 && record.bytes().all(|letter| letter.is_ascii_hexdigit());
        let manifest_id = self.release_of(ctx, id, &query.digest).await?;
        if !is_name {
            return Err(gone());
        }
        let text = match query.node {
            Some(node) => match self.client(node)?.record(&query.digest, record).await {
                Ok(text) if KeptRecord::id(&text) == record => text,
                Ok(_) => return Err(NodeError::Protocol(ProtocolFault::Truncated).into()),
                Err(NodeError::Refused(refusal)) if refusal.code == RefusalCode::NoSuchFile => {
                    return Err(gone());
                }
                Err(error) => return Err(error.into()),
            },
            None => {
                let kept = self.components().host().record(&query.digest, record).ok_or_else(gone)?;
                kept.text.as_ref().to_owned()
            }
        };
        let entry = AuditEntry::new("plugin.record.read", "plugin", &manifest_id, ctx.origin.clone())
            .after(json!({ "record": record, "digest": query.digest, "nodeId": query.node }));
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.audit(entry);
        tx.commit().await?;
        Ok(RecordFile { name: format!("{manifest_id}-{}.jsonl", &record[..12]), text })
    }
}
