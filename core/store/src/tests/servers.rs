//! Servers: made whole or not at all, changed by generations, listed in one query.

use super::fixtures::{World, entry, first_page, now, release};
use crate::{
    StoreError, new_uuid, nodes::NodeChange, operations::OperationMove, reconcile::Scope,
    secrets::SecretKind, users::UserChange,
};
use chrono::Duration;
use gantry_auth::rights;
use gantry_domain::{
    audit::{AuditEntry, Origin},
    page::PageRequest,
    servers::ServerFilter,
    variables::StoredValue,
};
use gantry_types::{
    NodeId, OperationId, ServerId,
    operation::{OperationKind, OperationState},
    server::{Desired, Observed, ObservedState},
};

fn moved(id: OperationId, state: OperationState) -> OperationMove {
    OperationMove { id, state, progress: None, failure: None, at: now() }
}

fn seen(state: Observed) -> ObservedState {
    ObservedState { state, since: now(), reason: None, crashes: 0, started_at: None, generation: None }
}

#[tokio::test]
async fn a_server_is_made_whole_and_shown_whole() {
    let world = World::new().await;
    let id = world.server(&world.ada, "Arena of Ada").await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let server = tx.server(id).await.unwrap();
    assert_eq!((server.name.as_str(), server.node.location_name.as_str()), ("Arena of Ada", "Berlin"));
    assert_eq!(server.blueprint.key.to_string(), "test.arena:arena");
    assert_eq!((server.endpoints[0].endpoint.port, server.observed.state), (30000, Observed::Uninstalled));
    assert_eq!(
        server.operation.map(|op| (op.kind, op.state)),
        Some((OperationKind::Install, OperationState::Pending))
    );
    assert!(server.generation > server.acknowledged_generation);
}

#[tokio::test]
async fn a_server_that_fails_half_way_is_not_made() {
    let world = World::new().await;
    for n in 0..10 {
        world.server(&world.ada, &format!("server {n}")).await;
    }
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    assert!(tx.free_allocations(world.node).await.unwrap().is_empty());
    let free: i64 = sqlx::query_scalar("SELECT count(*) FROM servers").fetch_one(tx.db()).await.unwrap();
    assert_eq!(free, 0);
}

#[tokio::test]
async fn an_address_goes_to_one_of_two_who_want_it() {
    let world = World::new().await;
    let taken = world.server(&world.ada, "first").await;
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    let allocation: uuid::Uuid = sqlx::query_scalar("SELECT id FROM allocations WHERE server_id = $1")
        .bind(taken.uuid())
        .fetch_one(&mut owner)
        .await
        .unwrap();
    let wanted = std::collections::BTreeSet::from([gantry_types::AllocationId::new(allocation)]);
    let refused = tx.claim(ServerId::new(new_uuid()), &wanted).await;
    assert!(matches!(refused, Err(StoreError::AllocationTaken)));
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped_whatever_comes_between() {
    let world = World::new().await;
    for name in ["delta", "Alpha", "charlie", "Bravo"] {
        world.server(&world.ada, name).await;
    }
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let two = |cursor| PageRequest { cursor, limit: 2 };
    let first = tx.servers(&ServerFilter::default(), &two(None)).await.unwrap();
    let names: Vec<_> = first.items.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["Alpha", "Bravo"]);
    let second = tx.servers(&ServerFilter::default(), &two(first.next)).await.unwrap();
    let names: Vec<_> = second.items.iter().map(|s| s.name.as_str()).collect();
    assert_eq!((names, second.next), (vec!["charlie", "delta"], None));
    let bad = tx.servers(&ServerFilter::default(), &two(Some("x".to_owned()))).await;
    assert!(matches!(bad, Err(StoreError::InvalidCursor)));
}

#[tokio::test]
async fn a_list_is_narrowed_by_text_and_state() {
    let world = World::new().await;
    world.server(&world.ada, "Sky 100%").await;
    world.server(&world.ada, "Sea").await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let mut found = async |search: Option<&str>, observed| {
        let filter = ServerFilter { search: search.map(str::to_owned), observed, ..ServerFilter::default() };
        tx.servers(&filter, &first_page()).await.unwrap().items.len()
    };
    assert_eq!(found(Some("SKY"), None).await, 1);
    assert_eq!(found(Some("%"), None).await, 1);
    assert_eq!(found(Some("30001"), None).await, 1);
    assert_eq!(found(None, Some(Observed::Running)).await, 0);
    assert_eq!(found(None, Some(Observed::Uninstalled)).await, 2);
}

