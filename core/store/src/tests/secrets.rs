//! Secrets at rest: bound to their place, kept through every rotation, closed to the wrong key.

use super::{
    fixtures::{World, entry, now},
    nodes, schedules,
};
use crate::{
    Db, DbOptions, MasterKey, StoreError,
    plugins::{NewLogin, Shelf},
    secrets::{SecretError, SecretKind},
};
use gantry_domain::variables::StoredValue;
use gantry_seal::{SealError, SecretKey};
use gantry_types::ServerId;
use secrecy::{ExposeSecret, SecretString};

fn master(byte: u8) -> MasterKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap().into()
}

fn secret(value: &str) -> Vec<StoredValue> {
    vec![
        StoredValue { key: "password".to_owned(), value: value.to_owned(), secret: true },
        StoredValue { key: "map".to_owned(), value: "dm1".to_owned(), secret: false },
    ]
}

async fn password(world: &World, server: ServerId) -> Result<String, StoreError> {
    let mut tx = world.test.db.as_system().await?;
    Ok(tx.values(server).await?["password"].clone())
}

async fn connect(world: &World, master: MasterKey) -> Result<Db, StoreError> {
    Db::connect(DbOptions::new(world.test.url.clone(), master)).await
}

#[tokio::test]
async fn a_secret_is_in_clear_nowhere_in_the_database() {
    let world = World::new().await;
    let (server, _) = world.try_server(&world.ada, "one", &secret("hunter2hunter2")).await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    let found: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM server_variables v WHERE v::text LIKE '%hunter2%' OR position('hunter2'::bytea IN v.sealed) > 0)
              + (SELECT count(*) FROM audit a WHERE a::text LIKE '%hunter2%')",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(found, 0);
    assert_eq!(password(&world, server).await.unwrap(), "hunter2hunter2");
}

#[tokio::test]
async fn a_blob_that_is_moved_to_another_row_does_not_open() {
    let world = World::new().await;
    let (mine, _) = world.try_server(&world.ada, "mine", &secret("ada's")).await.unwrap();
    let (yours, _) = world.try_server(&world.bob, "yours", &secret("bob's")).await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    sqlx::query(
        "UPDATE server_variables SET sealed = (SELECT sealed FROM server_variables WHERE server_id = $1 AND sealed IS NOT NULL)
         WHERE server_id = $2 AND sealed IS NOT NULL",
    )
    .bind(yours.uuid())
    .bind(mine.uuid())
    .execute(&mut owner)
    .await
    .unwrap();
    assert!(matches!(
        password(&world, mine).await,
        Err(StoreError::Secret(SecretError::Seal(SealError::NotAuthentic)))
    ));
    assert_eq!(password(&world, yours).await.unwrap(), "bob's");
}

#[tokio::test]
async fn a_row_that_is_handed_to_another_server_does_not_open() {
    let world = World::new().await;
    let (mine, _) = world.try_server(&world.ada, "mine", &[]).await.unwrap();
    let (yours, _) = world.try_server(&world.bob, "yours", &secret("bob's")).await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    sqlx::query("UPDATE server_variables SET server_id = $1 WHERE server_id = $2")
        .bind(mine.uuid())
        .bind(yours.uuid())
        .execute(&mut owner)
        .await
        .unwrap();
    assert!(matches!(
        password(&world, mine).await,
        Err(StoreError::Secret(SecretError::Seal(SealError::NotAuthentic)))
    ));
}

#[tokio::test]
async fn the_wrong_master_key_is_noticed_at_the_start() {
    let world = World::new().await;
    let wrong = connect(&world, master(1)).await;
    assert!(matches!(wrong.err(), Some(StoreError::Secret(SecretError::WrongMasterKey))));
}

#[tokio::test]
async fn another_master_key_takes_over_and_the_old_one_opens_nothing() {
    let world = World::new().await;
    let (server, _) = world.try_server(&world.ada, "one", &secret("kept")).await.unwrap();
    let next = master(2);
    world.test.db.rewrap(next.clone()).await.unwrap();
    assert_eq!(password(&world, server).await.unwrap(), "kept");
    assert!(connect(&world, crate::testing::TestDatabase::master()).await.is_err());
    let db = connect(&world, next).await.unwrap();
    assert_eq!(db.as_system().await.unwrap().values(server).await.unwrap()["password"], "kept");
}

#[tokio::test]
async fn another_data_key_seals_everything_again_while_others_read() {
    let world = World::new().await;
    let (server, _) = world.try_server(&world.ada, "one", &secret("kept")).await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    tx.enroll_node(world.node, &nodes::keys(7), now(), entry("node.enroll")).await.unwrap();
    tx.commit().await.unwrap();
    let plugin = world.game.plugin_id;
    let root = world.admin.administrator().unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let token = SecretString::from("token");
    let setting = StoredValue { key: "webhook".to_owned(), value: "token".to_owned(), secret: true };
    tx.set_plugin_settings(&root, plugin, &[setting], entry("plugin.settings")).await.unwrap();
    tx.set_plugin_secret(&root, plugin, ("api", &token), entry("plugin.secret.set")).await.unwrap();
    let shelf = Shelf { plugin, server: Some(server) };
    assert!(tx.keep(shelf, "seen", b"1.21", 1024).await.unwrap());
    let login = NewLogin { prefix: "ghcr.io", username: "acme", token_service: None, password: &token };
    tx.set_registry_login(&root, login, entry("registry.login.set")).await.unwrap();
    tx.commit().await.unwrap();
    schedules::add(&world, &world.ada, &schedules::schedule(server, &world.ada, "Nightly")).await.unwrap();
    let other_instance = connect(&world, crate::testing::TestDatabase::master()).await.unwrap();
    for kind in SecretKind::ALL {
        world.test.db.rotate_data_key(kind).await.unwrap();
        assert_eq!(world.test.db.reseal(kind).await.unwrap(), 1, "{kind:?}");
    }
    let mut tx = other_instance.as_system().await.unwrap();
    assert_eq!(*tx.node_keys(world.node).await.unwrap().unwrap().private_key, [7; 32]);
    assert_eq!(tx.plugin_secret(plugin, "api").await.unwrap().unwrap().expose_secret(), "token");
    assert_eq!(tx.kept(shelf, "seen").await.unwrap().as_deref(), Some(&b"1.21"[..]));
    drop(tx);
    // The other instance has never heard of the key that sealed it.
    assert_eq!(other_instance.as_system().await.unwrap().values(server).await.unwrap()["password"], "kept");
    let mut owner = world.test.owner().await.unwrap();
    let states: Vec<String> =
        sqlx::query_scalar("SELECT state FROM data_keys ORDER BY id").fetch_all(&mut owner).await.unwrap();
    let (former, latter) = states.split_at(SecretKind::ALL.len());
    assert!(
        former.iter().all(|state| state == "retired") && latter.iter().all(|state| state == "active"),
        "{states:?}"
    );
    assert_eq!(former.len(), latter.len());
    assert!(connect(&world, crate::testing::TestDatabase::master()).await.is_ok());
}
