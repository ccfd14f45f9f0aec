//! A server counts as running once its probes have passed. Console patterns are what all other tests wait for; here the
//! game is asked on its port.

use crate::daemon::{Daemon, PATIENCE, component, digest, id_of};
use gantry_protocol::DesiredServer;
use gantry_types::{
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed},
};
use std::time::Duration;
use tokio::net::UdpSocket;

/// A server of the OpenArena plugin, whose probe is a datagram, on the port of this socket.
async fn arena(daemon: &mut Daemon, game: &UdpSocket) -> DesiredServer {
    let plugin = component("openarena");
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.blueprint.digest = digest(&plugin);
    server.blueprint.blueprint = "openarena".to_owned();
    server.endpoints[0].port = game.local_addr().unwrap().port();
    daemon.push(plugin).await;
    server
}

async fn state(daemon: &Daemon) -> Observed {
    daemon.servers().await[0].observed.state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_ready_when_its_port_answers_the_datagram_and_not_before() {
    let mut daemon = Daemon::slow(|_| Duration::ZERO).await;
    let game = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let server = arena(&mut daemon, &game).await;
    daemon.put(&server).await.unwrap();
    let mut packet = [0; 64];
    let asked = tokio::time::timeout(PATIENCE, game.recv_from(&mut packet)).await;
    let (length, _) = asked.expect("a probe in time").unwrap();
    assert_eq!(&packet[..length], b"\xff\xff\xff\xffgetstatus\n");
    assert_eq!(state(&daemon).await, Observed::Starting);
    // The first question stays without an answer, so it is asked again.
    let (_, from) = game.recv_from(&mut packet).await.unwrap();
    assert_eq!(state(&daemon).await, Observed::Starting);
    game.send_to(b"here", from).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_in_time_fails_its_start_and_still_becomes_ready_later() {
    let mut daemon = Daemon::start().await;
    let game = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut server = arena(&mut daemon, &game).await;
    server.desired = Desired::Stopped;
    daemon.put(&server).await.unwrap();
    daemon.ended(id_of(&server)).await;
    let start = daemon.next(&server, Desired::Running, Kind::Start);
    daemon.put(&start).await.unwrap();
    let report = daemon.ended(id_of(&start)).await;
    let failure = report.failure.unwrap();
    assert_eq!((report.state, failure.code.as_str()), (OperationState::Failed, "deadline_exceeded"));
    assert!(failure.message.contains("not ready after 60 s"), "{failure:?}");
    assert_eq!(state(&daemon).await, Observed::Starting);

    let mut packet = [0; 64];
    let answering = async {
        while let Ok((_, from)) = game.recv_from(&mut packet).await {
            game.send_to(b"here", from).await.unwrap();
        }
    };
    tokio::select! {
        () = daemon.until(server.id, Observed::Running) => {}
        () = answering => unreachable!("the socket is open"),
    }
}
