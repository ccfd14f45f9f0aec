//! Wishes go down until the node has them; what happened comes up and counts once.

use crate::{
    fixture::{World, soon},
    node::observed,
};
use gantry_app::{LiveFrame, Topic, inputs::*};
use gantry_protocol::{Event, OperationReport};
use gantry_types::{
    operation::{OperationKind, OperationState},
    problem::Code,
    server::{Desired, Observed, PowerAction},
};

fn succeeded(id: gantry_types::OperationId) -> Event {
    let state = OperationState::Succeeded;
    Event::Operation { operation: OperationReport { id, state, progress: None, failure: None } }
}

#[tokio::test]
async fn a_wish_reaches_the_node_whole_with_its_component_and_its_secrets() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, operation) = world.server(node.id).await;
    let sent = node.sent(server, |_| true).await;
    assert_eq!(sent.settings[0].value, "open sesame");
    assert_eq!((sent.facts[0].key.as_str(), sent.facts[0].value.as_str()), ("version", "1.21"));
    assert_eq!(sent.operation.map(|request| request.id), Some(operation));
    assert_eq!(node.memory.plugins.borrow().len(), 1, "the component was sent first");
    world.end().await;
}

#[tokio::test]
async fn a_wish_of_a_time_without_link_is_sent_when_the_node_returns() {
    let world = World::new().await;
    let mut node = crate::node::FakeNode::enroll(&world, world.node("attic").await.id).await;
    let (server, _) = world.server(node.id).await;
    node.connect(&world.app).await;
    node.sent(server, |_| true).await;
    world.end().await;
}

#[tokio::test]
async fn a_power_action_becomes_an_operation_and_an_impossible_one_says_why() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, install) = world.server(node.id).await;
    let start = || world.app.power_server(&world.admin, server, PowerInput { action: PowerAction::Start });
    assert_eq!(start().await.unwrap_err().code(), Code::OperationInProgress);
    node.say(server, succeeded(install));
    let seq = node.saw(server, Observed::Offline);
    node.acknowledged(seq).await;
    let accepted = start().await.unwrap();
    let sent = node.sent(server, |sent| sent.desired == Desired::Running).await;
    let request = sent.operation.unwrap();
    assert_eq!((request.id, request.kind), (accepted.operation_id, OperationKind::Start));
    world.end().await;
}

#[tokio::test]
async fn an_event_that_comes_again_counts_once() {
    let world = World::new().await;
    let mut node = world.connected_node("attic").await;
    let (server, operation) = world.server(node.id).await;
    node.say(server, succeeded(operation));
    let seq = node.saw(server, Observed::Running);
    node.acknowledged(seq).await;
    let before = world.app.operation(&world.admin, operation).await.unwrap();
    assert_eq!(before.state, OperationState::Succeeded);
    // A node whose acknowledgement was lost says everything again.
    node.memory.acknowledged.send_replace(0);
    node.connect(&world.app).await;
    let seq = node.saw(server, Observed::Offline);
    node.acknowledged(seq).await;
    assert_eq!(world.app.operation(&world.admin, operation).await.unwrap(), before);
    assert_eq!(world.app.server(&world.admin, server).await.unwrap().observed.state, Observed::Offline);
    world.end().await;
}

#[tokio::test]
async fn a_node_speaks_for_its_own_servers_alone() {
    let world = World::new().await;
    let (honest, other) = (world.connected_node("attic").await, world.connected_node("cellar").await);
    let (server, operation) = world.server(honest.id).await;
    other.say(server, succeeded(operation));
    other.say(server, Event::Observed { observed: observed(Observed::Deleted) });
    let seq = other.saw(server, Observed::Running);
    other.acknowledged(seq).await;
    let view = world.app.server(&world.admin, server).await.unwrap();
    assert_eq!(view.observed.state, Observed::Uninstalled);
    assert_eq!(view.operation.map(|operation| operation.state), Some(OperationState::Pending));
    world.end().await;
}

#[tokio::test]
async fn a_deleted_server_is_gone_when_its_node_has_removed_it() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, _) = world.server(node.id).await;
    let mut feed = world.app.live(&world.admin).await.unwrap();
    feed.subscribe([Topic::Servers]).unwrap();
    let accepted = world.app.delete_server(&world.admin, server).await.unwrap();
    node.sent(server, |sent| sent.desired == Desired::Deleted).await;
    node.say(server, succeeded(accepted.operation_id));
    node.saw(server, Observed::Deleted);
    let removed = async {
        while let Some(frame) = feed.next().await {
            if frame == (LiveFrame::Removed { server_id: server }) {
                return;
            }
        }
        panic!("the feed ended");
    };
    soon(removed).await;
    assert_eq!(world.app.server(&world.admin, server).await.unwrap_err().code(), Code::NotFound);
    let operation = world.app.operation(&world.admin, accepted.operation_id).await.unwrap();
    assert_eq!(operation.state, OperationState::Succeeded);
    world.end().await;
}

#[tokio::test]
async fn a_server_on_a_node_that_never_was_is_deleted_at_once() {
    let world = World::new().await;
    let node = world.node("nowhere").await;
    let (server, _) = world.server(node.id).await;
    world.app.delete_server(&world.admin, server).await.unwrap();
    assert_eq!(world.app.server(&world.admin, server).await.unwrap_err().code(), Code::NotFound);
    world.end().await;
}