#[tokio::test]
async fn every_change_raises_the_generation_until_the_node_has_written_it_down() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let before = tx.server_for_update(id).await.unwrap().generation;
    let grant = tx.server_access(&world.ada, id).await.unwrap().grant::<rights::ServerUpdate>().unwrap();
    tx.update_server(&grant, Some("two"), None, entry("server.update")).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = world.test.db.as_system().await.unwrap();
    let wanted = tx.desired_servers(world.node, Scope::Unacknowledged, None, 10).await.unwrap();
    assert_eq!((wanted.len(), wanted[0].server.generation), (1, before + 1));
    assert_eq!(wanted[0].blueprint.granted, ["query"]);
    assert_eq!(wanted[0].operation.as_ref().map(|op| op.kind), Some(OperationKind::Install));
    tx.acknowledge_generation(world.node, id, before + 1).await.unwrap();
    assert!(tx.desired_servers(world.node, Scope::Unacknowledged, None, 10).await.unwrap().is_empty());
    assert_eq!(tx.desired_servers(world.node, Scope::All, None, 10).await.unwrap().len(), 1);
    // What comes late or from nowhere moves nothing back and nothing ahead.
    tx.acknowledge_generation(world.node, id, before + 9).await.unwrap();
    assert_eq!(tx.server(id).await.unwrap().acknowledged_generation, before + 1);
}

