//! Logins of registries: sealed to their row and to what they are for.

use super::fixtures::{World, entry};
use crate::{
    StoreError,
    plugins::{NewLogin, RegistryLogin},
    secrets::SecretKind,
};
use secrecy::{ExposeSecret, SecretString};

async fn store(world: &World, prefix: &str, token_service: Option<&str>, password: &str) -> RegistryLogin {
    let root = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let password = SecretString::from(password);
    let login = NewLogin { prefix, username: "acme", token_service, password: &password };
    let id = tx.set_registry_login(&root, login, entry("registry.login.set")).await.unwrap();
    tx.commit().await.unwrap();
    all(world).await.into_iter().find(|login| login.id == id).unwrap()
}

async fn all(world: &World) -> Vec<RegistryLogin> {
    world.test.db.as_system().await.unwrap().registry_logins().await.unwrap()
}

async fn password(world: &World, login: &RegistryLogin) -> Result<String, StoreError> {
    let mut tx = world.test.db.as_system().await?;
    Ok(tx.registry_password(login).await?.expose_secret().to_owned())
}

#[tokio::test]
async fn a_login_is_stored_replaced_and_taken_away_and_in_clear_nowhere() {
    let world = World::new().await;
    let first = store(&world, "ghcr.io/acme", Some("auth.example.org"), "first-hush").await;
    let kept = store(&world, "ghcr.io/acme", None, "hunter2\nhunter2").await;
    assert_eq!((first.id, kept.token_service.as_deref()), (kept.id, None));
    assert_eq!(password(&world, &kept).await.unwrap(), "hunter2\nhunter2");
    let mut owner = world.test.owner().await.unwrap();
    let found: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM registry_logins l WHERE l::text LIKE '%hunter2%' OR position('hunter2'::bytea IN l.sealed) > 0)
              + (SELECT count(*) FROM audit a WHERE a::text LIKE '%hunter2%')",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(found, 0);
    let root = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.remove_registry_login(&root, kept.id, entry("registry.login.remove")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(all(&world).await.is_empty());
    assert!(matches!(password(&world, &kept).await, Err(StoreError::NotFound("login"))));
}

/// Somebody who can write the database, and has no key, points a login at a registry of their own.
#[tokio::test]
async fn a_password_does_not_open_for_another_registry_or_token_service_or_row() {
    let world = World::new().await;
    let mine = store(&world, "ghcr.io", None, "hush").await;
    let other = store(&world, "other.example.org", None, "murmur").await;
    let mut owner = world.test.owner().await.unwrap();
    for change in [
        "UPDATE registry_logins SET prefix = 'evil.example.org' WHERE id = $1",
        "UPDATE registry_logins SET prefix = 'ghcr.io', token_service = 'evil.example.org' WHERE id = $1",
        "UPDATE registry_logins SET token_service = NULL, username = 'somebody' WHERE id = $1",
    ] {
        sqlx::query(change).bind(mine.id.uuid()).execute(&mut owner).await.unwrap();
        let rewritten = all(&world).await.into_iter().find(|login| login.id == mine.id).unwrap();
        assert!(matches!(password(&world, &rewritten).await, Err(StoreError::Unreadable(_))), "{change}");
    }
    sqlx::query("UPDATE registry_logins SET username = 'acme' WHERE id = $1")
        .bind(mine.id.uuid())
        .execute(&mut owner)
        .await
        .unwrap();
    assert_eq!(password(&world, &mine).await.unwrap(), "hush");
    sqlx::query(
        "UPDATE registry_logins SET sealed = (SELECT sealed FROM registry_logins WHERE id = $1) WHERE id = $2",
    )
    .bind(mine.id.uuid())
    .bind(other.id.uuid())
    .execute(&mut owner)
    .await
    .unwrap();
    assert!(matches!(password(&world, &other).await, Err(StoreError::Secret(_))));
}

#[tokio::test]
async fn logins_are_sealed_again_with_another_key() {
    let world = World::new().await;
    let kept = store(&world, "ghcr.io", None, "hush").await;
    world.test.db.rotate_data_key(SecretKind::RegistryLogin).await.unwrap();
    assert_eq!(world.test.db.reseal(SecretKind::RegistryLogin).await.unwrap(), 1);
    assert_eq!(password(&world, &kept).await.unwrap(), "hush");
}

#[tokio::test]
async fn an_administrators_request_reads_which_logins_there_are_and_no_password() {
    let world = World::new().await;
    store(&world, "ghcr.io", None, "hush").await;
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    assert_eq!(tx.registry_logins().await.unwrap().len(), 1);
    for (actor, sql) in [
        (&world.admin, "SELECT sealed FROM registry_logins"),
        (&world.admin, "DELETE FROM registry_logins"),
        (&world.ada, "SELECT prefix FROM registry_logins"),
    ] {
        let mut tx = world.test.db.as_user(actor).await.unwrap();
        assert!(sqlx::query(sql).execute(tx.db()).await.is_err(), "{sql}");
    }
}
