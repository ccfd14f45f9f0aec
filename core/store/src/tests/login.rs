//! What the login of `DATABASE_URL` needs: to own its database and to create roles, and no more.

use super::fixtures::{World, first_page, now};
use crate::{db::MIGRATOR, secrets::SecretKind, testing::TestDatabase};
use gantry_domain::{servers::ServerFilter, variables::StoredValue};
use sqlx::{ConnectOptions, Connection, Executor, migrate::Migrator, postgres::PgConnectOptions};
use std::{borrow::Cow, str::FromStr};

async fn login(test: &TestDatabase) -> sqlx::PgConnection {
    let url = secrecy::ExposeSecret::expose_secret(&test.url).to_owned();
    PgConnectOptions::from_str(&url).unwrap().connect().await.unwrap()
}

#[tokio::test]
async fn a_login_that_is_no_superuser_migrates_and_serves_people_administrators_and_the_system() {
    let world = World::on(TestDatabase::of_plain_login().await).await;
    let strong: bool =
        sqlx::query_scalar("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            .fetch_one(&mut login(&world.test).await)
            .await
            .unwrap();
    assert!(!strong, "this would test nothing");

    let secret = StoredValue { key: "password".to_owned(), value: "kept".to_owned(), secret: true };
    let (server, _) = world.try_server(&world.ada, "one", &[secret]).await.unwrap();
    for (actor, seen) in [(&world.ada, 1), (&world.bob, 0), (&world.admin, 1)] {
        let mut tx = world.test.db.as_user(actor).await.unwrap();
        let page = tx.servers(&ServerFilter::default(), &first_page()).await.unwrap();
        assert_eq!(page.items.len(), seen, "{}", actor.name);
    }
    let mut tx = world.test.db.as_system().await.unwrap();
    assert_eq!(tx.values(server).await.unwrap()["password"], "kept");
    tx.commit().await.unwrap();
    world.test.db.rotate_data_key(SecretKind::ServerVariable).await.unwrap();
    assert_eq!(world.test.db.reseal(SecretKind::ServerVariable).await.unwrap(), 1);
    let mut tx = world.test.db.as_system().await.unwrap();
    // Partitions are made by a function that runs as the login.
    tx.maintain_statistics(now() + chrono::Duration::days(5)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn migrating_again_with_the_same_login_changes_nothing() {
    let test = TestDatabase::of_plain_login().await;
    crate::migrate(&test.url).await.unwrap();
}

#[tokio::test]
async fn a_later_migration_reaches_rows_behind_forced_row_security_and_functions_of_the_definer() {
    let world = World::on(TestDatabase::of_plain_login().await).await;
    let mut login = login(&world.test).await;
    let mut tx = login.begin().await.unwrap();
    let changed = tx.execute("UPDATE users SET name = name || '!'").await.unwrap();
    assert_eq!(changed.rows_affected(), 3);
    tx.execute("GRANT CREATE ON SCHEMA app TO gantry_definer").await.unwrap();
    tx.execute("COMMENT ON FUNCTION app.visible_servers() IS 'touched'").await.unwrap();
}

#[tokio::test]
async fn people_and_servers_of_a_version_without_handles_get_theirs_when_it_is_migrated() {
    let test = TestDatabase::of_plain_login().await;
    let mut plain = login(&test).await;
    plain.execute("DROP SCHEMA app CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
    let without = MIGRATOR.iter().filter(|migration| migration.version < 11).cloned().collect();
    Migrator { migrations: Cow::Owned(without), ..Migrator::DEFAULT }.run(&mut plain).await.unwrap();
    // What servers refer to is not what is tried here.
    let fill = "SET session_replication_role = replica;
        INSERT INTO users (id, name, email, role)
        SELECT format('00000000-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'x', format('same@%s.org', n), 'user'
        FROM generate_series(1, 3) AS n;
        INSERT INTO servers (id, name, owner_id, node_id, plugin_id, digest, blueprint, blueprint_name, owner_name,
                             node_name, location_id, location_name, manifest_id, plugin_name, plugin_version, memory_mib,
                             swap_mib, cpu_percent, disk_mib, pids, desired)
        SELECT format('0000000%s-0000-7000-8000-00aaaaaaaaaa', n)::uuid, 'x', id, id, id, 'x', 'x', 'x', 'x', 'x', id, 'x',
               'x', 'x', 'x', 1, 1, 1, 1, 1, 'stopped'
        FROM generate_series(1, 2) AS n, (SELECT id FROM users LIMIT 1) AS one";
    test.owner().await.unwrap().execute(fill).await.unwrap();
    crate::migrate(&test.url).await.unwrap();
    let handles = async |table: &str| {
        let sql = sqlx::AssertSqlSafe(format!("SELECT handle FROM {table} ORDER BY id"));
        sqlx::query_scalar::<_, String>(sql).fetch_all(&mut test.owner().await.unwrap()).await.unwrap()
    };
    assert_eq!(handles("users").await, ["same", "same-2", "same-3"]);
    assert_eq!(handles("servers").await, ["aaaaaaaaaa", "00aaaaaaaaaa"]);
}

#[tokio::test]
async fn a_login_that_may_not_create_in_its_database_safely_is_told_so() {
    // As PostgreSQL before 15 leaves the schema: owned by somebody else, and open to everybody.
    let test = TestDatabase::of_plain_login().await;
    let mut owner = test.owner().await.unwrap();
    owner.execute("DROP TABLE _sqlx_migrations; DROP SCHEMA app CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC").await.unwrap();
    let refused = crate::migrate(&test.url).await.unwrap_err();
    let crate::StoreError::Migration(cause) = refused else { panic!("{refused:?}") };
    let text = cause.to_string();
    assert!(
        text.contains("everybody may create in the schema public")
            && text.contains("ALTER SCHEMA public OWNER TO"),
        "{text}"
    );
}
