//! Keys, app passwords and handles: everybody's own, told apart, counted.

use super::fixtures::{World, add_user, entry, now};
use crate::{StoreError, new_uuid};
use chrono::Duration;
use gantry_auth::Actor;
use gantry_domain::{
    Role,
    credentials::{AppPassword, MAX_CREDENTIALS, SshKey},
};
use gantry_types::{AppPasswordId, SshKeyId};
use sqlx::{AssertSqlSafe, Executor};

fn key(name: &str, fingerprint: &str) -> SshKey {
    SshKey {
        id: SshKeyId::new(new_uuid()),
        name: name.to_owned(),
        public_key: "ssh-ed25519 AAAA".to_owned(),
        fingerprint: fingerprint.to_owned(),
        created_at: now(),
        last_used_at: None,
    }
}

async fn add_key(world: &World, who: &Actor, key: &SshKey) -> Result<(), StoreError> {
    let mut tx = world.test.db.as_user(who).await.unwrap();
    tx.create_ssh_key(&who.own_account(), key, entry("ssh_key.create")).await?;
    tx.commit().await
}

async fn add_password(world: &World, who: &Actor, name: &str, lives: Option<Duration>) -> AppPasswordId {
    let made = AppPassword {
        id: AppPasswordId::new(new_uuid()),
        name: name.to_owned(),
        created_at: now(),
        last_used_at: None,
        expires_at: lives.map(|time| now() + time),
    };
    let mut tx = world.test.db.as_user(who).await.unwrap();
    tx.create_app_password(&who.own_account(), &made, &[7; 32], entry("app_password.create")).await.unwrap();
    tx.commit().await.unwrap();
    made.id
}

#[tokio::test]
async fn nobody_sees_or_removes_what_another_signs_in_with_not_even_an_administrator() {
    let world = World::new().await;
    let ada = key("laptop", "SHA256:a");
    add_key(&world, &world.ada, &ada).await.unwrap();
    let password = add_password(&world, &world.ada, "phone", None).await;
    for other in [&world.bob, &world.admin] {
        let mut tx = world.test.db.as_user(other).await.unwrap();
        assert!(tx.ssh_keys().await.unwrap().is_empty() && tx.app_passwords().await.unwrap().is_empty());
        let account = other.own_account();
        let gone = tx.delete_ssh_key(&account, ada.id, entry("ssh_key.delete")).await;
        assert!(matches!(gone, Err(StoreError::NotFound("key"))));
        let gone = tx.delete_app_password(&account, password, entry("app_password.delete")).await;
        assert!(matches!(gone, Err(StoreError::NotFound("app password"))));
        for sql in ["DELETE FROM ssh_keys", "DELETE FROM app_passwords"] {
            assert_eq!(tx.db().execute(sql).await.unwrap().rows_affected(), 0, "{} {sql}", other.name);
        }
    }
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert_eq!(tx.ssh_keys().await.unwrap(), [ada]);
    assert_eq!(tx.app_passwords().await.unwrap()[0].id, password);
}

#[tokio::test]
async fn no_request_of_a_person_reads_a_digest_or_makes_a_credential_for_somebody_else() {
    let world = World::new().await;
    add_password(&world, &world.ada, "phone", None).await;
    let of_bob = world.bob.user_id;
    for actor in [&world.ada, &world.admin] {
        for sql in [
            "SELECT digest FROM app_passwords".to_owned(),
            "SELECT * FROM app_passwords".to_owned(),
            "UPDATE app_passwords SET expires_at = NULL".to_owned(),
            "UPDATE ssh_keys SET public_key = 'x'".to_owned(),
            format!(
                "INSERT INTO ssh_keys (id, user_id, name, public_key, fingerprint)
                 VALUES (gen_random_uuid(), '{of_bob}', 'x', 'x', 'x')"
            ),
            format!(
                "INSERT INTO app_passwords (id, user_id, name, digest)
                 VALUES (gen_random_uuid(), '{of_bob}', 'x', decode(repeat('00', 32), 'hex'))"
            ),
        ] {
            let mut tx = world.test.db.as_user(actor).await.unwrap();
            assert!(tx.db().execute(AssertSqlSafe(sql.clone())).await.is_err(), "{} ran {sql}", actor.name);
        }
    }
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert!(tx.db().execute("UPDATE users SET handle = 'root'").await.is_err());
}

#[tokio::test]
async fn names_are_told_apart_whatever_their_case_and_a_key_is_there_once_a_person() {
    let world = World::new().await;
    add_key(&world, &world.ada, &key("Laptop", "SHA256:a")).await.unwrap();
    let same_name = add_key(&world, &world.ada, &key("laptop", "SHA256:b")).await;
    assert!(matches!(same_name, Err(StoreError::NameTaken)));
    let same_key = add_key(&world, &world.ada, &key("desktop", "SHA256:a")).await;
    assert!(matches!(same_key, Err(StoreError::KeyKnown)));
    add_key(&world, &world.bob, &key("laptop", "SHA256:a")).await.unwrap();
}

#[tokio::test]
async fn there_is_room_for_so_many_and_no_more() {
    let world = World::new().await;
    for number in 0..MAX_CREDENTIALS {
        add_key(&world, &world.ada, &key(&number.to_string(), &number.to_string())).await.unwrap();
    }
    let refused = add_key(&world, &world.ada, &key("more", "more")).await;
    assert!(matches!(refused, Err(StoreError::InUse(_))));
    add_key(&world, &world.bob, &key("first", "first")).await.unwrap();
}

