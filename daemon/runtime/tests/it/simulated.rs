//! The simulation, against the contract and in what is its own.

use crate::{
    contract::contract,
    fixtures::{Fixture, soon},
};
use gantry_runtime::{
    Runtime, RuntimeError, SimulatedRuntime,
    simulated::{Moment, Script},
};
use gantry_types::{NodeId, plan::Image};
use std::time::Duration;

fn with(script: Script) -> Fixture<SimulatedRuntime> {
    let node = NodeId::new(uuid::Uuid::now_v7());
    let image = Image::Reference { reference: "simulated".to_owned() };
    Fixture::new(SimulatedRuntime::with_script(node, script), node, image)
}

async fn fixture() -> Fixture<SimulatedRuntime> {
    with(Script::default())
}

contract!(fixture);

#[tokio::test]
async fn a_script_says_how_long_things_take() {
    let fixture = with(Script::default().delayed(|moment| match moment {
        Moment::Ready => Duration::from_millis(300),
        _ => Duration::ZERO,
    }));
    let (_, mut console) = fixture.start().await;
    let before = tokio::time::Instant::now();
    console.until("Ready for players").await;
    assert!(before.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn two_servers_cannot_share_a_port() {
    let (first, mut second) = (fixture().await, fixture().await);
    second.runtime = first.runtime.clone();
    let mut spec = first.spec(gantry_runtime::Purpose::Server, "").await;
    spec.network = true;
    spec.ports = vec![gantry_runtime::PublishedPort {
        protocol: gantry_types::server::Protocol::Udp,
        address: "127.0.0.1".parse().unwrap(),
        port: 30_000,
    }];
    soon(first.runtime.create_and_start(&spec)).await.unwrap();
    spec.server = second.server;
    let refused = second.runtime.create_and_start(&spec).await;
    assert!(matches!(refused, Err(RuntimeError::PortTaken { .. })), "{refused:?}");
}
