//! Two who change one thing at once. Of rights, whoever comes second changes them by those that the first has left them; of
//! a server, one waits for the other and neither fails.

use crate::fixture::{World, local, soon};
use chrono::{Duration, Utc};
use gantry_app::inputs::{MemberUpdate, UserUpdate};
use gantry_auth::rights;
use gantry_domain::{Role, audit::AuditEntry};
use gantry_store::operations::OperationMove;
use gantry_types::{operation::OperationState, permission::Permission, problem::Code};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_member_who_loses_rights_cannot_take_them_back_meanwhile() {
    let world = World::new().await;
    let node = world.node("attic").await;
    let (server, _) = world.server(node.id).await;
    let grace = world.person("grace").await;
    let had = [Permission::ServerRead, Permission::MembersUpdate, Permission::PowerKill];
    world.invite(server, &grace, &had).await;
    let user = grace.actor.user_id;

    let mut tx = world.database.db.as_user(&world.admin.actor).await.unwrap();
    tx.members_turn(server).await.unwrap();
    let access = tx.server_access(&world.admin.actor, server).await.unwrap();
    let grant = access.grant::<rights::MembersUpdate>().unwrap();
    let entry = AuditEntry::new("member.update", "user", user, local()).about(server);
    tx.update_member(&grant, user, &BTreeSet::from([Permission::ServerRead]), entry).await.unwrap();

    let (app, update) = (world.app.clone(), MemberUpdate { permissions: had.to_vec() });
    let again = tokio::spawn(async move { app.update_member(&grace, server, user, update).await });
    soon(world.database.somebody_waits()).await;
    tx.commit().await.unwrap();
    assert_eq!(soon(again).await.unwrap().unwrap_err().code(), Code::Forbidden);
    let members = world.app.list_members(&world.admin, server).await.unwrap().items;
    assert_eq!(members[0].permissions, [Permission::ServerRead]);
    world.end().await;
}

#[tokio::test]
async fn an_administrator_who_is_one_no_more_cannot_become_one_again_meanwhile() {
    let world = World::new().await;
    let grace = world.person("grace").await;
    let user = grace.actor.user_id;
    let role = |role| UserUpdate { name: None, email: None, password: None, role: Some(role) };
    world.app.update_user(&world.admin, user, role(Role::Admin)).await.unwrap();
    let mut grace = grace;
    grace.actor.role = Role::Admin;

    let mut tx = world.database.db.as_system().await.unwrap();
    let grant = world.admin.actor.administrator().unwrap();
    let entry = AuditEntry::new("user.role", "user", user, local());
    tx.set_role(&grant, user, Role::User, entry).await.unwrap();

    let app = world.app.clone();
    let again = tokio::spawn(async move { app.update_user(&grace, user, role(Role::Admin)).await });
    soon(world.database.somebody_waits()).await;
    tx.commit().await.unwrap();
    assert_eq!(soon(again).await.unwrap().unwrap_err().code(), Code::Forbidden);
    assert_eq!(world.app.user(&world.admin, user).await.unwrap().role, Role::User);
    world.end().await;
}

#[tokio::test]
async fn a_change_of_an_account_that_is_refused_changes_nothing_of_it() {
    let world = World::new().await;
    let user = world.person("grace").await.actor.user_id;
    let update = UserUpdate {
        name: None,
        email: None,
        password: Some("x".to_owned().into()),
        role: Some(Role::Admin),
    };
    assert_eq!(
        world.app.update_user(&world.admin, user, update).await.unwrap_err().fields()[0].key,
        "password"
    );
    assert_eq!(world.app.user(&world.admin, user).await.unwrap().role, Role::User);
    world.end().await;
}

#[tokio::test]
async fn a_server_is_deleted_while_its_node_tells_of_its_installation() {
    let world = World::new().await;
    let node = world.node("attic").await.id;
    let (server, install) = world.server(node).await;
    let mut first = world.database.db.as_system().await.unwrap();
    first.server_for_update(server).await.unwrap();

    let (app, admin) = (world.app.clone(), world.admin.clone());
    let deleted = tokio::spawn(async move { app.delete_server(&admin, server).await });
    soon(world.database.so_many_wait(1)).await;
    let db = world.database.db.clone();
    let told = tokio::spawn(async move {
        let mut tx = db.as_system_for_nodes().await?;
        let state = OperationState::Running;
        let change = OperationMove { id: install, state, progress: None, failure: None, at: Utc::now() };
        let moved = tx.move_operation(node, &change).await?;
        tx.commit().await.map(|()| moved)
    });
    soon(world.database.so_many_wait(2)).await;
    first.commit().await.unwrap();
    assert!(soon(deleted).await.unwrap().is_ok());
    assert_eq!(soon(told).await.unwrap().unwrap(), None, "it was called off by then");
    world.end().await;
}

#[tokio::test]
async fn an_operation_out_of_time_waits_for_whoever_is_busy_with_its_server() {
    let world = World::new().await;
    let node = world.node("attic").await.id;
    let (server, install) = world.server(node).await;
    let late = Utc::now() + Duration::days(1);
    let mut first = world.database.db.as_system().await.unwrap();
    first.server_for_update(server).await.unwrap();
    let mut tx = world.database.db.as_system().await.unwrap();
    assert!(soon(tx.expire_operations(late)).await.unwrap().is_empty());
    first.commit().await.unwrap();
    let expired: Vec<_> = tx.expire_operations(late).await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(expired, [install]);
    drop(tx);
    world.end().await;
}
