//! Drains at rest: copied to the servers of the node, and told of by that node alone.

use super::fixtures::{World, entry, now};
use crate::{Notice, StoreError, new_uuid, operations::OperationMove};
use gantry_domain::allocations;
use gantry_types::{
    DrainId, NodeId, ServerId,
    drain::{Drain, ServerDrain, ServerDrainState},
    operation::OperationState::Succeeded,
};

fn drain() -> Drain {
    Drain {
        id: DrainId::new(new_uuid()),
        message: "Down in {time}.".to_owned(),
        deadline: now(),
        backup: false,
        by: "root".to_owned(),
        began_at: now(),
    }
}

async fn want(world: &World, drain: Option<&Drain>) -> Result<(), StoreError> {
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await?;
    tx.drain_node(&grant, world.node, drain, entry("node.drain")).await?;
    tx.commit().await
}

async fn says(world: &World, node: NodeId, server: ServerId, drain: &ServerDrain) -> bool {
    let mut tx = world.test.db.as_system().await.unwrap();
    let kept = tx.record_drain(node, server, drain).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

/// What the owner sees of it: the drain, and how far it is.
async fn seen(world: &World, server: ServerId) -> Option<(DrainId, Option<ServerDrainState>)> {
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let drain = tx.server(server).await.unwrap().drain?;
    Some((drain.drain.id, drain.progress.map(|known| known.state)))
}

#[tokio::test]
async fn a_drain_is_seen_on_each_server_of_the_node_and_is_gone_with_it() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    assert_eq!(seen(&world, server).await, None);
    let wanted = drain();
    let mut heard = world.test.db.listen().await.unwrap();
    want(&world, Some(&wanted)).await.unwrap();
    assert_eq!(heard.next().await.unwrap(), Notice::Drain { node: world.node });
    let of_server = Notice::Server { server, node: world.node, desired: false };
    assert_eq!(heard.next().await.unwrap(), of_server);
    assert_eq!(seen(&world, server).await, Some((wanted.id, None)));

    let told = |drain_id, state| ServerDrain { drain_id, state, trouble: Vec::new() };
    let waiting = told(wanted.id, ServerDrainState::Waiting);
    assert!(says(&world, world.node, server, &waiting).await);
    assert_eq!(seen(&world, server).await, Some((wanted.id, Some(ServerDrainState::Waiting))));
    let later = Drain { backup: true, ..wanted.clone() };
    want(&world, Some(&later)).await.unwrap();
    assert_eq!(seen(&world, server).await, Some((wanted.id, Some(ServerDrainState::Waiting))));
    let other = drain();
    want(&world, Some(&other)).await.unwrap();
    assert_eq!(seen(&world, server).await, Some((other.id, None)));
    assert!(!says(&world, world.node, server, &waiting).await, "that drain is over");
    assert!(!says(&world, NodeId::new(new_uuid()), server, &told(other.id, ServerDrainState::Drained)).await);
    want(&world, None).await.unwrap();
    assert_eq!(seen(&world, server).await, None);
    assert!(!says(&world, world.node, server, &told(other.id, ServerDrainState::Drained)).await);
}

#[tokio::test]
async fn what_a_node_heard_is_counted_and_how_far_it_is_is_summed_up() {
    let world = World::new().await;
    let (one, install) = world.try_server(&world.ada, "one", &[]).await.unwrap();
    let wanted = drain();
    want(&world, Some(&wanted)).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let known = tx.wanted_drain(world.node).await.unwrap();
    assert_eq!((known.drain.as_ref(), known.generation, known.heard), (Some(&wanted), 1, 0));
    tx.heard_drain(world.node, 7).await.unwrap();
    assert_eq!(tx.wanted_drain(world.node).await.unwrap().heard, 0, "nobody wanted that yet");
    tx.heard_drain(world.node, 1).await.unwrap();
    tx.commit().await.unwrap();
    let summed = async || {
        let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
        let drain = tx.node(world.node).await.unwrap().drain.unwrap();
        (drain.heard, drain.is_done(), drain.progress.open, drain.progress.troubled)
    };
    assert_eq!(summed().await, (true, false, 1, 0), "it is being installed");
    let mut tx = world.test.db.as_system().await.unwrap();
    let ended = OperationMove { id: install, state: Succeeded, progress: None, failure: None, at: now() };
    tx.move_operation(world.node, &ended).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(summed().await, (true, true, 0, 0));
    let trouble = vec!["x\0y".repeat(1_000); 40];
    let waiting = ServerDrain { drain_id: wanted.id, state: ServerDrainState::Waiting, trouble };
    assert!(says(&world, world.node, one, &waiting).await);
    assert_eq!(summed().await, (true, false, 1, 1));
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let shown = tx.drained_servers(&grant, world.node, 10).await.unwrap();
    assert_eq!(shown.iter().map(|server| server.name.as_str()).collect::<Vec<_>>(), ["one"]);
    let kept = &shown[0].progress.as_ref().unwrap().trouble;
    assert!(kept.len() == 16 && kept.iter().all(|text| text.len() == 500 && !text.contains('\0')));
    drop(tx);
    let drained = ServerDrain { state: ServerDrainState::Drained, trouble: Vec::new(), ..waiting };
    assert!(says(&world, world.node, one, &drained).await);
    assert_eq!(summed().await, (true, true, 0, 0));
    want(&world, Some(&Drain { backup: true, ..wanted })).await.unwrap();
    assert_eq!(summed().await, (false, false, 0, 0));
}

