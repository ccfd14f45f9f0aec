//! The components that this node holds: by digest, verified when they come and when they are read.
//!
//! A component is compiled when it is first needed and kept ready afterwards. Nothing is ever taken for the component
//! that its name says without its digest having been computed.

use gantry_host::{Grants, Host, HostError, Plugin};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{io::AsyncWriteExt, sync::OnceCell};

/// The largest component that is taken.
pub const COMPONENT_BYTES: usize = 64 << 20;

#[derive(Debug, thiserror::Error)]
pub enum PluginsError {
    #[error("a digest is 64 lower-case hexadecimal digits")]
    Name,
    #[error("the component's digest is {found}")]
    Digest { found: String },
    #[error("the component is not on this node")]
    Missing,
    #[error("the component cannot be stored or read")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Host(#[from] HostError),
}

/// A digest with what was granted to it.
type Granted = (String, Vec<String>);

/// The store. Ready plugins stay ready as long as the daemon runs.
pub struct PluginStore {
    directory: PathBuf,
    host: Host,
    ready: Mutex<HashMap<Granted, Arc<OnceCell<Plugin>>>>,
}

impl std::fmt::Debug for PluginStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginStore").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl PluginStore {
    pub fn new(directory: PathBuf, host: Host) -> Self {
        Self { directory, host, ready: Mutex::default() }
    }

    /// What runs them.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    fn path(&self, digest: &str) -> Result<PathBuf, PluginsError> {
        let fits = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(self.directory.join(format!("{digest}.wasm"))) } else { Err(PluginsError::Name) }
    }

    /// Stores a component. Storing it again changes nothing.
    pub async fn put(&self, digest: &str, wasm: &[u8]) -> Result<(), PluginsError> {
        let path = self.path(digest)?;
        verify(digest, wasm)?;
        if self.holds(digest).await {
            return Ok(());
        }
        let mut nonce = [0; 8];
        getrandom::fill(&mut nonce).map_err(|error| io::Error::other(error.to_string()))?;
        let partial = self.directory.join(format!(".{digest}-{}", hex::encode(nonce)));
        let written = write_durably(&partial, &path, wasm).await;
        if written.is_err() {
            tokio::fs::remove_file(&partial).await.ok();
        }
        Ok(written?)
    }

    /// Whether the component is here.
    pub async fn holds(&self, digest: &str) -> bool {
        match self.path(digest) {
            Ok(path) => tokio::fs::try_exists(path).await.unwrap_or(false),
            Err(_) => false,
        }
    }

    /// Digests of all that are here.
    pub async fn digests(&self) -> Result<Vec<String>, PluginsError> {
        let mut digests = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.directory).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(".wasm"));
            if let Some(digest) = digest.filter(|digest| self.path(digest).is_ok()) {
                digests.push(digest.to_owned());
            }
        }
        digests.sort();
        Ok(digests)
    }

    /// The plugin with what it was granted, ready to be called.
    pub async fn get(&self, digest: &str, granted: &[String]) -> Result<Plugin, PluginsError> {
        let path = self.path(digest)?;
        let cell = {
            let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(ready.entry((digest.to_owned(), granted.to_vec())).or_default())
        };
        let grants = granted.iter().cloned().collect();
        let plugin = cell.get_or_try_init(|| self.load(digest, &path, &grants)).await?;
        Ok(plugin.clone())
    }

    async fn load(&self, digest: &str, path: &Path, grants: &Grants) -> Result<Plugin, PluginsError> {
        let wasm = match tokio::fs::read(path).await {
            Ok(wasm) => wasm,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PluginsError::Missing),
            Err(error) => return Err(error.into()),
        };
        verify(digest, &wasm)?;
        Ok(self.host.load(wasm.into(), grants).await?)
    }
}

fn verify(digest: &str, wasm: &[u8]) -> Result<(), PluginsError> {
    let found = hex::encode(Sha256::digest(wasm));
    if found == digest { Ok(()) } else { Err(PluginsError::Digest { found }) }
}

async fn write_durably(partial: &Path, path: &Path, wasm: &[u8]) -> io::Result<()> {
    let mut file = tokio::fs::File::create(partial).await?;
    file.write_all(wasm).await?;
    file.sync_all().await?;
    tokio::fs::rename(partial, path).await
}
