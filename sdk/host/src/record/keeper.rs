//! One call of production: what it asks is held while it runs, and written down only if it is stopped.
//!
//! A call that goes well pays for copies of its own questions and answers, and nothing else: no secret is looked up, no text is
//! made. Writing is done beside whoever serves people, one record at a time, and what fails faster than that is only counted.

use std::sync::Arc;

use gantry_types::conduct::PluginRecord;

use super::kept::{Cause, KeptRecord};
use super::whole::Component;
use super::{Ended, Question, Record, Recorder};
use crate::capability::{CallContext, Discretion, Lent};
use crate::error::Stop;
use crate::kind::Kind;
use crate::plugin::Plugin;
use crate::stop;

/// Of a record as a file.
const FILE_BYTES: usize = 3 << 20;

/// Holds what one call asks and is told.
pub(crate) struct Keeper {
    plugin: Plugin,
    discretion: Arc<dyn Discretion>,
    recorder: Recorder,
}

impl Keeper {
    /// For a call whose embedder says what is secret; of others nothing is kept.
    pub(crate) fn open(plugin: &Plugin, call: &CallContext) -> Option<Self> {
        let discretion = call.discretion.clone()?;
        Some(Self { plugin: plugin.clone(), discretion, recorder: Recorder::bounded() })
    }

    /// What is lent to the call, with an ear in between where it is lent anything.
    pub(crate) fn lend(&self, kind: Kind, lent: &Lent) -> Lent {
        if kind.lends().is_empty() { lent.clone() } else { self.recorder.lend(lent) }
    }

    /// Writes the call down, for it was stopped. It is done even if nobody waits for it any more.
    pub(crate) async fn keep(self, call: &CallContext, stop: &Stop, question: Question) {
        let Self { plugin, discretion, recorder } = self;
        let records = plugin.0.host.records.clone();
        let server = question.server().map(|server| server.id.clone()).filter(|id| !id.is_empty());
        let cause = Cause::of(&plugin.0.digest, server.as_deref(), stop);
        let Some(waiting) = records.wanted(&cause) else { return };
        let (stop, grants) = (stop.clone(), call.grants.clone());
        let writing = tokio::spawn(async move {
            let Some(secrets) = discretion.secrets().await else {
                tracing::warn!(plugin.id = %plugin.0.id, call = stop.call, "a call that was stopped is not kept: what is secret in it is not known");
                return;
            };
            let Ok(_turn) = records.writing.acquire().await else { return };
            let put = records.clone();
            let written = tokio::task::spawn_blocking(move || {
                let component = Component {
                    plugin: plugin.0.manifest.id.clone(),
                    version: plugin.0.manifest.version.clone(),
                    digest: plugin.0.digest.clone(),
                    grants,
                };
                let ended = Ended::stopped(&stop);
                let Some(record) = Record::of(component, &question, &recorder, secrets, ended) else {
                    return tracing::warn!(plugin.id = %plugin.0.id, call = stop.call, "a call that was stopped is not kept: without its secrets it cannot be read");
                };
                match file(record, server, &stop) {
                    Some(kept) => put.put(cause, kept),
                    None => {
                        tracing::warn!(plugin.id = %plugin.0.id, call = stop.call, "a call that was stopped is not kept: its question alone is too long")
                    }
                }
            });
            if let Err(error) = written.await {
                tracing::error!(%error, "a call that was stopped could not be written down");
            }
            drop(waiting);
        });
        if let Err(error) = writing.await {
            tracing::error!(%error, "a call that was stopped could not be written down");
        }
    }
}

/// The record as a file that is not too long. What it was told makes way first.
fn file(mut record: Record, server: Option<String>, stop: &Stop) -> Option<KeptRecord> {
    let mut text = record.to_lines();
    if text.len() > FILE_BYTES {
        record.told.clear();
        record.is_cut = true;
        text = record.to_lines();
    }
    if text.len() > FILE_BYTES {
        return None;
    }
    let Ended::Stopped { reason, message } = record.ended else { return None };
    let now = chrono::Utc::now();
    let about = PluginRecord {
        id: KeptRecord::id(&text),
        plugin: record.plugin,
        version: record.version,
        digest: record.digest,
        call: stop.call.to_owned(),
        server_id: server,
        symbol: stop::symbol(stop.reason, &message).map(str::to_owned),
        reason,
        message,
        first_at: now,
        at: now,
        times: 1,
        bytes: text.len() as u64,
        is_whole: !record.is_cut,
    };
    Some(KeptRecord { about, text: text.into() })
}
