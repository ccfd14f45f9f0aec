//! The audit log and repeated requests.

use super::fixtures::{World, entry, first_page};
use crate::{StoreError, idempotency::Idempotency, users::UserChange};
use gantry_auth::rights;

#[tokio::test]
async fn the_log_is_numbered_without_gaps_even_after_rollbacks() {
    let world = World::new().await;
    for n in 0..6 {
        let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
        let change = UserChange { name: Some(format!("Ada {n}")), email: None };
        tx.update_user(&world.ada.own_account(), &change, entry("user.update")).await.unwrap();
        if n % 2 == 0 {
            tx.commit().await.unwrap();
        }
    }
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let log = tx.audit_log(&world.admin.administrator().unwrap(), &first_page()).await.unwrap().items;
    let numbers: Vec<u64> = log.iter().map(|record| record.seq).rev().collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert_eq!(log[0].actor.as_ref().unwrap().name, "ada");
}

#[tokio::test]
async fn concurrent_changes_are_all_numbered() {
    let world = World::new().await;
    let change = async |n: usize| {
        let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
        tx.audit(entry(if n.is_multiple_of(2) { "even" } else { "odd" }));
        tx.commit().await.unwrap();
    };
    futures_util::future::join_all((0..20).map(change)).await;
    let mut owner = world.test.owner().await.unwrap();
    let (rows, last): (i64, i64) =
        sqlx::query_as("SELECT count(*), max(seq) FROM audit").fetch_one(&mut owner).await.unwrap();
    assert_eq!(rows, last);
}

#[tokio::test]
async fn not_even_the_owner_of_the_table_rewrites_the_log() {
    let world = World::new().await;
    let mut owner = world.test.owner().await.unwrap();
    for sql in ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE audit"] {
        assert!(sqlx::query(sql).execute(&mut owner).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn activity_of_a_server_is_for_its_people() {
    let world = World::new().await;
    let id = world.server(&world.ada, "one").await;
    let grant = world.grant::<rights::ActivityRead>(&world.ada, id).await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let log = tx.activity(&grant, &first_page()).await.unwrap().items;
    assert_eq!(log.iter().map(|record| record.action.as_str()).collect::<Vec<_>>(), ["server.create"]);
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    assert!(
        tx.activity(&grant, &first_page()).await.unwrap().items.is_empty(),
        "row security stands below the grant"
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_answer() {
    let world = World::new().await;
    let db = &world.test.db;
    let answer = serde_json::json!({ "id": 1 });
    let mut tx = db.as_user(&world.ada).await.unwrap();
    assert_eq!(tx.idempotency_begin("k", b"print").await.unwrap(), Idempotency::Fresh);
    tx.idempotency_finish("k", 201, &answer).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.as_user(&world.ada).await.unwrap();
    let replay = tx.idempotency_begin("k", b"print").await.unwrap();
    assert_eq!(replay, Idempotency::Replay { status: 201, response: answer });
    let other = tx.idempotency_begin("k", b"other").await;
    assert!(matches!(other, Err(StoreError::IdempotencyMismatch)));
    let mut tx = db.as_user(&world.bob).await.unwrap();
    assert_eq!(tx.idempotency_begin("k", b"print").await.unwrap(), Idempotency::Fresh, "keys are one's own");
}

#[tokio::test]
async fn of_two_equal_requests_at_once_one_works_and_one_waits() {
    let world = World::new().await;
    let db = &world.test.db;
    let mut first = db.as_user(&world.ada).await.unwrap();
    assert_eq!(first.idempotency_begin("k", b"print").await.unwrap(), Idempotency::Fresh);
    let second = async {
        let mut tx = db.as_user(&world.ada).await.unwrap();
        tx.idempotency_begin("k", b"print").await.unwrap()
    };
    let end = async {
        first.idempotency_finish("k", 201, &serde_json::json!(1)).await.unwrap();
        first.commit().await.unwrap();
    };
    let (second, ()) = tokio::join!(second, end);
    assert_eq!(second, Idempotency::Replay { status: 201, response: serde_json::json!(1) });
}
