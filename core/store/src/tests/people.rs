//! Accounts and sessions.

use super::fixtures::{World, add_user, entry, now};
use crate::{
    StoreError, new_uuid,
    users::{NewUser, UserChange},
};
use chrono::Duration;
use gantry_auth::{Purpose, Token};
use gantry_domain::{Role, users::Email};
use gantry_types::UserId;

#[tokio::test]
async fn gantry_is_set_up_once() {
    let world = World::new().await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let user = NewUser {
        id: UserId::new(new_uuid()),
        name: "Eve".to_owned(),
        email: Email::parse("email", "eve@example.org").unwrap(),
        role: Role::Admin,
        password_hash: "$argon2id$".to_owned(),
    };
    assert!(matches!(tx.create_first_user(&user, entry("setup")).await, Err(StoreError::AlreadySetUp)));
}

#[tokio::test]
async fn one_mailbox_has_one_account() {
    let world = World::new().await;
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    let change = UserChange { name: None, email: Some(Email::parse("email", "ADA@example.org").unwrap()) };
    let taken = tx.update_user(&world.bob.own_account(), &change, entry("user.update")).await;
    assert!(matches!(taken, Err(StoreError::EmailTaken)));
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_its_account() {
    let world = World::new().await;
    let db = &world.test.db;
    let id = world.ada.session_id;
    assert_eq!(db.actor_of_session(id, now()).await.unwrap().unwrap(), world.ada);
    assert_eq!(db.actor_of_session(id, now() + Duration::days(8)).await.unwrap(), None);
    let other = Token::generate(Purpose::Session).unwrap();
    assert_eq!(db.session(&other.hash(), now()).await.unwrap(), None);

    let mut tx = db.as_system().await.unwrap();
    let grant = world.admin.administrator().unwrap();
    tx.delete_user(&grant, world.ada.user_id, entry("user.delete")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.actor_of_session(id, now()).await.unwrap(), None);
}

#[tokio::test]
async fn changing_a_password_ends_the_other_sessions() {
    let world = World::new().await;
    let account = world.ada.own_account();
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.set_password(&account, "$argon2id$other", entry("user.password")).await.unwrap();
    assert_eq!(tx.end_sessions(&account, None).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(world.test.db.actor_of_session(world.ada.session_id, now()).await.unwrap(), None);
    let mut tx = world.test.db.as_system().await.unwrap();
    let credentials =
        tx.credentials(&Email::parse("email", "ada@example.org").unwrap()).await.unwrap().unwrap();
    assert_eq!(credentials.password_hash.as_deref(), Some("$argon2id$other"));
}

#[tokio::test]
async fn a_session_is_refreshed_by_one_of_two_requests() {
    let world = World::new().await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let before = sqlx::query_scalar("SELECT refreshed_at FROM sessions WHERE id = $1")
        .bind(world.ada.session_id.uuid())
        .fetch_one(tx.db())
        .await
        .unwrap();
    let (id, until) = (world.ada.session_id, now() + Duration::days(9));
    assert!(tx.refresh_session(id, before, now(), until).await.unwrap());
    assert!(!tx.refresh_session(id, before, now(), until).await.unwrap());
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let world = World::new().await;
    let grant = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let refused = tx.set_role(&grant, world.admin.user_id, Role::User, entry("user.role")).await;
    assert!(matches!(refused, Err(StoreError::InUse(_))));
    drop(tx);
    add_user(&world.test, &world.admin, "second", Role::Admin).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.set_role(&grant, world.admin.user_id, Role::User, entry("user.role")).await.unwrap();
}

#[tokio::test]
async fn an_owner_of_servers_is_not_deleted() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let grant = world.admin.administrator().unwrap();
    let refused = tx.delete_user(&grant, world.ada.user_id, entry("user.delete")).await;
    assert!(matches!(refused, Err(StoreError::InUse("user"))));
}
