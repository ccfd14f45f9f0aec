//! Who gets a link, and what those learn who do not.

use crate::fixture::{ControlPlane, Served, home, identity, reporting};
use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use gantry_nodes::{
    Frame, HandshakeError, KeysError, LinkError, Links, MAX_HANDSHAKES, MAX_HANDSHAKES_OF_ONE_NETWORK,
    Network, NodeKeyPair, NodeKeys, keys,
};
use gantry_protocol::{
    Challenge, Hello, PROTOCOL,
    tunnel::{
        Caller, HANDSHAKE_DEADLINE, MAX_HANDSHAKE_MESSAGE, handshake,
        memory::{MemorySocket, pair},
    },
};
use gantry_types::NodeId;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

async fn text(socket: &mut MemorySocket) -> String {
    match socket.next().await.unwrap().unwrap() {
        Frame::Text(text) => text,
        other => panic!("{other:?} where a text was due"),
    }
}

fn hello(caller: &Caller, protocol: u32) -> Frame {
    let hello = Hello {
        protocol,
        node_id: caller.node_id,
        nonce: keys::generate().map(|key| keys::encode_public(&key)).unwrap(),
        agent_version: "0.1.0".to_owned(),
    };
    Frame::Text(serde_json::to_string(&hello).unwrap())
}

#[tokio::test]
async fn enrolled_node_is_connected_and_answers() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    let (client, _daemon, _served) = plane.connect(&caller, reporting("0.1.0")).await;
    assert_eq!(client.node().await.unwrap().agent_version, "0.1.0");
    assert_eq!((client.node_id(), client.agent_version()), (caller.node_id, "0.1.0"));
    assert_eq!(plane.links.connected(), [caller.node_id]);
}

#[tokio::test]
async fn daemon_with_another_key_is_refused() {
    let plane = ControlPlane::new();
    let impostor = Caller { signing_key: keys::generate().unwrap(), ..plane.enroll() };
    let (mut socket, served) = plane.accept();
    let dialled = handshake::dial(&mut socket, &impostor).await;
    assert!(matches!(dialled, Err(HandshakeError::Closed { expected: "a welcome" })));
    assert!(matches!(served.await.unwrap(), Err(LinkError::Handshake(HandshakeError::WrongSignature))));
    assert!(plane.links.connected().is_empty());
}

#[tokio::test]
async fn control_plane_with_another_key_gets_no_proof() {
    let plane = ControlPlane::new();
    let other = keys::generate().unwrap().verifying_key().to_bytes();
    let caller = Caller { control_plane_public_key: other, ..plane.enroll() };
    let (mut socket, served) = plane.accept();
    assert!(matches!(handshake::dial(&mut socket, &caller).await, Err(HandshakeError::WrongSignature)));
    drop(socket);
    let refused = served.await.unwrap();
    assert!(matches!(refused, Err(LinkError::Handshake(HandshakeError::Closed { expected: "a proof" }))));
}

#[tokio::test]
async fn replayed_proof_is_refused() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    let (tapped, served) = plane.accept();
    let (mut near, far) = pair(1);
    let tape = Arc::new(Mutex::new(Vec::new()));
    let recorder = tokio::spawn(relay(far, tapped, tape.clone()));
    handshake::dial(&mut near, &caller).await.unwrap();
    drop(near);
    recorder.await.unwrap();
    assert!(!matches!(served.await.unwrap(), Err(LinkError::Handshake(_))));

    let (mut socket, served) = plane.accept();
    let tape: Vec<Frame> = std::mem::take(&mut *tape.lock().unwrap());
    assert_eq!(tape.len(), 2);
    for frame in tape {
        socket.send(frame).await.unwrap();
    }
    text(&mut socket).await;
    assert_eq!(socket.next().await.unwrap().unwrap(), Frame::Close);
    assert!(matches!(served.await.unwrap(), Err(LinkError::Handshake(HandshakeError::WrongSignature))));
}

/// Passes frames on both ways and writes down what `left` says, until it hangs up.
async fn relay(mut left: MemorySocket, mut right: MemorySocket, tape: Arc<Mutex<Vec<Frame>>>) {
    loop {
        tokio::select! {
            said = left.next() => {
                let Some(Ok(frame)) = said else { return };
                tape.lock().unwrap().push(frame.clone());
                right.send(frame).await.unwrap();
            }
            Some(Ok(frame)) = right.next() => drop(left.send(frame).await),
        }
    }
}

