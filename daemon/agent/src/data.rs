//! Where things stand in the data directory.

use gantry_types::ServerId;
use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// The daemon's directory. All in it is the daemon's own but the servers' `data`, which tenants fill.
#[derive(Clone, Debug)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Makes what is missing, readable by the daemon alone.
    pub fn open(root: &Path) -> io::Result<Self> {
        let data = Self(root.to_owned());
        for directory in [root.to_owned(), data.servers(), data.backups(), data.plugins(), data.cache()] {
            make(&directory)?;
        }
        Ok(data)
    }

    pub fn ledger(&self) -> PathBuf {
        self.0.join("ledger.redb")
    }

    /// Components by digest.
    pub fn plugins(&self) -> PathBuf {
        self.0.join("plugins")
    }

    /// Compiled components.
    pub fn cache(&self) -> PathBuf {
        self.0.join("cache")
    }

    /// The key that seals the ledger's secrets and authenticates the cache.
    pub fn key(&self) -> PathBuf {
        self.0.join("node.key")
    }

    /// From which the node's SSH host key is made.
    pub fn ssh_host_key(&self) -> PathBuf {
        self.0.join("ssh_host.key")
    }

    /// All servers.
    pub fn servers(&self) -> PathBuf {
        self.0.join("servers")
    }

    /// All of one server.
    pub fn server(&self, id: ServerId) -> PathBuf {
        self.servers().join(id.to_string())
    }

    /// Backups of all servers.
    pub fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }

    /// What is mounted into its container.
    pub fn server_files(&self, id: ServerId) -> PathBuf {
        self.server(id).join("data")
    }

    /// Where a backup is unpacked before it takes that place.
    pub fn server_restore(&self, id: ServerId) -> PathBuf {
        self.server(id).join("restore")
    }

    /// Makes the server's directory.
    pub fn make_server(&self, id: ServerId) -> io::Result<PathBuf> {
        let path = self.server(id);
        make(&path)?;
        Ok(path)
    }
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
