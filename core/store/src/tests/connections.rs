//! Connections that the database ended, as its restart does.

use super::fixtures::{World, first_page};
use crate::{Db, DbOptions, StoreError, testing::TestDatabase};
use gantry_domain::servers::ServerFilter;
use sqlx::Executor;
use std::collections::BTreeSet;

/// Ends every connection to this database but the one that says so.
const END_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn connections_that_ended_while_they_were_idle_are_nobodys_error() {
    let world = World::new().await;
    let (one, two) =
        (world.test.db.as_user(&world.ada).await.unwrap(), world.test.db.as_user(&world.ada).await.unwrap());
    drop((one, two, world.test.db.as_system().await.unwrap()));
    world.test.owner().await.unwrap().execute(END_ALL).await.unwrap();

    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    assert!(tx.servers(&ServerFilter::default(), &first_page()).await.unwrap().items.is_empty());
    world.test.db.as_system().await.unwrap();
}

#[tokio::test]
async fn a_connection_that_ends_under_a_transaction_is_told_apart_from_a_query_that_failed() {
    let world = World::new().await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    world.test.owner().await.unwrap().execute(END_ALL).await.unwrap();
    let error = tx.servers(&ServerFilter::default(), &first_page()).await.unwrap_err();
    assert!(matches!(error, StoreError::Lost(_)), "{error:?}");
}

#[tokio::test]
async fn connections_are_open_before_anybody_asks() {
    const OPEN: &str = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'gantry' AND pid <> pg_backend_pid()";
    let test = TestDatabase::new().await;
    let mut owner = test.owner().await.unwrap();
    let before: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut owner).await.unwrap();
    let options = DbOptions::new(test.url.clone(), TestDatabase::master());
    let _db = Db::connect(options).await.unwrap();
    let after: i64 = sqlx::query_scalar(OPEN).fetch_one(&mut owner).await.unwrap();
    // Opening the keys may leave one more behind.
    assert!((8..=9).contains(&(after - before)), "{before} became {after}");
}

#[tokio::test]
async fn nodes_that_hold_all_of_their_connections_leave_those_of_others_and_the_other_way_round() {
    let world = World::new().await;
    let db = &world.test.db;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(db.as_system_for_nodes().await.unwrap());
    }
    let waits = tokio::time::timeout(std::time::Duration::from_millis(50), db.as_system_for_nodes()).await;
    assert!(waits.is_err(), "these were not all");
    for _ in 0..4 {
        held.push(db.as_system().await.unwrap());
    }
    held.remove(0);
    db.as_system_for_nodes().await.unwrap();
}

/// Takes every connection there is, tells them apart, and gives them back.
async fn all_connections(pool: &sqlx::PgPool) -> BTreeSet<i32> {
    let (mut held, mut pids) = (Vec::new(), BTreeSet::new());
    for _ in 0..pool.options().get_max_connections() {
        let mut next = pool.acquire().await.unwrap();
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *next).await.unwrap();
        pids.insert(pid);
        held.push(next);
    }
    pids
}

#[tokio::test]
async fn a_connection_within_a_transaction_that_nobody_ended_is_given_to_nobody() {
    let world = World::new().await;
    let pool = world.test.db.system_pool();
    let first = all_connections(pool).await;
    assert_eq!(all_connections(pool).await, first, "those that are clean are kept");
    let mut connection = pool.acquire().await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await.unwrap();
    // As a request leaves it that is cut off while it begins.
    connection.execute("BEGIN").await.unwrap();
    drop(connection);
    let left = all_connections(pool).await;
    assert!(
        !left.contains(&pid) && left.intersection(&first).count() == first.len() - 1,
        "{first:?} {left:?}"
    );
}
