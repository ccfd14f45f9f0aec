//! A node with one server and two people, and a client of OpenSSH that knows it.

use async_trait::async_trait;
use gantry_files::{Jail, Protected, Quota};
use gantry_protocol::{SftpActivity, SftpGrants, SftpKey, SftpPassword, SftpPerson, SftpServer};
use gantry_sftp::{Limits, ServerFiles, Servers, Sftp, SftpConfig, Turn};
use gantry_types::{ServerId, UserId, permission::Permission};
use russh::keys::{
    PrivateKey,
    ssh_key::{LineEnding, private::Ed25519Keypair},
};
use sha2::{Digest, Sha256};
use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command, sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Nothing in these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
pub(crate) const PASSWORD: &str = "hjkq3c5dz7m2vwxn8ptr4byg6s";
/// Alice at the server `survival`.
pub(crate) const ALICE: &str = "alice.survival";

/// Every right to files.
pub(crate) const ALL: [Permission; 4] =
    [Permission::FilesList, Permission::FilesRead, Permission::FilesWrite, Permission::FilesDelete];

pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) root: PathBuf,
    pub(crate) quota: Quota,
    pub(crate) sftp: Sftp,
    pub(crate) port: u16,
    pub(crate) key: PrivateKey,
    pub(crate) told: mpsc::UnboundedReceiver<(ServerId, SftpActivity)>,
    pub(crate) user: UserId,
    pub(crate) server: ServerId,
    pub(crate) password: Uuid,
    pub(crate) closed: Arc<Mutex<Option<String>>>,
    pub(crate) protected: Arc<Mutex<Protected>>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

/// The daemon's half of the house.
struct Rooms {
    root: PathBuf,
    server: ServerId,
    quota: Quota,
    closed: Arc<Mutex<Option<String>>>,
    protected: Arc<Mutex<Protected>>,
    told: mpsc::UnboundedSender<(ServerId, SftpActivity)>,
    changing: Arc<tokio::sync::Mutex<()>>,
}

struct Room {
    jail: Jail,
    quota: Quota,
    closed: Arc<Mutex<Option<String>>>,
    protected: Arc<Mutex<Protected>>,
    changing: Arc<tokio::sync::Mutex<()>>,
}

#[async_trait]
impl Servers for Rooms {
    async fn open(&self, server: ServerId) -> Result<Arc<dyn ServerFiles>, String> {
        assert_eq!(server, self.server);
        let jail = Jail::open(&self.root, None).map_err(|_| "The server has no files yet.".to_owned())?;
        let (quota, closed, changing) =
            (self.quota.clone(), Arc::clone(&self.closed), Arc::clone(&self.changing));
        let protected = Arc::clone(&self.protected);
        Ok(Arc::new(Room { jail, quota, closed, protected, changing }))
    }

    async fn tell(&self, server: ServerId, activity: SftpActivity) {
        self.told.send((server, activity)).ok();
    }
}

#[async_trait]
impl ServerFiles for Room {
    fn jail(&self) -> Jail {
        self.jail.clone()
    }

    fn quota(&self) -> &Quota {
        &self.quota
    }

    async fn admit_change(&self) -> Result<Protected, String> {
        let protected = self.protected.lock().unwrap().clone();
        self.closed.lock().unwrap().clone().map_or(Ok(protected), Err)
    }

    async fn measure_again(&self) -> Result<(), String> {
        let mark = self.quota.mark();
        let usage = self.jail.run(|jail| jail.usage(&CancellationToken::new())).await.unwrap();
        self.quota.measured(mark, usage.bytes);
        Ok(())
    }

    async fn turn(&self) -> Result<Turn, String> {
        Ok(Arc::clone(&self.changing).lock_owned().await)
    }
}

