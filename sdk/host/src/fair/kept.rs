//! What plugins wrote about servers, for an embedder that keeps it beyond its own end.
//!
//! Nothing is handed over line by line: an embedder is told that something was written, and asks for the whole of what is
//! kept of each server for which that is so. So there is no queue that could be full, and no more is kept than is shown.

use std::time::Instant;

use gantry_types::conduct::PluginLine;
use serde::{Deserialize, Serialize};

use super::{Caller, Fair};
use crate::kind::Kind;

/// A line with the release that wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLine {
    /// The manifest id.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Of its component.
    pub digest: String,
    /// What it wrote.
    #[serde(flatten)]
    pub line: PluginLine,
}

impl Fair {
    /// Resolves when something was written about a server since this was last awaited.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
    }

    /// All lines of each server about which something was written since this was last asked, oldest first.
    pub(crate) fn unsaved(&self) -> Vec<(String, Vec<KeptLine>)> {
        let mut book = self.book();
        let mut servers: Vec<String> = Vec::new();
        for entry in book.values_mut() {
            for (id, account) in &mut entry.servers {
                if std::mem::take(&mut account.is_unsaved) {
                    servers.push(id.clone());
                }
            }
        }
        servers.sort();
        servers.dedup();
        let lines = |server: &String| {
            let mut all = Vec::new();
            for (digest, entry) in book.iter() {
                let lines = entry.servers.get(server).into_iter().flat_map(|account| account.lines());
                all.extend(lines.map(|line| KeptLine {
                    plugin: entry.plugin.to_string(),
                    version: entry.version.clone(),
                    digest: digest.to_string(),
                    line: line.clone(),
                }));
            }
            all.sort_by_key(|kept| kept.line.at);
            all
        };
        let kept = |server: String| (lines(&server), server);
        servers.into_iter().map(kept).map(|(lines, server)| (server, lines)).collect()
    }

    /// Takes up what was kept. Lines that are about no server have no place.
    pub(crate) fn restore(&self, kept: Vec<KeptLine>) {
        for KeptLine { plugin, version, digest, line } in kept {
            if line.server_id.is_none() {
                continue;
            }
            // Whose account it is, is all that is asked of the caller.
            let caller = Caller {
                digest: digest.into(),
                plugin: plugin.into(),
                version,
                server: line.server_id.clone(),
                tenant: None,
                kind: Kind::Collect,
            };
            self.with(&caller, Instant::now(), |entry| entry.own(&caller).write(line));
        }
    }
}
