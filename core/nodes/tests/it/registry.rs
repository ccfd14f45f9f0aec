//! Links that come, go, replace each other and are revoked.

use crate::fixture::{ControlPlane, reporting};
use axum::{Router, body::Body, routing::get};
use futures_util::StreamExt;
use gantry_nodes::{LinkChange, LinkError, NodeError};
use gantry_protocol::tunnel::{KEEP_ALIVE_INTERVAL, KEEP_ALIVE_TIMEOUT, handshake};
use std::time::Duration;

/// Routes that answer with a beginning and then with nothing.
fn pending() -> Router {
    let samples = || async { Body::from_stream(tokio_stream::pending::<Result<Vec<u8>, std::io::Error>>()) };
    reporting("0.1.0")
        .route("/v1/samples", get(samples))
        .route("/v1/servers", get(std::future::pending::<()>))
}

#[tokio::test]
async fn later_link_replaces_the_earlier() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    let (first, _daemon, served) = plane.connect(&caller, reporting("first")).await;
    let (second, _other, _served) = plane.connect(&caller, reporting("second")).await;
    first.closed().await;
    assert!(served.await.unwrap().is_ok());
    assert!(matches!(first.node().await, Err(NodeError::Disconnected)));
    assert_eq!(second.node().await.unwrap().agent_version, "second");
    assert_eq!(plane.links.client(caller.node_id).unwrap().node().await.unwrap().agent_version, "second");
    assert_eq!(plane.links.connected(), [caller.node_id]);
}

#[tokio::test]
async fn replacement_is_told_as_a_going_and_a_coming() {
    let plane = ControlPlane::new();
    let mut changes = plane.links.subscribe();
    let caller = plane.enroll();
    let (_first, _daemon, _served) = plane.connect(&caller, reporting("first")).await;
    let (_second, _other, _served) = plane.connect(&caller, reporting("second")).await;
    for connected in [true, false, true] {
        assert_eq!(changes.recv().await.unwrap(), LinkChange { node_id: caller.node_id, connected });
    }
}

#[tokio::test]
async fn cut_link_fails_what_is_under_way_and_leaves_the_registry() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    let (client, daemon, served) = plane.connect(&caller, pending()).await;
    let mut samples = client.samples().await.unwrap();
    let calling = tokio::spawn({
        let client = client.clone();
        async move { client.servers().await }
    });
    client.node().await.unwrap();
    drop(daemon);
    assert!(matches!(calling.await.unwrap(), Err(NodeError::Disconnected)));
    assert!(matches!(samples.next().await, Some(Err(NodeError::Disconnected))));
    assert!(samples.next().await.is_none());
    client.closed().await;
    assert_eq!(plane.change().await, LinkChange { node_id: caller.node_id, connected: false });
    assert!(plane.links.client(caller.node_id).is_none());
    drop(served.await.unwrap());
}

#[tokio::test]
async fn revocation_ends_the_link_and_its_streams_at_once() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    let (client, _daemon, served) = plane.connect(&caller, pending()).await;
    let mut samples = client.samples().await.unwrap();
    plane.forget(caller.node_id);
    plane.links.close(caller.node_id);
    assert!(plane.links.client(caller.node_id).is_none());
    assert!(client.is_closed());
    assert!(matches!(samples.next().await, Some(Err(NodeError::Disconnected))));
    assert!(matches!(client.node().await, Err(NodeError::Disconnected)));
    assert!(served.await.unwrap().is_ok());
    let (mut socket, served) = plane.accept();
    assert!(handshake::dial(&mut socket, &caller).await.is_err());
    drop(socket);
    assert!(served.await.unwrap().is_err());
}

#[tokio::test]
async fn revocation_of_one_node_leaves_the_others() {
    let plane = ControlPlane::new();
    let (one, two) = (plane.enroll(), plane.enroll());
    let (_client, _daemon, _served) = plane.connect(&one, reporting("one")).await;
    let (client, _other, _served_too) = plane.connect(&two, reporting("two")).await;
    plane.links.close(one.node_id);
    assert_eq!(client.node().await.unwrap().agent_version, "two");
    assert_eq!(plane.links.connected(), [two.node_id]);
}

#[tokio::test(start_paused = true)]
async fn peer_that_goes_silent_is_noticed() {
    let plane = ControlPlane::new();
    let caller = plane.enroll();
    let (mut socket, served) = plane.accept();
    handshake::dial(&mut socket, &caller).await.unwrap();
    // The socket stays open, and nobody reads or writes at its other end.
    let began = tokio::time::Instant::now();
    assert!(plane.change().await.connected);
    assert!(!plane.change().await.connected);
    assert!(began.elapsed() <= KEEP_ALIVE_INTERVAL + KEEP_ALIVE_TIMEOUT + Duration::from_secs(1));
    drop(served.await.unwrap());
    drop(socket);
}

#[tokio::test(start_paused = true)]
async fn idle_link_stays() {
    let plane = ControlPlane::new();
    let (client, _daemon, _served) = plane.connect(&plane.enroll(), reporting("0.1.0")).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(!client.is_closed());
    client.node().await.unwrap();
}

#[tokio::test]
async fn shutdown_ends_all_links_and_lets_none_in() {
    let plane = ControlPlane::new();
    let (one, two) = (plane.enroll(), plane.enroll());
    let (client, _daemon, _served) = plane.connect(&one, pending()).await;
    let (_other_client, _other, _served_too) = plane.connect(&two, pending()).await;
    plane.links.shutdown().await;
    assert!(plane.links.connected().is_empty());
    assert!(client.is_closed());
    let (_socket, served) = plane.accept();
    assert!(matches!(served.await.unwrap(), Err(LinkError::ShuttingDown)));
}
