//! What plugins keep, and the secrets that are stored for them: apart, counted, gone with what they are for.

use super::fixtures::{World, entry, release};
use crate::{
    StoreError,
    plugins::{Intake, Shelf},
};
use gantry_domain::audit::AuditEntry;
use gantry_domain::audit::Origin;
use secrecy::{ExposeSecret, SecretString};

#[tokio::test]
async fn what_a_plugin_keeps_is_apart_for_itself_and_for_each_server() {
    let world = World::new().await;
    let plugin = world.game.plugin_id;
    let (one, other) = (world.server(&world.ada, "one").await, world.server(&world.bob, "other").await);
    let shelves = [None, Some(one), Some(other)].map(|server| Shelf { plugin, server });
    let mut tx = world.test.db.as_system().await.unwrap();
    for (number, shelf) in (1u8..).zip(shelves) {
        assert!(tx.keep(shelf, "seen", &[number], 1024).await.unwrap());
        assert!(
            tx.keep(shelf, "seen", &[number, number], 1024).await.unwrap(),
            "in place of what stood there"
        );
    }
    for (number, shelf) in (1u8..).zip(shelves) {
        assert_eq!(tx.kept(shelf, "seen").await.unwrap(), Some(vec![number, number]));
        assert_eq!(tx.kept(shelf, "other").await.unwrap(), None);
    }
    tx.forget_kept(shelves[1], "seen").await.unwrap();
    assert_eq!(tx.kept(shelves[1], "seen").await.unwrap(), None);
    assert_eq!(tx.kept(shelves[2], "seen").await.unwrap(), Some(vec![3, 3]));
}

#[tokio::test]
async fn keys_come_in_order_and_a_prefix_is_no_pattern() {
    let world = World::new().await;
    let shelf = Shelf { plugin: world.game.plugin_id, server: None };
    let mut tx = world.test.db.as_system().await.unwrap();
    for key in ["b", "a%1", "a_2", "ab", "A", "ä"] {
        assert!(tx.keep(shelf, key, b"", 1024).await.unwrap());
    }
    assert_eq!(tx.kept_keys(shelf, "").await.unwrap(), ["A", "a%1", "a_2", "ab", "b", "ä"]);
    assert_eq!(tx.kept_keys(shelf, "a%").await.unwrap(), ["a%1"]);
    assert_eq!(tx.kept_keys(shelf, "a_").await.unwrap(), ["a_2"]);
}

#[tokio::test]
async fn the_quota_counts_keys_values_and_entries_of_one_shelf() {
    let world = World::new().await;
    let shelf = Shelf { plugin: world.game.plugin_id, server: None };
    let fits = async |key: &str, length: usize| {
        let mut tx = world.test.db.as_system().await.unwrap();
        let fits = tx.keep(shelf, key, &vec![7; length], 1024).await.unwrap();
        if fits {
            tx.commit().await.unwrap();
        }
        fits
    };
    assert!(fits("one", 500).await);
    assert!(!fits("two", 500).await, "both together are too much");
    assert!(fits("one", 800).await, "what stood there counts no more");
    assert!(!fits("one", 1_000).await);
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.kept(shelf, "one").await.unwrap().unwrap().len(), 800, "a refusal changes nothing");
    tx.forget_kept(shelf, "one").await.unwrap();
    tx.commit().await.unwrap();
    let mut empty = 0;
    while fits(&format!("{empty}"), 0).await {
        empty += 1;
    }
    assert!((4..=12).contains(&empty), "{empty} empty values fit into 1 KiB");
    let elsewhere = Shelf { server: Some(world.server(&world.ada, "one").await), ..shelf };
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(tx.keep(elsewhere, "one", &[7; 800], 1024).await.unwrap());
}

#[tokio::test]
async fn two_who_keep_at_once_do_not_both_find_the_last_room() {
    let world = World::new().await;
    let shelf = Shelf { plugin: world.game.plugin_id, server: None };
    let keep = async |key: &str| {
        let mut tx = world.test.db.as_system().await.unwrap();
        let fits = tx.keep(shelf, key, &[7; 500], 1024).await.unwrap();
        tokio::task::yield_now().await;
        if fits {
            tx.commit().await.unwrap();
        }
        fits
    };
    let both = tokio::join!(keep("one"), keep("two"));
    assert!(both.0 != both.1, "{both:?}");
}