#[tokio::test]
async fn what_is_told_late_of_a_drain_does_not_set_it_back() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let wanted = drain();
    want(&world, Some(&wanted)).await.unwrap();
    let told = |state, trouble: &[&str]| {
        let trouble = trouble.iter().map(|text| (*text).to_owned()).collect();
        ServerDrain { drain_id: wanted.id, state, trouble }
    };
    let saving = told(ServerDrainState::Saving, &["It did not save."]);
    assert!(says(&world, world.node, server, &saving).await);
    assert!(!says(&world, world.node, server, &told(ServerDrainState::Waiting, &[])).await);
    assert!(!says(&world, world.node, server, &told(ServerDrainState::Saving, &[])).await);
    assert_eq!(seen(&world, server).await, Some((wanted.id, Some(ServerDrainState::Saving))));
    assert!(says(&world, world.node, server, &told(ServerDrainState::Drained, &[])).await);
    // A node whose records are older now is told again, and tells anew.
    let mut tx = world.test.db.as_system().await.unwrap();
    let generation = tx.wanted_drain(world.node).await.unwrap().generation;
    tx.heard_drain(world.node, generation).await.unwrap();
    tx.forget_acknowledgements(world.node).await.unwrap();
    assert_eq!(tx.wanted_drain(world.node).await.unwrap().heard, 0);
    tx.commit().await.unwrap();
    assert_eq!(seen(&world, server).await, Some((wanted.id, None)));
    assert!(says(&world, world.node, server, &saving).await);
}

#[tokio::test]
async fn a_change_for_all_servers_of_a_node_and_what_the_node_says_of_them_do_not_wait_for_each_other() {
    const SERVERS: usize = 30;
    const ROUNDS: usize = 60;
    let world = World::new().await;
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let ports = allocations::parse_ports("ports", "31000-31029").unwrap();
    tx.create_allocations(&grant, world.node, "203.0.113.7", &ports, entry("allocations.create"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut servers = Vec::new();
    for number in 0..SERVERS {
        servers.push(world.server(&world.ada, &format!("server {number}")).await);
    }
    let wanted = drain();
    want(&world, Some(&wanted)).await.unwrap();
    // Rows lie in the order in which they were last written: the opposite of that of the ids.
    for server in servers.iter().rev() {
        let told = ServerDrain { drain_id: wanted.id, state: ServerDrainState::Waiting, trouble: Vec::new() };
        assert!(says(&world, world.node, *server, &told).await);
    }
    servers.sort();
    let changing = async {
        for round in 0..ROUNDS {
            want(&world, Some(&Drain { backup: round % 2 == 0, ..wanted.clone() })).await?;
        }
        Ok::<_, StoreError>(())
    };
    let telling = async {
        for round in 0..ROUNDS {
            let mut tx = world.test.db.as_system().await?;
            for server in &servers {
                let trouble = vec!["again".to_owned(); round % 15];
                let drain = ServerDrain { drain_id: wanted.id, state: ServerDrainState::Waiting, trouble };
                tx.record_drain(world.node, *server, &drain).await?;
            }
            tx.commit().await?;
        }
        Ok::<_, StoreError>(())
    };
    tokio::try_join!(changing, telling).unwrap();
}
