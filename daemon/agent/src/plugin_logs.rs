//! What plugins wrote about servers, kept over a restart: a file beside each server's console, which goes with the server.
//!
//! The host keeps the latest of it in memory, bounded, and that is what is shown. Whenever something was written the whole of
//! what the host keeps of that server takes the place of the file, so that the file is bounded by the same numbers. What was
//! written within the last second before a daemon was killed is lost.

use crate::{data::DataDir, failure::chain, node::Shared};
use gantry_host::{Host, KeptLine};
use gantry_types::ServerId;
use std::{
    fs::{File, OpenOptions, rename},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

const NAME: &str = "plugin.log";
/// Of a file that is read: all that the host keeps of a few releases for one server, and room.
const FILE_BYTES: u64 = 1 << 20;
/// What is written in this time is written out together.
const GATHERING: Duration = Duration::from_secs(1);

/// Held by whoever writes files, so that a directory does not go meanwhile.
#[derive(Default)]
pub(crate) struct PluginLogs(Mutex<()>);

impl PluginLogs {
    /// Writes out whatever is new, until the node stops.
    pub(crate) async fn keep(shared: Arc<Shared>, stopping: CancellationToken) {
        while stopping.run_until_cancelled(shared.plugins.host().log_written()).await.is_some() {
            let gathered = tokio::time::sleep(GATHERING);
            stopping.run_until_cancelled(gathered).await;
            shared.plugin_logs.save(&shared).await;
        }
    }

    /// Writes out what is new.
    pub(crate) async fn save(&self, shared: &Shared) {
        let _alone = self.0.lock().await;
        let logs = shared.plugins.host().unsaved_logs();
        if logs.is_empty() {
            return;
        }
        let data = shared.data.clone();
        let written = tokio::task::spawn_blocking(move || {
            for (server, lines) in logs {
                // Tests and authors call servers what they like; those of a node have ids.
                let Ok(id) = server.parse::<ServerId>() else { continue };
                match write(&data.server(id), &lines) {
                    Ok(()) => {}
                    // The server is gone.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => {
                        tracing::warn!(server.id = %id, error = chain(&error), "what its plugin wrote was not kept");
                    }
                }
            }
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "what plugins wrote was not kept");
        }
    }

    /// Nothing more is written about the server, whose directory may go.
    pub(crate) async fn forget(&self, host: &Host, server: ServerId) {
        host.forget_server(&server.to_string());
        drop(self.0.lock().await);
    }
}

/// Takes up what was kept of these servers. Blocks.
pub(crate) fn restore(host: &Host, data: &DataDir, servers: &[ServerId]) {
    for id in servers {
        match read(&data.server(*id), *id) {
            Ok(lines) => host.restore_log(lines),
            Err(error) => {
                tracing::warn!(server.id = %id, error = chain(&error), "what its plugin wrote cannot be read");
            }
        }
    }
}

fn write(directory: &Path, lines: &[KeptLine]) -> io::Result<()> {
    let mut bytes = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
    }
    let (fresh, path) = (directory.join(".plugin.log"), directory.join(NAME));
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&bytes)?;
    rename(fresh, path)
}

/// Lines that are not what is written here, or about somebody else, are left out.
fn read(directory: &Path, id: ServerId) -> io::Result<Vec<KeptLine>> {
    let file = match File::open(directory.join(NAME)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let (mut lines, id) = (Vec::new(), id.to_string());
    for line in BufReader::new(file.take(FILE_BYTES)).split(b'\n') {
        if let Ok(kept) = serde_json::from_slice::<KeptLine>(&line?)
            && kept.line.server_id.as_deref() == Some(&id)
        {
            lines.push(kept);
        }
    }
    Ok(lines)
}
