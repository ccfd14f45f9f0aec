//! Who plays and what, of a game that says nothing of it on its console: its answers tell.

use crate::daemon::{Daemon, component, digest};
use gantry_protocol::{DesiredServer, Event};
use gantry_types::{
    operation::OperationKind as Kind,
    sample::ConsoleEvent,
    server::{Desired, Observed, Setting},
};
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;

/// What the game answers.
#[derive(Clone, Default)]
struct Arena(Arc<Mutex<(&'static str, Vec<&'static str>)>>);

impl Arena {
    fn plays(&self, map: &'static str, players: &[&'static str]) {
        *self.0.lock().unwrap() = (map, players.to_vec());
    }

    fn answer(&self) -> Vec<u8> {
        let (map, players) = &*self.0.lock().unwrap();
        let players: String = players.iter().map(|name| format!("7 48 \"{name}\"\n")).collect();
        let text =
            format!("statusResponse\n\\version\\ioq3 1.36\\mapname\\{map}\\sv_maxclients\\12\n{players}");
        [b"\xff\xff\xff\xff", text.as_bytes()].concat()
    }

    /// Answers every datagram until the test ends.
    async fn open(&self) -> u16 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let arena = self.clone();
        tokio::spawn(async move {
            let mut packet = [0; 64];
            while let Ok((_, from)) = socket.recv_from(&mut packet).await {
                socket.send_to(&arena.answer(), from).await.unwrap();
            }
        });
        port
    }
}

async fn running(daemon: &mut Daemon, port: u16) -> DesiredServer {
    let plugin = component("openarena");
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.blueprint.digest = digest(&plugin);
    "openarena".clone_into(&mut server.blueprint.blueprint);
    server.blueprint.collect_every_ms = Some(1_000);
    let settings = [
        ("hostname", "Tested"),
        ("max_players", "12"),
        ("mode", "0"),
        ("map", "oa_dm1"),
        ("frag_limit", "20"),
        ("time_limit", "15"),
        ("bots", "0"),
    ];
    server.settings =
        settings.map(|(key, value)| Setting { key: key.to_owned(), value: value.to_owned() }).to_vec();
    server.endpoints[0].port = port;
    daemon.push(plugin).await;
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_tell_who_came_and_what_is_played_and_after_a_restart_who_is_there() {
    let arena = Arena::default();
    arena.plays("oa_dm1", &["Ann", "Ben"]);
    let mut daemon = Daemon::start().await;
    let server = running(&mut daemon, arena.open().await).await;
    for name in ["Ann", "Ben"] {
        let joined = Event::Console { event: ConsoleEvent::Joined { player: name.to_owned() } };
        daemon.event(|told| (told.server_id == server.id && told.event == joined).then_some(())).await;
    }
    let game = |map: &str| Event::Game { map: Some(map.to_owned()), version: Some("ioq3 1.36".to_owned()) };
    daemon.event(|told| (told.event == game("oa_dm1")).then_some(())).await;

    arena.plays("oa_dm2", &["Ben", "^1Cid"]);
    let daemon = daemon.restart().await;
    let players = daemon
        .event(|told| match &told.event {
            Event::Present { players } => Some(players.clone()),
            _ => None,
        })
        .await;
    let players = std::collections::BTreeSet::from_iter(players);
    assert_eq!(players, ["Ben", "Cid"].map(str::to_owned).into(), "who left meanwhile is not among them");
    daemon.event(|told| (told.event == game("oa_dm2")).then_some(())).await;
}
