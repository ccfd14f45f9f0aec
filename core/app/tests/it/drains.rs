//! Drains: what an administrator wants reaches the node and whoever sees its servers, and nothing starts or is placed there meanwhile.

use crate::{
    fixture::{World, soon},
    node::FakeNode,
};
use chrono::Utc;
use gantry_app::inputs::{DrainInput, PageQuery, PowerInput};
use gantry_protocol::{Event, OperationReport};
use gantry_types::{
    DrainId, OperationId, ServerId,
    drain::{Drain, ServerDrain, ServerDrainState},
    operation::OperationState,
    permission::Permission,
    problem::Code,
    server::{Desired, Observed, PowerAction},
};
use std::sync::atomic::Ordering;
use uuid::Uuid;

fn asked(wait_seconds: Option<u32>, message: Option<&str>) -> DrainInput {
    DrainInput { wait_seconds, message: message.map(str::to_owned), backup: None }
}

/// Has the node say that the game is installed. Answers the number of what it said.
fn installed(node: &FakeNode, server: ServerId, install: OperationId) -> u64 {
    let ended =
        OperationReport { id: install, state: OperationState::Succeeded, progress: None, failure: None };
    node.say(server, Event::Operation { operation: ended });
    node.saw(server, Observed::Offline)
}

/// One that no database knows.
fn unknown() -> Drain {
    let now = Utc::now();
    Drain {
        id: DrainId::new(Uuid::now_v7()),
        message: String::new(),
        deadline: now,
        backup: false,
        by: "Ada".to_owned(),
        began_at: now,
    }
}

