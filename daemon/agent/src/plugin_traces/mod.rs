//! What plugins leave about servers, kept over a restart beside each server's console, and gone with the server: the lines that
//! they wrote, and their calls that were stopped.
//!
//! The host keeps the latest of it in memory, bounded, and that is what is shown. Whenever something is new, the whole of what
//! the host keeps of that server takes the place of its files, so that they are bounded by the same numbers. What came within
//! the last second before a daemon was killed is lost.

mod lines;
mod records;

use crate::{data::DataDir, failure::chain, node::Shared};
use gantry_host::Host;
use gantry_types::ServerId;
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// What comes in this time is written out together.
const GATHERING: Duration = Duration::from_secs(1);

/// Held by whoever writes files, so that a directory does not go meanwhile.
#[derive(Default)]
pub(crate) struct PluginTraces(Mutex<()>);

impl PluginTraces {
    /// Writes out whatever is new, until the node stops.
    pub(crate) async fn keep(shared: Arc<Shared>, stopping: CancellationToken) {
        let host = shared.plugins.host();
        let something = || async {
            tokio::select! {
                () = host.log_written() => {}
                () = host.record_kept() => {}
            }
        };
        while stopping.run_until_cancelled(something()).await.is_some() {
            stopping.run_until_cancelled(tokio::time::sleep(GATHERING)).await;
            shared.plugin_traces.save(&shared).await;
        }
    }

    /// Writes out what is new.
    pub(crate) async fn save(&self, shared: &Shared) {
        let _alone = self.0.lock().await;
        let host = shared.plugins.host();
        let (logs, records) = (host.unsaved_logs(), host.unsaved_records());
        if logs.is_empty() && records.is_empty() {
            return;
        }
        let data = shared.data.clone();
        let written = tokio::task::spawn_blocking(move || {
            for (server, log) in &logs {
                put(&data, server, |directory| lines::write(directory, log));
            }
            for (server, kept) in &records {
                put(&data, server, |directory| records::write(directory, kept));
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "what plugins left was not kept");
        }
    }

    /// Nothing more is written about the server, whose directory may go.
    pub(crate) async fn forget(&self, host: &Host, server: ServerId) {
        host.forget_server(&server.to_string());
        drop(self.0.lock().await);
    }
}

fn put(data: &DataDir, server: &str, write: impl FnOnce(&Path) -> io::Result<()>) {
    // Tests and authors call servers what they like; those of a node have ids.
    let Ok(id) = server.parse::<ServerId>() else { return };
    match write(&data.server(id)) {
        Ok(()) => {}
        // The server is gone.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(server.id = %id, error = chain(&error), "what its plugin left was not kept")
        }
    }
}

/// Takes up what was kept of these servers. Blocks.
pub(crate) fn restore(host: &Host, data: &DataDir, servers: &[ServerId]) {
    for id in servers {
        let directory = data.server(*id);
        take(*id, lines::read(&directory, *id), |lines| host.restore_log(lines));
        take(*id, records::read(&directory, *id), |records| host.restore_records(records));
    }
}

fn take<T>(id: ServerId, read: io::Result<T>, restore: impl FnOnce(T)) {
    match read {
        Ok(kept) => restore(kept),
        Err(error) => {
            tracing::warn!(server.id = %id, error = chain(&error), "what its plugin left cannot be read")
        }
    }
}
