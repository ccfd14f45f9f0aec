//! From an app password in the panel to OpenSSH's client at the node, and to the audit log.

use crate::{
    kit::{Client, TestApp, TestNode},
    servers::running,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{os::unix::fs::PermissionsExt, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// How often a door may still be shut to somebody whose right is on its way; each guess takes a second.
const GUESSES: usize = 5;

/// OpenSSH's client for one person and one server, in a folder of its own.
struct Program<'a> {
    folder: &'a Path,
    view: Value,
}

impl<'a> Program<'a> {
    async fn new(folder: &'a Path, person: &Client, server: &str) -> Self {
        let made = person.post("/api/account/app-passwords", json!({ "name": "Here" })).await.expect(201);
        let ask = folder.join("ask");
        std::fs::write(&ask, format!("#!/bin/sh\necho '{}'\n", made["password"].as_str().unwrap())).unwrap();
        std::fs::set_permissions(&ask, PermissionsExt::from_mode(0o700)).unwrap();
        let view = person.get(&format!("/api/servers/{server}/sftp")).await.expect(200);
        let door = &view["door"];
        let known = format!("[127.0.0.1]:{} {}\n", door["port"], door["hostKey"].as_str().unwrap());
        std::fs::write(folder.join("known"), known).unwrap();
        Self { folder, view }
    }

    /// The program with its commands on standard input, as the panel says that it is typed.
    fn command(&self) -> Command {
        let known = format!("UserKnownHostsFile={}", self.folder.join("known").display());
        let name = format!("{}@127.0.0.1", self.view["user"].as_str().unwrap());
        let mut command = Command::new("sftp");
        command
            .current_dir(self.folder)
            .env("SSH_ASKPASS", self.folder.join("ask"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .args(["-F", "none", "-o", "BatchMode=no", "-o", "StrictHostKeyChecking=yes", "-o", &known])
            .args(["-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=password"])
            .args(["-b", "-", "-P", &self.view["door"]["port"].to_string(), &name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Whether all commands went well, and what was said.
    async fn run(&self, commands: &str) -> (bool, String) {
        let mut child = self.command().spawn().unwrap();
        child.stdin.take().unwrap().write_all(commands.as_bytes()).await.unwrap();
        let ended = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
        let said = [ended.stdout, ended.stderr].concat();
        (ended.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_comes_in_by_sftp_does_what_was_allowed_and_is_shown_out_when_that_ends() {
    let app = TestApp::with_games_and_files().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let owner = app.person(&admin, "olga", "user").await;
    let grace = app.person(&admin, "grace", "user").await;
    let (server, _) = running(&owner, &node).await;
    let save = owner
        .request(Method::PUT, &format!("/api/servers/{server}/files/content?path=motd.txt"))
        .header("content-type", "application/octet-stream")
        .body("welcome");
    owner.send(save).await.expect(200);
    let rights = |rights: &[&str]| json!({ "email": "grace@example.com", "permissions": rights });
    let form = rights(&["server.read", "files.list", "files.read"]);
    let member = owner.post(&format!("/api/servers/{server}/members"), form).await.expect(201);
    let member = format!("/api/servers/{server}/members/{}", member["userId"].as_str().unwrap());

    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path(), &grace, &server).await;
    assert_eq!(program.view["hasAppPassword"], true);
    let mut fetched = (false, String::new());
    for _ in 0..GUESSES {
        fetched = program.run("get motd.txt mine.txt\n").await;
        if fetched.0 {
            break;
        }
    }
    assert!(fetched.0, "{}", fetched.1);
    assert_eq!(std::fs::read_to_string(folder.path().join("mine.txt")).unwrap(), "welcome");
    let (done, said) = program.run("put mine.txt yours.txt\n").await;
    assert!(!done && said.contains("Permission denied"), "{said}");

    let more = json!({ "permissions": ["server.read", "files.list", "files.read", "files.write"] });
    owner.patch(&member, more).await.expect(200);
    let mut session = program.command().spawn().unwrap();
    let mut commands = session.stdin.take().unwrap();
    let mut said = BufReader::new(session.stdout.take().unwrap()).lines();
    commands.write_all(b"pwd\n").await.unwrap();
    while let Some(line) = timeout(PATIENCE, said.next_line()).await.unwrap().unwrap() {
        if line.contains("Remote working directory") {
            break;
        }
    }
    let (done, put) = program.run("put mine.txt yours.txt\n").await;
    assert!(done, "{put}");
    owner.patch(&member, json!({ "permissions": ["server.read"] })).await.expect(200);
    // It asks for nothing meanwhile: the node ends it, which the program's own ssh says.
    let mut complaints = BufReader::new(session.stderr.take().unwrap()).lines();
    let shown_out = timeout(Duration::from_secs(5), async {
        while let Some(line) = complaints.next_line().await.unwrap() {
            if line.contains("closed by") || line.contains("Disconnected") || line.contains("disconnect") {
                return true;
            }
        }
        false
    });
    assert!(shown_out.await.expect("the session goes on"), "it ended without a word");
    drop(commands);
    timeout(PATIENCE, session.wait()).await.unwrap().unwrap();

    let mut activity = Value::Null;
    for _ in 0..600 {
        activity = owner.get(&format!("/api/servers/{server}/activity")).await.expect(200);
        let text = activity.to_string();
        if text.contains("sftp.open") && text.contains("yours.txt") {
            break;
        }
        // What was done is told when the session ends; nobody is told that it was written down.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let items = activity["items"].as_array().unwrap();
    let of_grace = |item: &&Value| item["actor"]["name"] == "grace";
    assert!(items.iter().filter(of_grace).any(|item| item["action"] == "sftp.open"), "{activity}");
    assert!(items.iter().filter(of_grace).any(|item| item.to_string().contains("yours.txt")), "{activity}");
    node.stop().await;
}
