//! Row security as the floor: raw queries of one person never show another's rows.

use super::fixtures::{World, entry, first_page};
use crate::{StoreError, tx::UserTx};
use gantry_auth::{Denied, rights};
use gantry_domain::servers::ServerFilter;
use gantry_types::permission::Permission;
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

async fn count(tx: &mut UserTx, from: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {from}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(tx.db()).await.unwrap()
}

async fn refused(tx: &mut UserTx, sql: &'static str) -> bool {
    sqlx::query(sql).execute(tx.db()).await.is_err()
}

#[tokio::test]
async fn every_table_has_row_security_forced_and_policies() {
    let world = World::new().await;
    let mut owner = world.test.owner().await.unwrap();
    let bare: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity
                    AND (c.relispartition OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)))",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn nobody_who_acts_owns_a_table_or_escapes() {
    let world = World::new().await;
    let mut owner = world.test.owner().await.unwrap();
    let strong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_roles r WHERE rolname IN ('gantry_app', 'gantry_admin', 'gantry_system', 'gantry_definer')
           AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole OR rolcreatedb
                OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid))",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(strong, 0);
}

#[tokio::test]
async fn a_stranger_sees_nothing_of_a_server_even_with_raw_queries() {
    let world = World::new().await;
    let server = world.server(&world.ada, "secret").await;
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    for table in [
        "servers",
        "server_variables",
        "schedules",
        "schedule_runs",
        "backups",
        "members",
        "operations",
        "server_events",
        "statistics_fine",
        "audit",
    ] {
        assert_eq!(count(&mut tx, table).await, 0, "{table}");
    }
    assert_eq!(count(&mut tx, "allocations WHERE server_id IS NOT NULL").await, 0);
    assert_eq!(count(&mut tx, "users").await, 1);
    assert_eq!(count(&mut tx, "sessions").await, 1);
    let access = tx.server_access(&world.bob, server).await.unwrap();
    assert_eq!(access.grant::<rights::ServerRead>().unwrap_err(), Denied::Hidden);
    assert!(matches!(tx.server(server).await, Err(StoreError::NotFound("server"))));
    let changed = sqlx::query("UPDATE servers SET name = 'mine'").execute(tx.db()).await.unwrap();
    assert_eq!(changed.rows_affected(), 0);
}

#[tokio::test]
async fn no_request_of_a_person_reads_passwords_tokens_or_keys() {
    let world = World::new().await;
    for actor in [&world.ada, &world.admin] {
        for sql in [
            "SELECT FROM passwords",
            "SELECT FROM node_keys",
            "SELECT FROM data_keys",
            "SELECT FROM key_sentinel",
            "SELECT FROM audit_head",
            "SELECT token_hash FROM sessions",
            "SELECT token_hash FROM one_time_tokens",
            "SELECT FROM plugin_settings",
            "DELETE FROM deliveries",
            "UPDATE events SET body = '{}'",
            "UPDATE audit SET action = 'nothing'",
            "DELETE FROM audit",
            "TRUNCATE servers",
            "SELECT app.maintain_statistics(now(), 0, 0)",
            "SELECT FROM statistics_fine_d20200101",
            "UPDATE node_statistics_fine SET cpu_percent = 0",
        ] {
            let mut tx = world.test.db.as_user(actor).await.unwrap();
            assert!(refused(&mut tx, sql).await, "{} ran {sql}", actor.name);
        }
    }
}

#[tokio::test]
async fn a_tenant_changes_neither_limits_nor_owner_nor_role() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    for sql in [
        "UPDATE servers SET memory_mib = 0",
        "UPDATE servers SET holds = '[]'",
        "UPDATE servers SET owner_id = gen_random_uuid()",
        "UPDATE users SET role = 'admin'",
        "INSERT INTO nodes (id, location_id, name) VALUES (gen_random_uuid(), gen_random_uuid(), 'x')",
        "SELECT FROM plugin_components",
        "SELECT FROM events",
        "SELECT FROM deliveries",
        "SELECT app.listeners()",
        "SELECT FROM node_reports",
        "SELECT FROM node_statistics_fine",
        "SELECT FROM node_statistics_coarse",
    ] {
        let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
        assert!(refused(&mut tx, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn nobody_signs_the_log_for_somebody_else() {
    let world = World::new().await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let forged = sqlx::query(
        "INSERT INTO audit (id, seq, actor_id, action, subject_kind, subject_id, before, after)
         VALUES (gen_random_uuid(), 0, $1, 'x', 'x', 'x', 'null', 'null')",
    )
    .bind(world.bob.user_id.uuid())
    .execute(tx.db())
    .await;
    assert!(forged.is_err());
}

#[tokio::test]
async fn a_member_sees_what_was_shared_with_exact_rights_until_it_is_taken_away() {
    let world = World::new().await;
    let server = world.server(&world.ada, "shared").await;
    world.server(&world.ada, "private").await;
    let rights_given = BTreeSet::from([Permission::ServerRead, Permission::ConsoleRead]);
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let access = tx.server_access(&world.ada, server).await.unwrap();
    let bob = world.bob.user_id;
    tx.create_member(&access.grant().unwrap(), bob, &rights_given, entry("member.create")).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    let page = tx.servers(&ServerFilter::default(), &first_page()).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].permissions, rights_given);
    assert_eq!(page.items[0].owner.name, "ada");
    let shared = tx.server_access(&world.bob, server).await.unwrap();
    assert_eq!(shared.grant::<rights::ConsoleWrite>().unwrap_err(), Denied::Lacks(Permission::ConsoleWrite));
    assert_eq!(count(&mut tx, "users").await, 2);
    drop(tx);

    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    tx.delete_member(&access.grant().unwrap(), bob, entry("member.delete")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    assert_eq!(count(&mut tx, "servers").await, 0);
}

#[tokio::test]
async fn a_membership_without_server_read_shows_nothing() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let mut owner = world.test.owner().await.unwrap();
    sqlx::query("INSERT INTO members (server_id, user_id, permissions) VALUES ($1, $2, '{power.start}')")
        .bind(server.uuid())
        .bind(world.bob.user_id.uuid())
        .execute(&mut owner)
        .await
        .unwrap();
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    assert_eq!(count(&mut tx, "servers").await, 0);
}

#[tokio::test]
async fn an_administrator_sees_everything() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    world.server(&world.bob, "two").await;
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let page = tx.servers(&ServerFilter::default(), &first_page()).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[0].permissions.len(), Permission::ALL.len());
}

#[tokio::test]
async fn a_cancelled_request_leaves_nothing_of_itself_in_the_pool() {
    let world = World::new().await;
    world.server(&world.ada, "one").await;
    // More often than there are connections, dropped in the middle of a query.
    for _ in 0..8 {
        let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
        let slow = sqlx::query("SELECT pg_sleep(0.5)").execute(tx.db());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), slow).await.is_err());
        drop(tx);
        let mut tx =
            tokio::time::timeout(std::time::Duration::from_secs(20), world.test.db.as_user(&world.bob))
                .await
                .unwrap()
                .unwrap();
        assert_eq!(count(&mut tx, "servers").await, 0);
    }
}
