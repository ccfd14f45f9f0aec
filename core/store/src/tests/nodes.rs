//! Nodes: enrollment, keys, events, capacity.

use super::fixtures::{World, entry, first_page, now};
use crate::{Notice, StoreError, enrollment::NewNodeKeys};
use chrono::Duration;
use gantry_auth::{Purpose, Token};
use gantry_domain::allocations;
use zeroize::Zeroizing;

pub(super) fn keys(private: u8) -> NewNodeKeys {
    NewNodeKeys {
        public_key: [1; 32],
        private_key: Zeroizing::new([private; 32]),
        daemon_public_key: [3; 32],
        agent_version: "0.1.0".to_owned(),
    }
}

async fn enrollment(world: &World) -> Token {
    let token = Token::generate(Purpose::Enrollment).unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let (grant, until) = (world.admin.administrator().unwrap(), now() + Duration::minutes(15));
    tx.create_enrollment(&grant, world.node, &token.hash(), until, entry("node.enrollment")).await.unwrap();
    tx.commit().await.unwrap();
    token
}

#[tokio::test]
async fn an_enrollment_token_is_good_once_and_for_a_quarter_of_an_hour() {
    let world = World::new().await;
    let token = enrollment(&world).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.spend_enrollment(&token.hash(), now() + Duration::minutes(16)).await.unwrap(), None);
    let (node, name) = tx.spend_enrollment(&token.hash(), now()).await.unwrap().unwrap();
    assert_eq!((node, name.as_str()), (world.node, "node-1"));
    assert_eq!(tx.spend_enrollment(&token.hash(), now()).await.unwrap(), None);
}

#[tokio::test]
async fn a_later_enrollment_token_ends_the_earlier_one() {
    let world = World::new().await;
    let first = enrollment(&world).await;
    enrollment(&world).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.spend_enrollment(&first.hash(), now()).await.unwrap(), None);
}

#[tokio::test]
async fn a_node_has_keys_from_enrollment_to_revocation() {
    let world = World::new().await;
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(tx.node_keys(world.node).await.unwrap().is_none());
    tx.enroll_node(world.node, &keys(7), now(), entry("node.enroll")).await.unwrap();
    let kept = tx.node_keys(world.node).await.unwrap().unwrap();
    assert_eq!((*kept.private_key, kept.daemon_public_key), ([7; 32], [3; 32]));
    let sealed: Vec<u8> =
        sqlx::query_scalar("SELECT private_key FROM node_keys").fetch_one(tx.db()).await.unwrap();
    assert!(!sealed.windows(32).any(|window| window == [7; 32]));
    tx.revoke_node(&world.admin.administrator().unwrap(), world.node, entry("node.revoke")).await.unwrap();
    assert!(tx.node_keys(world.node).await.unwrap().is_none());
}

#[tokio::test]
async fn an_event_counts_once() {
    let world = World::new().await;
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(tx.claim_event(world.node, 1).await.unwrap());
    assert!(!tx.claim_event(world.node, 1).await.unwrap());
    assert!(tx.claim_event(world.node, 3).await.unwrap());
    assert_eq!(tx.last_event(world.node).await.unwrap(), 3);
    tx.enroll_node(world.node, &keys(7), now(), entry("node.enroll")).await.unwrap();
    assert!(tx.claim_event(world.node, 1).await.unwrap(), "another ledger counts from one");
}

#[tokio::test]
async fn what_is_promised_counts_everybodys_servers() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    let node = tx.node(world.node).await.unwrap();
    assert_eq!((node.promised.servers, node.promised.memory_mib, node.report), (1, 512, None));
}

#[tokio::test]
async fn ports_that_are_there_are_left_and_those_in_use_stay() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let ports = allocations::parse_ports("ports", "30005-30014").unwrap();
    let added =
        tx.create_allocations(&grant, world.node, "203.0.113.7", &ports, entry("allocations")).await.unwrap();
    assert_eq!(added, 5);
    let all = tx.allocations(world.node, &first_page()).await.unwrap().items;
    let used = all.iter().find(|one| one.server_id.is_some()).unwrap();
    assert_eq!(used.server_name.as_deref(), Some("one"));
    assert!(matches!(
        tx.delete_allocation(&grant, used.id, entry("x")).await,
        Err(StoreError::InUse("allocation"))
    ));
}

#[tokio::test]
async fn places_that_are_in_use_stay() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    assert!(matches!(tx.delete_node(&grant, world.node, entry("x")).await, Err(StoreError::InUse("node"))));
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let refused = tx.delete_location(&grant, world.location, entry("x")).await;
    assert!(matches!(refused, Err(StoreError::InUse("location"))));
}

#[tokio::test]
async fn other_instances_hear_of_a_change_when_it_holds() {
    let world = World::new().await;
    let mut listener = world.test.db.listen().await.unwrap();
    let id = world.server(&world.ada, "one").await;
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.push(listener.next().await.unwrap());
    }
    assert!(heard.contains(&Notice::Server { server: id, node: world.node, desired: true }), "{heard:?}");
}
