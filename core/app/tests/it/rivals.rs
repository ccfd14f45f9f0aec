//! Two who change rights at once: whoever comes second does so by the rights that the first has left them.

use crate::fixture::{World, local, soon};
use gantry_app::inputs::{MemberUpdate, UserUpdate};
use gantry_auth::rights;
use gantry_domain::{Role, audit::AuditEntry};
use gantry_types::{permission::Permission, problem::Code};
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