#[tokio::test]
async fn what_is_wanted_reaches_the_node_and_is_changed_and_ended_there() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let view = world.app.drain_node(&world.admin, node.id, asked(Some(600), None)).await.unwrap();
    let drain = view.drain.unwrap();
    assert_eq!((drain.drain.by.as_str(), drain.heard, drain.done), ("Ada", false, false));
    let there = node.wanted(|there| there.is_some()).await.unwrap();
    assert_eq!(there, drain.drain);
    let changed = world.app.drain_node(&world.admin, node.id, asked(Some(0), Some(""))).await.unwrap();
    let there = node.wanted(|there| there.is_some_and(|drain| drain.message.is_empty())).await.unwrap();
    assert_eq!((there.id, &there), (drain.drain.id, &changed.drain.unwrap().drain));
    assert!(there.deadline < drain.drain.deadline);
    soon(async {
        while !world.app.node(&world.admin, node.id).await.unwrap().drain.unwrap().done {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let log = world.app.audit(&world.admin, PageQuery::default()).await.unwrap().items;
    assert_eq!([&log[0].action, &log[1].action], ["node.drain_change", "node.drain"]);
    assert!(world.app.end_drain(&world.admin, node.id).await.unwrap().drain.is_none());
    assert_eq!(node.wanted(|there| there.is_none()).await, None);
    let ended = world.app.end_drain(&world.admin, node.id).await.unwrap();
    assert!(ended.drain.is_none());
    let log = world.app.audit(&world.admin, PageQuery::default()).await.unwrap().items;
    assert_eq!(
        [&log[0].action, &log[1].action],
        ["node.drain_end", "node.drain_change"],
        "the second ended none"
    );
    world.end().await;
}

#[tokio::test]
async fn a_node_that_was_away_hears_of_it_on_its_next_link_and_one_that_forgot_hears_again() {
    let world = World::new().await;
    let view = world.node("attic").await;
    let mut node = FakeNode::enroll(&world, view.id).await;
    world.app.drain_node(&world.admin, node.id, asked(None, None)).await.unwrap();
    node.connect(&world.app).await;
    node.wanted(|there| there.is_some()).await;
    node.memory.desired.send_modify(|(drain, _)| *drain = None);
    node.connect(&world.app).await;
    node.wanted(|there| there.is_some()).await;
    world.end().await;
}

#[tokio::test]
async fn a_daemon_that_knows_of_no_drains_or_takes_none_does_all_else_and_is_never_done() {
    for answer in [404, 409] {
        let world = World::new().await;
        let view = world.node("attic").await;
        let mut node = FakeNode::enroll(&world, view.id).await;
        node.memory.answers_drains.store(answer, Ordering::Relaxed);
        let (server, _) = world.server(node.id).await;
        world.app.drain_node(&world.admin, node.id, asked(None, None)).await.unwrap();
        node.connect(&world.app).await;
        node.sent(server, |_| true).await;
        assert!(node.memory.desired.borrow().1 > 0);
        let drain = world.app.node(&world.admin, node.id).await.unwrap().drain.unwrap();
        assert!(!drain.heard && !drain.done);
        world.end().await;
    }
}

#[tokio::test]
async fn a_database_of_before_a_drain_does_not_take_held_servers_for_stopped() {
    for is_drained in [true, false] {
        let world = World::new().await;
        let mut node = world.connected_node("attic").await;
        let (server, install) = world.server(node.id).await;
        let seq = installed(&node, server, install);
        node.acknowledged(seq).await;
        let start = PowerInput { action: PowerAction::Start };
        world.app.power_server(&world.admin, server, start).await.unwrap();
        node.sent(server, |sent| sent.desired == Desired::Running).await;
        // What the node knows, the database does not any more.
        let later = node.memory.servers.borrow()[&server].generation + 5;
        node.memory.servers.send_modify(|all| all.get_mut(&server).unwrap().generation = later);
        if is_drained {
            let drain = unknown();
            node.memory.desired.send_modify(|(present, _)| *present = Some(drain));
        }
        *node.memory.state.lock().unwrap() = Observed::Offline;
        node.connect(&world.app).await;
        let caught_up = soon(async {
            loop {
                let view = world.app.server(&world.admin, server).await.unwrap();
                if view.generation >= later {
                    return view.desired;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
        let expected = if is_drained { Desired::Running } else { Desired::Stopped };
        assert_eq!(caught_up, expected);
        world.end().await;
    }
}

#[tokio::test]
async fn nothing_starts_on_a_node_that_is_drained() {
    let world = World::new().await;
    let node = world.connected_node("attic").await;
    let (server, install) = world.server(node.id).await;
    let seq = installed(&node, server, install);
    node.acknowledged(seq).await;
    world.app.drain_node(&world.admin, node.id, asked(None, None)).await.unwrap();
    let start = || PowerInput { action: PowerAction::Start };
    let refused = world.app.power_server(&world.admin, server, start()).await.unwrap_err();
    assert_eq!(refused.code(), Code::NodeDraining);
    world.app.end_drain(&world.admin, node.id).await.unwrap();
    world.app.power_server(&world.admin, server, start()).await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn how_far_it_is_is_told_by_the_servers_own_node_and_seen_by_who_sees_the_server() {
    let world = World::new().await;
    let (node, other) = (world.connected_node("attic").await, world.connected_node("cellar").await);
    let (server, _) = world.server(node.id).await;
    let grace = world.person("grace").await;
    world.invite(server, &grace, &[Permission::ServerRead]).await;
    let view = world.app.drain_node(&world.admin, node.id, asked(None, None)).await.unwrap();
    let drain_id = view.drain.unwrap().drain.id;
    let told = |drain_id, state| Event::Drain {
        drain: ServerDrain { drain_id, state, trouble: vec!["Nobody was told.".to_owned()] },
    };
    let seq = other.say(server, told(drain_id, ServerDrainState::Drained));
    other.acknowledged(seq).await;
    let seq = node.say(server, told(DrainId::new(Uuid::now_v7()), ServerDrainState::Drained));
    node.acknowledged(seq).await;
    let seen = world.app.server(&grace, server).await.unwrap().drain.unwrap();
    assert_eq!((seen.state, seen.trouble.len()), (None, 0));
    let seq = node.say(server, told(drain_id, ServerDrainState::Waiting));
    node.acknowledged(seq).await;
    let seen = world.app.server(&grace, server).await.unwrap().drain.unwrap();
    assert_eq!(
        (seen.state, seen.trouble.as_slice()),
        (Some(ServerDrainState::Waiting), &["Nobody was told.".to_owned()][..])
    );
    let shown = world.app.drained_servers(&world.admin, node.id).await.unwrap().items;
    assert_eq!((shown.len(), shown[0].id, shown[0].state), (1, server, Some(ServerDrainState::Waiting)));
    assert_eq!(world.app.drained_servers(&grace, node.id).await.unwrap_err().code(), Code::Forbidden);
    let refused = world.app.drain_node(&grace, node.id, asked(None, None)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    assert_eq!(world.app.end_drain(&grace, node.id).await.unwrap_err().code(), Code::Forbidden);
    world.end().await;
}