pub(crate) fn quick() -> Limits {
    Limits { rejection: Duration::from_millis(20), ..Limits::default() }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(quick()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "secret").unwrap();
        let root = dir.path().join("data");
        Jail::create(&root, None).unwrap();
        let (sender, told) = mpsc::unbounded_channel();
        let server = ServerId::new(Uuid::now_v7());
        let (quota, closed, protected) = (Quota::default(), Arc::new(Mutex::new(None)), Arc::default());
        let rooms = Rooms {
            root: root.clone(),
            server,
            quota: quota.clone(),
            closed: Arc::clone(&closed),
            protected: Arc::clone(&protected),
            told: sender,
            changing: Arc::default(),
        };
        let sftp = Sftp::new(SftpConfig { host_key: [7; 32], servers: Arc::new(rooms), limits });
        let listener = gantry_sftp::listen(Some("127.0.0.1:0".parse().unwrap())).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let task = Some(tokio::spawn(sftp.clone().run(listener, stop.clone())));
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[9; 32]));
        let (user, password) = (UserId::new(Uuid::now_v7()), Uuid::now_v7());
        let house = Self {
            dir,
            root,
            quota,
            sftp,
            port,
            key,
            told,
            user,
            server,
            password,
            closed,
            protected,
            stop,
            task,
        };
        house.grant(&ALL);
        house
    }

    /// Alice may do this with the server's files, and nobody else anything.
    pub(crate) fn grant(&self, permissions: &[Permission]) {
        self.sftp.replace(&self.grants(permissions)).unwrap();
    }

    pub(crate) fn grants(&self, permissions: &[Permission]) -> SftpGrants {
        let digest = hex::encode(Sha256::digest(PASSWORD));
        let server = SftpServer {
            server: self.server,
            handle: "survival".to_owned(),
            permissions: permissions.to_vec(),
        };
        let alice = SftpPerson {
            user: self.user,
            handle: "alice".to_owned(),
            keys: vec![SftpKey {
                id: Uuid::now_v7(),
                public_key: self.key.public_key().to_openssh().unwrap(),
            }],
            passwords: vec![SftpPassword { id: self.password, digest }],
            servers: vec![server],
        };
        // Bob has the same password, and no server here.
        let bob = SftpPerson {
            user: UserId::new(Uuid::now_v7()),
            handle: "bob".to_owned(),
            servers: Vec::new(),
            keys: Vec::new(),
            ..alice.clone()
        };
        SftpGrants { lease_seconds: 600, people: vec![alice, bob] }
    }

    /// What the session that is over did, as it was told: the opening, and all changes.
    pub(crate) async fn next_told(&mut self) -> SftpActivity {
        let told = tokio::time::timeout(PATIENCE, self.told.recv()).await.unwrap().unwrap();
        assert_eq!((told.0, told.1.user, told.1.address.as_str()), (self.server, self.user, "127.0.0.1"));
        told.1
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
        }
    }

    pub(crate) fn content(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// OpenSSH's client with these commands. What it printed, and whether all went well.
    pub(crate) async fn sftp(&self, name: &str, way: Way, commands: &str) -> (String, bool) {
        let folder = self.dir.path();
        let known = folder.join("known_hosts");
        let report = self.sftp.report(self.port).unwrap();
        std::fs::write(&known, format!("[127.0.0.1]:{} {}\n", self.port, report.host_key)).unwrap();
        let mut command = Command::new("sftp");
        command.current_dir(folder).env_remove("SSH_AUTH_SOCK").args(["-F", "none"]);
        for option in [
            "StrictHostKeyChecking=yes",
            "GlobalKnownHostsFile=none",
            "IdentitiesOnly=yes",
            "NumberOfPasswordPrompts=1",
            "LogLevel=INFO",
        ] {
            command.args(["-o", option]);
        }
        command.arg("-o").arg(format!("UserKnownHostsFile={}", known.display()));
        match way {
            Way::Key => {
                let file = folder.join("id_ed25519");
                let text = self.key.to_openssh(LineEnding::LF).unwrap();
                std::fs::write(&file, text.as_bytes()).unwrap();
                std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
                command.arg("-i").arg(file);
            }
            Way::Password(password) => {
                let file = folder.join("askpass");
                std::fs::write(&file, format!("#!/bin/sh\necho '{password}'\n")).unwrap();
                std::fs::set_permissions(&file, PermissionsExt::from_mode(0o700)).unwrap();
                command.env("SSH_ASKPASS", file).env("SSH_ASKPASS_REQUIRE", "force");
                command.args(["-o", "BatchMode=no", "-o", "PreferredAuthentications=password"]);
            }
        }
        command.args(["-b", "-", "-P"]).arg(self.port.to_string()).arg(format!("{name}@127.0.0.1"));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("OpenSSH's sftp is needed; `cargo xtask test` installs openssh-client");
        let mut stdin = child.stdin.take().unwrap();
        let commands = commands.to_owned();
        let fed = tokio::spawn(async move { stdin.write_all(commands.as_bytes()).await });
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
        fed.await.unwrap().ok();
        let text = [ended.stdout, ended.stderr].concat();
        (String::from_utf8_lossy(&text).into_owned(), ended.status.success())
    }
}

/// How somebody says who they are.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    Key,
    Password(&'static str),
}
