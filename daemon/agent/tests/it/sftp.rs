//! SFTP on a daemon: its servers' files under their own terms, its host key, and the doors that stay shut.

use crate::{
    daemon::{Daemon, PATIENCE, id_of},
    install::fetch,
    mirror::Mirror,
    unix_socket::Program,
};
use axum::http::{Method, StatusCode};
use gantry_protocol::{
    DesiredServer, Event, NodeReport, Refusal, RefusalCode, SftpAction, SftpActivity, SftpGrants,
    SftpPassword, SftpPerson, SftpReport, SftpServer,
};
use gantry_types::{
    UserId,
    operation::{OperationKind, OperationState},
    permission::Permission,
    server::{Desired, Observed},
    units::Limits,
};
use sha2::{Digest, Sha256};
use std::{
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Stdio,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const PASSWORD: &str = "hjkq3c5dz7m2vwxn8ptr4byg6s";

/// Opens the daemon's door, which is shut again with the guard.
async fn open(daemon: &Daemon) -> (SftpReport, tokio_util::sync::DropGuard) {
    let listener = gantry_sftp::listen(Some("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let sftp =
        gantry_agent::sftp::open(&daemon.node, &listener, gantry_sftp::Limits::default()).await.unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(sftp.run(listener, stop.clone()));
    (report(daemon).await.unwrap(), stop.drop_guard())
}

async fn report(daemon: &Daemon) -> Option<SftpReport> {
    daemon.json::<NodeReport>(Method::GET, "/v1/node", &()).await.sftp
}

fn grants(server: &DesiredServer) -> SftpGrants {
    let permissions =
        vec![Permission::FilesList, Permission::FilesRead, Permission::FilesWrite, Permission::FilesDelete];
    let server = SftpServer { server: server.id, handle: "game".to_owned(), permissions };
    let digest = hex::encode(Sha256::digest(PASSWORD));
    let ann = SftpPerson {
        user: UserId::new(Uuid::now_v7()),
        handle: "ann".to_owned(),
        keys: vec![],
        passwords: vec![SftpPassword { id: Uuid::now_v7(), digest }],
        servers: vec![server],
    };
    SftpGrants { lease_seconds: 600, people: vec![ann] }
}

async fn put(daemon: &Daemon, grants: &SftpGrants) -> StatusCode {
    daemon.send(Method::PUT, "/v1/sftp", serde_json::to_vec(grants).unwrap().into()).await.0
}

/// OpenSSH's client in a folder, with these commands; whether all went well, and what it said.
async fn sftp(folder: &Path, report: &SftpReport, name: &str, commands: &str) -> (bool, String) {
    let mut child = client(folder, report, name);
    child.stdin.take().unwrap().write_all(commands.as_bytes()).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The same, listening to its standard input.
fn client(folder: &Path, report: &SftpReport, name: &str) -> Child {
    std::fs::write(folder.join("known"), format!("[127.0.0.1]:{} {}\n", report.port, report.host_key))
        .unwrap();
    let ask = folder.join("ask");
    std::fs::write(&ask, format!("#!/bin/sh\necho '{PASSWORD}'\n")).unwrap();
    std::fs::set_permissions(&ask, PermissionsExt::from_mode(0o700)).unwrap();
    let known = format!("UserKnownHostsFile={}", folder.join("known").display());
    Command::new("sftp")
        .current_dir(folder)
        .env("SSH_ASKPASS", &ask)
        .env("SSH_ASKPASS_REQUIRE", "force")
        .args(["-F", "none", "-o", "BatchMode=no", "-o", "StrictHostKeyChecking=yes", "-o", &known])
        .args(["-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=password"])
        .args(["-b", "-", "-P", &report.port.to_string(), &format!("{name}@127.0.0.1")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("OpenSSH's sftp is needed; `cargo xtask test` installs openssh-client")
}

/// The next things that somebody did.
async fn told(daemon: &Daemon, fits: impl Fn(&SftpActivity) -> bool) -> SftpActivity {
    daemon
        .event(|envelope| match &envelope.event {
            Event::Sftp { activity } if fits(activity) => Some(activity.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_server_come_and_go_under_its_terms_and_it_is_told() {
    let mut daemon = Daemon::start().await;
    let mut server = daemon.server(Desired::Running, OperationKind::Install);
    server.limits = Limits { disk_mib: 16, ..server.limits };
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    let (report, _open) = open(&daemon).await;
    assert_eq!(put(&daemon, &grants(&server)).await, StatusCode::NO_CONTENT);
    let local = TempDir::new().unwrap();
    std::fs::write(local.path().join("small"), "small").unwrap();
    std::fs::write(local.path().join("large"), vec![7; 17 << 20]).unwrap();
    let commands = "mkdir mods\nput small mods/small\nsymlink small mods/link\n";
    let (well, said) = sftp(local.path(), &report, "ann.game", commands).await;
    assert!(well, "{said}");
    let (well, said) = sftp(local.path(), &report, "ann.game", "put large\n").await;
    assert!(!well, "{said}");
    let user = daemon.ledger().servers().await.unwrap()[0].user;
    if rustix::process::geteuid().is_root() {
        for made in ["mods", "mods/small", "mods/link", "large"] {
            let owned = std::fs::symlink_metadata(daemon.file(server.id, made)).unwrap();
            assert_eq!((owned.uid(), owned.gid()), (user.uid, user.gid), "{made}");
        }
    }
    assert!(told(&daemon, |activity| activity.opened).await.changes.is_empty());
    let changes = told(&daemon, |activity| activity.changes.len() == 3).await.changes;
    assert_eq!(changes[1].action, SftpAction::Write);
    assert_eq!(changes[1].path, "mods/small");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_server_is_installed_its_files_can_be_read_and_not_changed() {
    let mut daemon = Daemon::start().await;
    let mirror = Mirror::start().await;
    let server = daemon.server(Desired::Stopped, OperationKind::Install);
    daemon.plan(&server, vec![fetch(mirror.url("/held.tar.gz"))]).await;
    daemon.put(&server).await.unwrap();
    daemon.line(server.id, "Step 1 of 1").await;
    let (report, _open) = open(&daemon).await;
    put(&daemon, &grants(&server)).await;
    let local = TempDir::new().unwrap();
    std::fs::write(local.path().join("small"), "small").unwrap();
    std::fs::write(daemon.file(server.id, "present"), "as it was").unwrap();
    for command in ["put small", "put small present", "rm present", "mkdir made", "rename present other"] {
        let (well, said) = sftp(local.path(), &report, "ann.game", &format!("{command}\n")).await;
        assert!(!well && said.contains("ermission denied"), "{command}: {said}");
    }
    let (well, said) = sftp(local.path(), &report, "ann.game", "ls\nget present\n").await;
    assert!(well && std::fs::read(local.path().join("present")).unwrap() == b"as it was", "{said}");
    mirror.let_go();
    assert_eq!(daemon.ended(id_of(&server)).await.state, OperationState::Succeeded);
    let (well, said) = sftp(local.path(), &report, "ann.game", "put small\nrm present\n").await;
    assert!(well, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_key_stays_over_a_restart_and_who_may_come_in_does_not() {
    let mut daemon = Daemon::start().await;
    let server = daemon.running().await;
    let local = TempDir::new().unwrap();
    let (before, guard) = open(&daemon).await;
    put(&daemon, &grants(&server)).await;
    let (well, said) = sftp(local.path(), &before, "ann.game", "ls\n").await;
    assert!(well, "{said}");
    drop(guard);
    let daemon = daemon.restart().await;
    assert!(report(&daemon).await.is_none());
    let (after, _open) = open(&daemon).await;
    assert_eq!((&after.host_key, &after.fingerprint), (&before.host_key, &before.fingerprint));
    let (well, said) = sftp(local.path(), &after, "ann.game", "ls\n").await;
    assert!(!well && said.contains("Permission denied"), "{said}");
    put(&daemon, &grants(&server)).await;
    let (well, said) = sftp(local.path(), &after, "ann.game", "ls\n").await;
    assert!(well, "{said}");
    let file = std::fs::metadata(daemon.data().join("ssh_host.key")).unwrap();
    assert_eq!(file.mode() & 0o177, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_refused_that_break_their_bounds_or_have_no_door() {
    let mut daemon = Daemon::start().await;
    let server = daemon.server(Desired::Stopped, OperationKind::Install);
    assert_eq!(put(&daemon, &grants(&server)).await, StatusCode::NOT_FOUND);
    let (_report, _open) = open(&daemon).await;
    let endless = SftpGrants { lease_seconds: 3_601, ..grants(&server) };
    let body = serde_json::to_vec(&endless).unwrap();
    let (status, refused) = daemon.send(Method::PUT, "/v1/sftp", body.into()).await;
    let refused: Refusal = serde_json::from_slice(&refused).unwrap();
    assert_eq!((status, refused.code), (StatusCode::BAD_REQUEST, RefusalCode::Invalid));
    let long = vec![b' '; (8 << 20) + 1];
    let (status, _) = daemon.send(Method::PUT, "/v1/sftp", long.into()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(put(&daemon, &grants(&server)).await, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_costs_sftp_and_nothing_else() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let program = Program::start(&["--sftp", &address], "info").await;
    assert!(program.report().await.sftp.is_none());
    let log = program.stop().await;
    assert!(log.contains("SFTP is not served") && log.contains("--no-sftp"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_sends_is_written_into_the_log() {
    let program = Program::start(&["--sftp", "127.0.0.1:0"], "trace").await;
    let report = program.report().await.sftp.unwrap();
    let local = TempDir::new().unwrap();
    let (well, said) = sftp(local.path(), &report, "mallory\u{1b}[2J.forged", "ls\n").await;
    assert!(!well && said.contains("Permission denied"), "{said}");
    let log = program.stop().await;
    assert!(log.contains("SFTP is served"), "{log}");
    for sent in ["mallory", "forged", PASSWORD, "OpenSSH"] {
        assert!(!log.contains(sent), "{sent}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_sftp_says_so() {
    let program = Program::start(&["--no-sftp"], "info").await;
    assert!(program.report().await.sftp.is_none());
    program.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_while_a_backup_is_put_back_goes_on_in_what_is_there_then() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    std::fs::write(daemon.file(server.id, "world.txt"), "as it was").unwrap();
    let made = daemon.back_up(&server).await;
    std::fs::write(daemon.file(server.id, "world.txt"), "as it is").unwrap();
    let (report, _open) = open(&daemon).await;
    assert_eq!(put(&daemon, &grants(&server)).await, StatusCode::NO_CONTENT);
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("mine"), "mine").unwrap();
    let mut visitor = client(folder.path(), &report, "ann.game");
    let (mut commands, mut said) =
        (visitor.stdin.take().unwrap(), BufReader::new(visitor.stdout.take().unwrap()).lines());
    commands.write_all(b"ls -1\n").await.unwrap();
    let seen = async { while said.next_line().await.unwrap().is_none_or(|line| line != "world.txt") {} };
    tokio::time::timeout(PATIENCE, seen).await.expect("nothing is listed");
    let (server, ended) = daemon.restore(&server, made.id).await;
    assert_eq!(ended.state, OperationState::Succeeded);
    commands.write_all(b"get world.txt\nput mine\n").await.unwrap();
    drop(commands);
    let status = tokio::time::timeout(PATIENCE, visitor.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(std::fs::read_to_string(folder.path().join("world.txt")).unwrap(), "as it was");
    assert_eq!(std::fs::read_to_string(daemon.file(server.id, "mine")).unwrap(), "mine");
}
