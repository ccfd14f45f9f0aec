//! What this node lends plugins in calls about one server: its directory, and a few bytes that outlive a call.

use super::work::Work;
use crate::desk::Doubt;
use async_trait::async_trait;
use gantry_files::{FilesError, JailPath, Quota};
use gantry_host::{FileEntry, Files, KeyValue, LentFailure, Plugin};
use std::sync::Arc;

/// Entries of a directory that a plugin is told of.
const ENTRIES: usize = 4_096;
/// Bits of files that plugins write.
const MODE: u32 = 0o640;

/// Capability `files`.
pub(super) struct Directory(Work);

impl Directory {
    pub(super) fn of(work: &Work) -> Self {
        Self(work.clone())
    }

    async fn jail(&self) -> Result<gantry_files::Jail, LentFailure> {
        if self.0.cancel.is_cancelled() {
            return Err(LentFailure::new("unreachable", "what asked for this file was called off"));
        }
        self.0.jail().await.map_err(|failure| LentFailure::new("unreachable", failure.message))
    }
}

#[async_trait]
impl Files for Directory {
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure> {
        let path = path.to_owned();
        let listed = self.jail().await?.run(move |jail| jail.list(&JailPath::parse(&path)?, ENTRIES)).await;
        let entry = |entry: gantry_files::Entry| FileEntry {
            is_directory: entry.kind == gantry_files::Kind::Directory,
            size: entry.bytes,
            name: entry.spelling(),
        };
        Ok(listed.map_err(refused)?.entries.into_iter().map(entry).collect())
    }

    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        let path = path.to_owned();
        let read =
            self.jail().await?.run(move |jail| jail.read(&JailPath::parse(&path)?, max_bytes.into())).await;
        read.map_err(refused)
    }

    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure> {
        let path = JailPath::parse(path).map_err(refused)?;
        let (jail, content) = (self.jail().await?, Arc::new(content));
        let write = |quota: Quota| {
            let (path, content) = (path.clone(), Arc::clone(&content));
            jail.run(move |jail| jail.write_within(&path, &content, MODE, quota.reserve()))
        };
        self.0.within(&jail, Doubt::Stale, write).await.map_err(refused)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err hands over")]
fn refused(error: FilesError) -> LentFailure {
    let code = match &error {
        FilesError::NotFound { .. } => "not_found",
        FilesError::TooLarge { .. } => "too_large",
        FilesError::Quota { .. } | FilesError::Limit | FilesError::DiskFull => "quota",
        _ => "refused",
    };
    LentFailure::new(code, error.to_string())
}

/// Capability `kv`, in the node's ledger: apart for each plugin and server, and gone with the server.
pub(super) struct Kept {
    work: Work,
    plugin: String,
    quota: u64,
}

impl Kept {
    /// Under the plugin's id without its version: an update goes on with what was kept.
    pub(super) fn of(work: &Work, plugin: &Plugin) -> Self {
        let manifest = plugin.manifest();
        Self { work: work.clone(), plugin: manifest.id.clone(), quota: manifest.kept_bytes() }
    }
}

#[async_trait]
impl KeyValue for Kept {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        let ledger = &self.work.shared.ledger;
        ledger.kept(self.work.id(), &self.plugin, key).await.map_err(broken)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let ledger = &self.work.shared.ledger;
        match ledger.keep(self.work.id(), &self.plugin, key, value, self.quota).await.map_err(broken)? {
            true => Ok(()),
            false => Err(LentFailure::new("quota", "this plugin keeps as much for this server as it may")),
        }
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        let ledger = &self.work.shared.ledger;
        ledger.forget_kept(self.work.id(), &self.plugin, key).await.map_err(broken)
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        let ledger = &self.work.shared.ledger;
        ledger.kept_keys(self.work.id(), &self.plugin, prefix).await.map_err(broken)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err hands over")]
fn broken(error: crate::ledger::LedgerError) -> LentFailure {
    tracing::error!(error = crate::failure::chain(&error), "what a plugin keeps cannot be reached");
    LentFailure::new("unreachable", "what the plugin keeps cannot be reached at the moment")
}