#[tokio::test]
async fn a_secret_is_stored_replaced_and_taken_away_and_in_clear_nowhere() {
    let world = World::new().await;
    let (plugin, root) = (world.game.plugin_id, world.admin.administrator().unwrap());
    let mut tx = world.test.db.as_system().await.unwrap();
    for value in ["first-hush", "hunter2hunter2"] {
        let value = SecretString::from(value);
        tx.set_plugin_secret(&root, plugin, ("token", &value), entry("plugin.secret.set")).await.unwrap();
    }
    let shelf = Shelf { plugin, server: None };
    assert!(tx.keep(shelf, "session", b"hunter2hunter2", 1024).await.unwrap());
    tx.commit().await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    let found: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM plugin_secrets s WHERE position('hunter2'::bytea IN s.sealed) > 0)
              + (SELECT count(*) FROM plugin_kept k WHERE position('hunter2'::bytea IN k.sealed) > 0)
              + (SELECT count(*) FROM audit a WHERE a::text LIKE '%hunter2%')",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(found, 0);
    let mut tx = world.test.db.as_system().await.unwrap();
    let read = tx.plugin_secret(plugin, "token").await.unwrap().unwrap();
    assert_eq!(read.expose_secret(), "hunter2hunter2");
    assert!(tx.plugin_secret(plugin, "other").await.unwrap().is_none());
    tx.remove_plugin_secret(&root, plugin, "token", entry("plugin.secret.remove")).await.unwrap();
    assert!(tx.plugin_secret(plugin, "token").await.unwrap().is_none());
    let again = tx.remove_plugin_secret(&root, plugin, "token", entry("plugin.secret.remove")).await;
    assert!(matches!(again, Err(StoreError::NotFound("secret"))));
}

#[tokio::test]
async fn an_administrators_request_reads_which_secrets_there_are_and_none_of_them() {
    let world = World::new().await;
    let (plugin, root) = (world.game.plugin_id, world.admin.administrator().unwrap());
    let mut tx = world.test.db.as_system().await.unwrap();
    let value = SecretString::from("hush");
    tx.set_plugin_secret(&root, plugin, ("token", &value), entry("plugin.secret.set")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let names: Vec<String> =
        tx.plugin_secrets(&root, plugin).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["token"]);
    for actor in [&world.admin, &world.ada] {
        for sql in
            ["SELECT sealed FROM plugin_secrets", "SELECT FROM plugin_kept", "DELETE FROM plugin_secrets"]
        {
            let mut tx = world.test.db.as_user(actor).await.unwrap();
            assert!(sqlx::query(sql).execute(tx.db()).await.is_err(), "{sql}");
        }
    }
}

#[tokio::test]
async fn who_stands_in_for_a_bundled_plugin_inherits_nothing_that_was_lent() {
    let world = World::new().await;
    let (plugin, root) = (world.game.plugin_id, world.admin.administrator().unwrap());
    let shelf = Shelf { plugin, server: None };
    let mut tx = world.test.db.as_system().await.unwrap();
    let value = SecretString::from("hush");
    tx.set_plugin_secret(&root, plugin, ("token", &value), entry("plugin.secret.set")).await.unwrap();
    assert!(tx.keep(shelf, "seen", b"x", 1024).await.unwrap());
    let mut update = release('b');
    tx.install_bundled(&update, AuditEntry::new("plugin.install", "plugin", "x", Origin::default()))
        .await
        .unwrap();
    assert!(tx.plugin_secret(plugin, "token").await.unwrap().is_some(), "an update goes on with it");
    update.digest = "c".repeat(64);
    update.bundled = false;
    tx.install_plugin(&root, &update, Intake::Current, entry("plugin.install")).await.unwrap();
    assert!(tx.plugin_secret(plugin, "token").await.unwrap().is_none());
    assert_eq!(tx.kept(shelf, "seen").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_kept_is_gone_with_its_server() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let shelf = Shelf { plugin: world.game.plugin_id, server: Some(server) };
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(tx.keep(shelf, "seen", b"x", 1024).await.unwrap());
    tx.commit().await.unwrap();
    let mut owner = world.test.owner().await.unwrap();
    sqlx::query("DELETE FROM servers WHERE id = $1").bind(server.uuid()).execute(&mut owner).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM plugin_kept").fetch_one(&mut owner).await.unwrap();
    assert_eq!(left, 0);
}
