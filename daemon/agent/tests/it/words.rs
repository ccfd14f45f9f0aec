//! What a game says of itself, as its plugin reads it: that it is ready, and why it is about to end.

use crate::daemon::{Daemon, PATIENCE, component, digest};
use axum::http::StatusCode;
use gantry_protocol::{DesiredServer, Event};
use gantry_types::{
    operation::OperationKind as Kind,
    server::{Desired, Observed},
};

/// A game that no probe would find ready.
const DOCUMENT: &str = r#"{
  "plugin": { "id": "talker", "version": "1.0.0", "author": "Gantry", "licence": "Apache-2.0" },
  "blueprint": {
    "id": "talker", "name": "Talker", "summary": "Says how it is.",
    "least": { "memory": 16, "cpu": 1, "disk": 16 }, "recommended": { "memory": 64, "cpu": 50, "disk": 64 }
  },
  "run": {
    "image": "debian:bookworm-slim", "command": ["cat"], "terminal": false,
    "ready": [{ "console": "^nobody says this$" }], "ready-timeout-s": 600
  },
  "console": [
    { "pattern": "^the doors are open$", "event": "ready" },
    {
      "pattern": "^broken: (?P<what>.+)$", "event": "crash-cause",
      "cause": "{{match.what}}.", "remedy": "Mend it, and start again."
    }
  ]
}"#;

async fn talker(daemon: &mut Daemon) -> DesiredServer {
    let plugin = gantry_pack::document(&component("declarative"), DOCUMENT).unwrap();
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.blueprint.digest = digest(&plugin);
    server.blueprint.blueprint = "talker".to_owned();
    daemon.push(plugin).await;
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Starting).await;
    server
}

/// A process takes commands a moment after it has begun.
async fn say(daemon: &Daemon, server: &DesiredServer, words: &str) {
    let typing = async {
        while daemon.command(server.id, words).await != StatusCode::NO_CONTENT {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, typing).await.unwrap();
}

/// Why it crashed, once that names the process that had this code.
async fn reason_of(daemon: &Daemon, code: &str) -> String {
    daemon
        .event(|envelope| match &envelope.event {
            Event::Observed { observed } if observed.state == Observed::Crashed => {
                observed.reason.clone().filter(|reason| reason.contains(code))
            }
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_is_ready_when_its_plugin_hears_it_say_so() {
    let mut daemon = Daemon::start().await;
    let server = talker(&mut daemon).await;
    say(&daemon, &server, "the doors are open").await;
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_game_ended_is_what_it_said_last_and_goes_with_what_helps() {
    let mut daemon = Daemon::start().await;
    let server = talker(&mut daemon).await;
    say(&daemon, &server, "the doors are open").await;
    daemon.until(server.id, Observed::Running).await;
    say(&daemon, &server, "broken: the roof").await;
    say(&daemon, &server, "broken: the reactor is cold").await;
    say(&daemon, &server, "crash 3").await;
    let reason = reason_of(&daemon, "exit code 3").await;
    let (what, rest) = reason.split_once("; ").unwrap();
    assert_eq!(what, "The process ended by itself: the reactor is cold (exit code 3)");
    assert!(rest.ends_with(" s. Mend it, and start again."), "{rest}");
    // The process after it has said nothing yet.
    daemon.until(server.id, Observed::Starting).await;
    say(&daemon, &server, "crash 4").await;
    let again = reason_of(&daemon, "exit code 4").await;
    assert!(again.starts_with("The process ended by itself: exit code 4; "), "{again}");
}
