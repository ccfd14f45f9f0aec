//! Connections that the database ended, as its restart does.

use super::fixtures::{World, first_page};
use crate::StoreError;
use gantry_domain::servers::ServerFilter;
use sqlx::Executor;

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