async fn handle(world: &World, who: &Actor) -> String {
    let handle = sqlx::query_scalar("SELECT handle FROM users WHERE id = $1").bind(who.user_id.uuid());
    handle.fetch_one(&mut world.test.owner().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_handle_is_plain_and_numbered_where_somebody_has_it() {
    let world = World::new().await;
    assert_eq!(handle(&world, &world.ada).await, "ada");
    let mut owner = world.test.owner().await.unwrap();
    let long = "x".repeat(40);
    let mut made: Vec<String> = Vec::new();
    for (name, email) in [
        ("Ada", "ada@example.com".to_owned()),
        ("Ada", "ada@example.net".to_owned()),
        ("Jane", "jane.doe+games@example.org".to_owned()),
        ("Łucja", "ł@example.org".to_owned()),
        ("Ł", "łł@example.org".to_owned()),
        ("Long", format!("{long}@example.org")),
        ("Long", format!("{long}@example.com")),
    ] {
        let made_for = sqlx::query_scalar(
            "INSERT INTO users (id, name, email, role) VALUES (gen_random_uuid(), $1, $2, 'user') RETURNING handle",
        );
        made.push(made_for.bind(name).bind(email).fetch_one(&mut owner).await.unwrap());
    }
    let long: [String; 2] = ["x".repeat(32), format!("{}-2", "x".repeat(30))];
    assert_eq!(made, ["ada-2", "ada-3", "jane-doe-games", "ucja", "user", &long[0], &long[1]]);
}

#[tokio::test]
async fn people_who_come_at_once_get_different_handles() {
    let world = World::new().await;
    let make = async |number: usize| {
        let mut owner = world.test.owner().await.unwrap();
        sqlx::query("INSERT INTO users (id, name, email, role) VALUES (gen_random_uuid(), 'x', $1, 'user')")
            .bind(format!("same@{number}.example.org"))
            .execute(&mut owner)
            .await
            .unwrap();
    };
    futures_util::future::join_all((0..8).map(make)).await;
}

#[tokio::test]
async fn a_handle_stays_when_name_and_address_change() {
    let world = World::new().await;
    let mut owner = world.test.owner().await.unwrap();
    owner
        .execute("UPDATE users SET name = 'Eve', email = 'eve@example.org' WHERE name = 'ada'")
        .await
        .unwrap();
    assert_eq!(handle(&world, &world.ada).await, "ada");
}

#[tokio::test]
async fn servers_whose_ids_end_alike_have_different_handles() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let mut owner = world.test.owner().await.unwrap();
    let twin = format!("00000000-0000-7000-8000-00{}", &server.to_string()[26..]);
    let copy = format!(
        "INSERT INTO servers (id, name, owner_id, node_id, plugin_id, digest, blueprint, blueprint_name, memory_mib,
                              swap_mib, cpu_percent, disk_mib, pids, desired, owner_name, node_name, location_id,
                              location_name, manifest_id, plugin_name, plugin_version, handle)
         SELECT '{twin}', 'two', owner_id, node_id, plugin_id, digest, blueprint, blueprint_name, memory_mib, swap_mib,
                cpu_percent, disk_mib, pids, desired, owner_name, node_name, location_id, location_name, manifest_id,
                plugin_name, plugin_version, 'chosen' FROM servers"
    );
    owner.execute(AssertSqlSafe(copy)).await.unwrap();
    let handles: Vec<String> = sqlx::query_scalar("SELECT handle FROM servers ORDER BY id DESC")
        .fetch_all(&mut owner)
        .await
        .unwrap();
    let end = &server.to_string()[26..];
    assert_eq!(handles, [end.to_owned(), format!("00{end}")]);
}

#[tokio::test]
async fn candidates_are_those_with_something_to_show_and_something_to_do_with_the_node() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let empty =
        world.test.db.as_system().await.unwrap().sftp_candidates(world.node, now(), 10).await.unwrap();
    assert!(empty.is_empty());
    add_key(&world, &world.ada, &key("laptop", "SHA256:a")).await.unwrap();
    add_key(&world, &world.bob, &key("laptop", "SHA256:b")).await.unwrap();
    let root = add_user(&world.test, &world.admin, "root2", Role::Admin).await;
    let ends = add_password(&world, &root, "an hour", Some(Duration::hours(1))).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let found = tx.sftp_candidates(world.node, now(), 10).await.unwrap();
    assert_eq!(found.iter().map(|one| one.user).collect::<Vec<_>>(), [world.ada.user_id, root.user_id]);
    assert_eq!(found[0].servers[0].id, server);
    assert_eq!(found[1].passwords[0].id, ends.uuid());
    assert_eq!(found[1].passwords[0].digest, "07".repeat(32));
    let later = tx.sftp_candidates(world.node, now() + Duration::hours(2), 10).await.unwrap();
    assert_eq!(later.len(), 1);
    let elsewhere = tx.sftp_candidates(gantry_types::NodeId::new(new_uuid()), now(), 10).await.unwrap();
    assert!(elsewhere.is_empty());
    assert_eq!(tx.sftp_candidates(world.node, now(), 1).await.unwrap().len(), 1);
}