#[tokio::test]
async fn unknown_node_sees_what_a_node_with_a_wrong_key_sees() {
    let plane = ControlPlane::new();
    let (unknown, _) = identity();
    let known = Caller { signing_key: keys::generate().unwrap(), ..plane.enroll() };
    let mut seen = Vec::new();
    for caller in [&unknown, &known] {
        let (mut socket, served) = plane.accept();
        socket.send(hello(caller, PROTOCOL)).await.unwrap();
        let challenge: Challenge = serde_json::from_str(&text(&mut socket).await).unwrap();
        socket.send(Frame::Text(r#"{"signature":"AAAA"}"#.to_owned())).await.unwrap();
        let end = socket.next().await.unwrap().unwrap();
        seen.push((challenge.nonce.len(), challenge.signature.len(), end));
        assert!(served.await.unwrap().is_err());
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn revoked_node_is_refused() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    plane.forget(caller.node_id);
    let (mut socket, served) = plane.accept();
    assert!(matches!(handshake::dial(&mut socket, &caller).await, Err(HandshakeError::WrongSignature)));
    drop(socket);
    assert!(served.await.unwrap().is_err());
}

#[tokio::test]
async fn other_protocol_version_is_refused() {
    let plane = ControlPlane::new();
    let (mut socket, served) = plane.accept();
    socket.send(hello(&plane.enroll(), PROTOCOL - 1)).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Frame::Close);
    let refused = served.await.unwrap();
    assert!(matches!(refused, Err(LinkError::Handshake(HandshakeError::Version { theirs: 0 }))));
}

#[tokio::test]
async fn what_is_no_hello_is_refused() {
    let long = format!(r#"{{"pad":"{}"}}"#, "x".repeat(MAX_HANDSHAKE_MESSAGE));
    for frame in [Frame::Text("{}".to_owned()), Frame::Text(long), Frame::Binary(vec![0; 8].into())] {
        let plane = ControlPlane::new();
        let (mut socket, served) = plane.accept();
        socket.send(frame).await.unwrap();
        let refused = served.await.unwrap();
        assert!(matches!(
            refused,
            Err(LinkError::Handshake(HandshakeError::Malformed { expected: "a hello" }))
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn caller_that_says_nothing_is_given_up() {
    let plane = ControlPlane::new();
    let began = tokio::time::Instant::now();
    let (_socket, served) = plane.accept();
    assert!(matches!(served.await.unwrap(), Err(LinkError::Deadline)));
    assert!(began.elapsed() >= HANDSHAKE_DEADLINE);
}

#[tokio::test]
async fn handshakes_at_one_time_are_bounded() {
    let plane = ControlPlane::new();
    let mut callers = Vec::new();
    for number in 0..MAX_HANDSHAKES {
        let stranger = [203, 0, 113, (number / MAX_HANDSHAKES_OF_ONE_NETWORK) as u8];
        callers.push(linger(&plane, Network::of(stranger.into())).await);
    }
    let (_socket, served) = plane.accept();
    assert!(matches!(served.await.unwrap(), Err(LinkError::Busy)));
    assert!(!plane.links.has_room(Network::of([198, 51, 100, 1].into())), "whoever asks first is told");
}

/// Begins a handshake and leaves it at that.
async fn linger(plane: &ControlPlane, from: Network) -> (MemorySocket, Served) {
    let (mut socket, served) = plane.accept_from(from);
    socket.send(hello(&identity().0, PROTOCOL)).await.unwrap();
    text(&mut socket).await;
    (socket, served)
}

#[tokio::test]
async fn one_network_cannot_keep_the_others_nodes_out() {
    let plane = ControlPlane::new();
    // Every address of one IPv6 customer is the same stranger.
    let address = |last: usize| Network::of(format!("2001:db8:1:2::{last:x}").parse().unwrap());
    let mut strangers = Vec::new();
    for last in 0..MAX_HANDSHAKES_OF_ONE_NETWORK {
        strangers.push(linger(&plane, address(last)).await);
    }
    let (_socket, served) = plane.accept_from(address(MAX_HANDSHAKES_OF_ONE_NETWORK));
    assert!(matches!(served.await.unwrap(), Err(LinkError::Crowded)));
    assert!(!plane.links.has_room(address(1)), "whoever asks first is told");
    let (client, _daemon, _served) = plane.connect(&plane.enroll(), reporting("0.1.0")).await;
    assert_eq!(client.node().await.unwrap().agent_version, "0.1.0");

    // Room that is left is room again.
    let (socket, served) = strangers.pop().unwrap();
    drop(socket);
    assert!(served.await.unwrap().is_err());
    assert!(plane.links.has_room(address(1)));
    linger(&plane, address(0)).await;
}

#[tokio::test]
async fn links_that_stand_take_no_room_from_handshakes() {
    let plane = ControlPlane::new();
    let mut standing = Vec::new();
    for _ in 0..=MAX_HANDSHAKES_OF_ONE_NETWORK {
        standing.push(plane.connect(&plane.enroll(), reporting("0.1.0")).await);
    }
    assert_eq!(plane.links.connected().len(), MAX_HANDSHAKES_OF_ONE_NETWORK + 1);
}

/// Keys that take their time.
struct Slow {
    pair: NodeKeyPair,
    asked: Notify,
    go: Notify,
}

#[async_trait]
impl NodeKeys for Slow {
    async fn keys(&self, _: NodeId) -> Result<Option<NodeKeyPair>, KeysError> {
        self.asked.notify_one();
        self.go.notified().await;
        Ok(Some(self.pair.clone()))
    }
}

#[tokio::test]
async fn revocation_reaches_a_handshake_that_is_under_way() {
    let (caller, pair_of_keys) = identity();
    let slow = Arc::new(Slow { pair: pair_of_keys, asked: Notify::new(), go: Notify::new() });
    let links = Links::new(slow.clone());
    let (ours, mut theirs) = pair(8);
    let revocation = async {
        slow.asked.notified().await;
        links.close(caller.node_id);
        slow.go.notify_one();
    };
    let (served, dialled, ()) =
        tokio::join!(links.serve(home(), ours), handshake::dial(&mut theirs, &caller), revocation);
    assert!(matches!(served, Err(LinkError::Revoked)));
    assert!(matches!(dialled, Err(HandshakeError::Closed { expected: "a welcome" })));
    assert!(links.connected().is_empty());
}