#[tokio::test]
async fn an_older_database_takes_over_what_the_node_knows_but_no_deletion_is_undone() {
    let world = World::new().await;
    let (one, stranger) = (world.server(&world.ada, "one").await, NodeId::new(new_uuid()));
    let mut tx = world.test.db.as_system().await.unwrap();
    let before = tx.server(one).await.unwrap();
    for (node, generation) in [(stranger, before.generation + 5), (world.node, before.generation)] {
        tx.catch_up_generation(node, one, generation, Some(Desired::Running)).await.unwrap();
        assert_eq!(tx.server(one).await.unwrap().generation, before.generation);
    }
    let there = before.generation + 5;
    tx.catch_up_generation(world.node, one, there, Some(Desired::Running)).await.unwrap();
    let after = tx.server(one).await.unwrap();
    assert_eq!(
        (after.generation, after.acknowledged_generation, after.desired),
        (there, there, Desired::Running)
    );
    tx.commit().await.unwrap();

    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let delete = tx.server_access(&world.ada, one).await.unwrap().operation(OperationKind::Delete).unwrap();
    let operation = OperationId::new(new_uuid());
    tx.request_operation(&delete, operation, Some(Desired::Deleted), now(), entry("server.delete"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.catch_up_generation(world.node, one, there + 9, Some(Desired::Running)).await.unwrap();
    let after = tx.server(one).await.unwrap();
    assert_eq!((after.generation, after.desired), (there + 1, Desired::Deleted));
}

#[tokio::test]
async fn a_later_wish_calls_off_the_operation_at_work() {
    let world = World::new().await;
    let (id, install) = world.try_server(&world.ada, "one", &[]).await.unwrap();
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let delete = tx.server_access(&world.ada, id).await.unwrap().operation(OperationKind::Delete).unwrap();
    let operation = OperationId::new(new_uuid());
    tx.request_operation(&delete, operation, Some(Desired::Deleted), now(), entry("server.delete"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert_eq!(tx.operation(install).await.unwrap().state, OperationState::Cancelled);
    let server = tx.server(id).await.unwrap();
    assert_eq!((server.desired, server.operation.unwrap().id), (Desired::Deleted, operation));
}

#[tokio::test]
async fn what_has_ended_stays_as_it_ended() {
    let world = World::new().await;
    let (id, install) = world.try_server(&world.ada, "one", &[]).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    for (state, legal) in [
        (OperationState::Running, true),
        (OperationState::Pending, false),
        (OperationState::Succeeded, true),
        (OperationState::Failed, false),
    ] {
        let done = tx.move_operation(world.node, &moved(install, state)).await.unwrap();
        assert_eq!(done.is_some(), legal, "{state:?}");
    }
    assert_eq!(tx.operation(install).await.unwrap().state, OperationState::Succeeded);
    assert_eq!(tx.server(id).await.unwrap().operation, None);
}

#[tokio::test]
async fn a_node_cannot_speak_for_another() {
    let world = World::new().await;
    let (id, install) = world.try_server(&world.ada, "one", &[]).await.unwrap();
    let stranger = NodeId::new(new_uuid());
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.move_operation(stranger, &moved(install, OperationState::Succeeded)).await.unwrap(), None);
    assert!(!tx.record_observed(stranger, id, &seen(Observed::Running)).await.unwrap());
    tx.acknowledge_generation(stranger, id, 1).await.unwrap();
    assert!(tx.finish_deleted(stranger, id, entry("server.gone")).await.is_err());
    let server = tx.server(id).await.unwrap();
    assert_eq!((server.observed.state, server.acknowledged_generation), (Observed::Uninstalled, 0));
}

#[tokio::test]
async fn a_value_waits_if_it_changed_after_the_run_and_not_for_being_sealed_anew() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let started = tx.server(id).await.unwrap().generation;
    assert!(tx.values_changed_after(id, started).await.unwrap().is_empty());
    let grant = tx.server_access(&world.ada, id).await.unwrap().grant::<rights::VariablesUpdate>().unwrap();
    let secret = StoredValue { key: "password".to_owned(), value: "hunter3".to_owned(), secret: true };
    tx.update_variables(&grant, std::slice::from_ref(&secret), entry("server.variables")).await.unwrap();
    let changed = tx.values_changed_after(id, started).await.unwrap();
    assert_eq!(changed.into_iter().collect::<Vec<_>>(), ["password"]);
    tx.commit().await.unwrap();
    world.test.db.rotate_data_key(SecretKind::ServerVariable).await.unwrap();
    assert_eq!(world.test.db.reseal(SecretKind::ServerVariable).await.unwrap(), 1);
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert!(tx.values_changed_after(id, started + 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_node_saw_twice_is_told_once() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let state = seen(Observed::Running);
    assert!(tx.record_observed(world.node, id, &state).await.unwrap());
    assert!(!tx.record_observed(world.node, id, &state).await.unwrap());
}

#[tokio::test]
async fn an_operation_without_an_end_fails_at_its_deadline() {
    let world = World::new().await;
    let (id, install) = world.try_server(&world.ada, "one", &[]).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(tx.expire_operations(now()).await.unwrap().is_empty());
    let expired = tx.expire_operations(now() + Duration::hours(3)).await.unwrap();
    assert_eq!(expired[0].failure.as_ref().unwrap().code, "deadline_exceeded");
    assert_eq!(tx.operation(install).await.unwrap().state, OperationState::Failed);
    assert_eq!(tx.server(id).await.unwrap().operation, None);
}

#[tokio::test]
async fn a_deleted_server_gives_its_address_back_and_leaves_its_record() {
    let world = World::new().await;
    let (id, install) = world.try_server(&world.ada, "one", &[]).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(
        tx.finish_deleted(world.node, id, entry("server.gone")).await.is_err(),
        "nobody wanted it deleted"
    );
    drop(tx);
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let grant = tx.server_access(&world.ada, id).await.unwrap().operation(OperationKind::Delete).unwrap();
    let delete = OperationId::new(new_uuid());
    tx.request_operation(&grant, delete, Some(Desired::Deleted), now(), entry("server.delete"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.move_operation(world.node, &moved(delete, OperationState::Succeeded)).await.unwrap().unwrap();
    let gone = AuditEntry::server("server.gone", id, Origin::default());
    tx.finish_deleted(world.node, id, gone).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert!(tx.server(id).await.is_err());
    assert_eq!(tx.operation(delete).await.unwrap().state, OperationState::Succeeded);
    assert_eq!(tx.operation(install).await.unwrap().state, OperationState::Cancelled);
    assert_eq!(tx.free_allocations(world.node).await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_server_stays_on_its_release_when_another_is_installed() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(!tx.install_bundled(&release('a'), entry("plugin.install")).await.unwrap().changed);
    assert!(tx.install_bundled(&release('b'), entry("plugin.install")).await.unwrap().changed);
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.server(id).await.unwrap().blueprint.digest, "a".repeat(64));
    assert_eq!(tx.blueprint(&"test.arena:arena".parse().unwrap()).await.unwrap().digest, "b".repeat(64));
    assert_eq!(tx.component(&"b".repeat(64)).await.unwrap(), [1, 2, 3]);
    let plugin = world.game.plugin_id;
    let refused =
        tx.delete_plugin(&world.admin.administrator().unwrap(), plugin, entry("plugin.delete")).await;
    assert!(matches!(refused, Err(StoreError::InUse("plugin"))));
}

#[tokio::test]
async fn changed_grants_reach_the_servers_of_that_release() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let before = tx.server(id).await.unwrap().generation;
    let grant = world.admin.administrator().unwrap();
    let (plugin, digest) = (world.game.plugin_id, &world.game.digest);
    tx.grant_release(&grant, plugin, digest, &[], entry("plugin.grant")).await.unwrap();
    let wanted = tx.desired_servers(world.node, Scope::All, None, 10).await.unwrap().remove(0);
    assert_eq!((wanted.server.generation, wanted.blueprint.granted.len()), (before + 1, 0));
}

#[tokio::test]
async fn lists_show_the_names_of_this_moment() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let renamed = NodeChange { name: Some("node-2".to_owned()), ..NodeChange::default() };
    tx.update_node(&grant, world.node, &renamed, entry("node.update")).await.unwrap();
    tx.update_location(&grant, world.location, Some("Wien"), None, entry("location.update")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let change = UserChange { name: Some("Ada L.".to_owned()), email: None };
    tx.update_user(&world.ada.own_account(), &change, entry("user.update")).await.unwrap();
    let server = tx.server(id).await.unwrap();
    assert_eq!((server.owner.name.as_str(), server.node.name.as_str()), ("Ada L.", "node-2"));
    assert_eq!(server.node.location_name, "Wien");
    assert_eq!(
        (server.blueprint.plugin_name.as_str(), server.blueprint.plugin_version.as_str()),
        ("Arena", "1.0.0")
    );
}
