//! Disk limits that the kernel enforces, where the data directory is on btrfs.
//!
//! The desk accounts for what people write; the game writes past it. On btrfs each server's directory is a subvolume, whose
//! limit the file system keeps against everybody, the daemon included. That needs quotas, which are switched on for a whole
//! file system by whoever owns it (`btrfs quota enable`), and the tool of that name. Where something is missing the limit
//! is accounted and not enforced, and the daemon says so when it starts.

use gantry_types::ServerId;
use std::{
    collections::HashMap, ffi::OsStr, io, os::unix::fs::MetadataExt, path::Path, process::Stdio,
    time::Duration,
};
use tokio::{process::Command, sync::Mutex};

/// The tool changes a few blocks of metadata; on a busy disk these wait.
const PATIENCE: Duration = Duration::from_secs(30);
/// What statfs says of btrfs.
const MAGIC: i64 = 0x9123_683E;
/// The inode of every subvolume's own directory.
const ROOT_INODE: u64 = 256;

/// What keeps the kernel from enforcing a limit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubvolumeError {
    #[error("the directory cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("the program btrfs cannot be started: {0}")]
    Tool(#[source] io::Error),
    #[error("btrfs took more than {} s", PATIENCE.as_secs())]
    Late,
    #[error("btrfs says: {0}")]
    Refused(String),
    #[error(
        "it was made before and is no subvolume: move its files away, install the server again and move them back"
    )]
    Plain,
}

/// The servers' directories, where they can be subvolumes.
#[derive(Debug)]
pub(crate) struct Subvolumes {
    enforced: bool,
    /// What was set last, in MiB.
    limits: Mutex<HashMap<ServerId, u32>>,
}

impl Subvolumes {
    /// Looks what the file system below the servers' directory can do.
    pub(crate) async fn find(servers: &Path) -> Self {
        let is_btrfs = rustix::fs::statfs(servers).is_ok_and(|found| found.f_type == MAGIC);
        let enforced = is_btrfs && usable(servers).await;
        Self { enforced, limits: Mutex::default() }
    }

    /// Makes a server's directory a subvolume, unless it is there already.
    pub(crate) async fn make(&self, root: &Path) -> Result<(), SubvolumeError> {
        if !self.enforced || root.try_exists()? {
            return Ok(());
        }
        btrfs([OsStr::new("subvolume"), "create".as_ref(), root.as_os_str()]).await.map(drop)
    }

    /// Sets the limit of a server's directory, if it is there and another than before. Zero is none.
    pub(crate) async fn limit(
        &self,
        server: ServerId,
        root: &Path,
        disk_mib: u32,
    ) -> Result<(), SubvolumeError> {
        if !self.enforced || !root.try_exists()? {
            return Ok(());
        }
        // Held while the tool runs: of two changes the later one wins.
        let mut limits = self.limits.lock().await;
        if limits.get(&server) == Some(&disk_mib) {
            return Ok(());
        }
        if std::fs::symlink_metadata(root)?.ino() != ROOT_INODE {
            return Err(SubvolumeError::Plain);
        }
        let most = if disk_mib == 0 { "none".to_owned() } else { format!("{disk_mib}M") };
        btrfs([OsStr::new("qgroup"), "limit".as_ref(), most.as_ref(), root.as_os_str()]).await?;
        limits.insert(server, disk_mib);
        Ok(())
    }

    /// Before a server's directory is removed: what has to be tidied up behind it.
    pub(crate) async fn leave(&self, server: ServerId, root: &Path) -> Option<Remains> {
        self.limits.lock().await.remove(&server);
        let is_subvolume = std::fs::symlink_metadata(root).is_ok_and(|found| found.ino() == ROOT_INODE);
        if !self.enforced || !is_subvolume {
            return None;
        }
        let asked = [OsStr::new("inspect-internal"), "rootid".as_ref(), root.as_os_str()];
        let id = btrfs(asked).await.ok()?.trim().parse().ok()?;
        Some(Remains { id })
    }
}

/// The account of a subvolume that is gone.
#[derive(Debug)]
pub(crate) struct Remains {
    id: u64,
}

impl Remains {
    /// The kernel keeps it until it has forgotten the subvolume, which may take longer than anybody waits: then an empty
    /// account is left, which does no harm.
    pub(crate) async fn tidy(self, servers: &Path) {
        let group = format!("0/{}", self.id);
        let asked = [OsStr::new("qgroup"), "destroy".as_ref(), group.as_ref(), servers.as_os_str()];
        if let Err(error) = btrfs(asked).await {
            tracing::debug!(%error, group, "the account of a removed directory is left");
        }
    }
}

async fn usable(servers: &Path) -> bool {
    match btrfs([OsStr::new("qgroup"), "show".as_ref(), servers.as_os_str()]).await {
        Ok(_) => {
            tracing::info!("disk limits are enforced by btrfs");
            true
        }
        Err(error) => {
            tracing::warn!(
                %error,
                "disk limits are accounted but not enforced: switch quotas on with `btrfs quota enable` and start again"
            );
            false
        }
    }
}

async fn btrfs<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<String, SubvolumeError> {
    let mut command = Command::new("btrfs");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.map_err(|_| SubvolumeError::Late)?.map_err(SubvolumeError::Tool)?;
    if !output.status.success() {
        return Err(SubvolumeError::Refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
