//! The node's servers, as those who come in over SFTP find them.
//!
//! They meet the same desk as those who come by the control plane: the same account of the disk, the same order among
//! changes of names, and the same terms, asked for anew whenever something is to be changed.

use crate::{
    desk::{Desk, open_jail},
    node::{Node, WeakNode},
    server::FileTerms,
};
use async_trait::async_trait;
use gantry_files::{Jail, Protected, Quota};
use gantry_protocol::{Event, SftpActivity, SftpReport};
use gantry_seal::{KeyFileError, key_file};
use gantry_sftp::{Limits, ServerFiles, Servers, Sftp, SftpConfig, Turn};
use gantry_types::ServerId;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What is said where the node ends or the server has gone.
const GONE: &str = "The server is no longer here.";

#[derive(Debug, thiserror::Error)]
pub enum SftpError {
    #[error("the address cannot be listened at")]
    Listen(#[from] io::Error),
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error("the host key cannot be told")]
    Report,
    #[error("it is open already")]
    Open,
    #[error("the host key was not read")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// The door once it is open.
pub(crate) struct Door {
    pub(crate) sftp: Sftp,
    pub(crate) report: SftpReport,
}

/// Makes the door of a node, with the host key of its data directory. It is served by [`Sftp::run`].
pub async fn open(node: &Node, listener: &TcpListener, limits: Limits) -> Result<Sftp, SftpError> {
    let path = node.shared().data.ssh_host_key();
    let key = tokio::task::spawn_blocking(move || key_file(&path)).await??;
    let servers = Arc::new(Desks(node.downgrade()));
    let sftp = Sftp::new(SftpConfig { host_key: *key.bytes(), servers, limits });
    let port = listener.local_addr()?.port();
    let report = sftp.report(port).ok_or(SftpError::Report)?;
    let door = Door { sftp: sftp.clone(), report };
    node.shared().sftp.set(door).map_err(|_| SftpError::Open)?;
    Ok(sftp)
}

/// All servers of a node.
struct Desks(WeakNode);

#[async_trait]
impl Servers for Desks {
    async fn open(&self, server: ServerId) -> Result<Arc<dyn ServerFiles>, String> {
        let node = self.0.upgrade().ok_or(GONE)?;
        let handle = node.server(server).ok_or(GONE)?;
        let terms = handle.terms().map_err(|refusal| refusal.message)?;
        let directory = handle.desk.directory();
        let opened = open_jail(node.shared(), server, &terms).await;
        let jail = opened.map_err(|refusal| refusal.message)?;
        let quota = handle.desk.quota.clone();
        let changing = CancellationToken::new();
        let open = Mutex::new(Open { directory, jail });
        Ok(Arc::new(Files { node: self.0.clone(), server, desk: handle.desk, open, quota, changing }))
    }

    async fn tell(&self, server: ServerId, activity: SftpActivity) {
        if let Some(node) = self.0.upgrade() {
            node.shared().tell(server, vec![Event::Sftp { activity }]).await;
        }
    }
}

/// The server's directory, and which of those that were it.
struct Open {
    directory: u64,
    jail: Jail,
}

/// One server, for one channel.
struct Files {
    node: WeakNode,
    server: ServerId,
    desk: Arc<Desk>,
    open: Mutex<Open>,
    quota: Quota,
    /// Ends measurements that nobody waits for any more.
    changing: CancellationToken,
}

impl Files {
    fn terms(&self) -> Result<FileTerms, String> {
        let node = self.node.upgrade().ok_or(GONE)?;
        let handle = node.server(self.server).ok_or(GONE)?;
        handle.terms().map_err(|refusal| refusal.message)
    }

    /// The directory that has taken the place of the one that was opened.
    fn anew(&self) -> Option<Jail> {
        let (node, terms) = (self.node.upgrade()?, self.terms().ok()?);
        let shared = node.shared();
        let opened =
            Jail::open(&shared.data.server_files(self.server), shared.own_files.then_some(terms.user));
        let failed = |error| tracing::warn!(server.id = %self.server, %error, "a server's directory could not be opened anew");
        opened.map(|jail| jail.guarding(terms.protected)).map_err(failed).ok()
    }

    async fn measure(&self, terms: &FileTerms, bytes: Option<u64>) -> Result<(), String> {
        let measured = self.desk.measure(&self.jail(), terms.disk_mib, bytes, &self.changing).await;
        measured.map_err(|error| format!("It was not done: {error}."))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.changing.cancel();
    }
}

#[async_trait]
impl ServerFiles for Files {
    fn jail(&self) -> Jail {
        let directory = self.desk.directory();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.directory != directory
            && let Some(jail) = self.anew()
        {
            *open = Open { directory, jail };
        }
        open.jail.clone()
    }

    fn quota(&self) -> &Quota {
        &self.quota
    }

    async fn admit_change(&self) -> Result<Protected, String> {
        let terms = self.terms()?;
        match terms.closed {
            Some(why) => Err(why.to_owned()),
            None => self.measure(&terms, None).await.map(|()| terms.protected),
        }
    }

    async fn measure_again(&self) -> Result<(), String> {
        let terms = self.terms()?;
        self.measure(&terms, Some(u64::MAX)).await
    }

    async fn turn(&self) -> Result<Turn, String> {
        self.desk.change().await.map_err(|refusal| refusal.message)
    }
}
