//! Backups as nodes tell of them: in the order of their revisions, of their own servers alone, and not without end.

use super::fixtures::{World, now};
use crate::{StoreError, backups::Kept, new_uuid, reconcile::Scope, tx::UserTx};
use chrono::TimeDelta;
use gantry_auth::Actor;
use gantry_domain::backups::MAX_KEPT;
use gantry_types::{
    BackupId, NodeId, OperationId, ServerId,
    backup::{Backup, BackupCause, BackupState},
    operation::{OperationKind, OperationState},
    server::Desired,
    units::Limits,
};

fn backup(state: BackupState) -> Backup {
    Backup {
        id: BackupId::new(new_uuid()),
        revision: 3,
        name: "Before the update".to_owned(),
        cause: BackupCause::Person { name: "ada".to_owned() },
        state,
        locked: false,
        created_at: now(),
        ended_at: None,
        progress: None,
        quiesce: None,
        archive_bytes: 7,
        content_bytes: 70,
        entries: 3,
        left_out: 0,
        changed: 0,
        reason: None,
    }
}

fn later(backup: &Backup, revision: u64, state: BackupState) -> Backup {
    Backup { revision, state, ..backup.clone() }
}

async fn tell(world: &World, node: NodeId, server: ServerId, backup: &Backup) -> Kept {
    let mut tx = world.test.db.as_system().await.unwrap();
    let kept = tx.record_backup(node, server, backup).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

async fn seen(world: &World, actor: &Actor, server: ServerId) -> Vec<Backup> {
    world.test.db.as_user(actor).await.unwrap().backups(server).await.unwrap()
}

#[tokio::test]
async fn what_was_told_before_does_not_undo_what_was_told_after_it() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let ready = backup(BackupState::Ready);
    let begun = later(&ready, 1, BackupState::Running);
    assert_eq!(tell(&world, world.node, server, &begun).await, Kept::Changed { before: None });
    let changed = Kept::Changed { before: Some(BackupState::Running) };
    assert_eq!(tell(&world, world.node, server, &ready).await, changed);
    for late in [begun, later(&ready, 2, BackupState::Failed), later(&ready, 3, BackupState::Failed)] {
        assert_eq!(tell(&world, world.node, server, &late).await, Kept::Known);
    }
    assert_eq!(seen(&world, &world.ada, server).await, [ready]);
}

#[tokio::test]
async fn the_newest_comes_first() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let mut ids = Vec::new();
    for hours in [2, 3, 1] {
        let told = backup(BackupState::Ready);
        let told = Backup { created_at: now() - TimeDelta::hours(hours), ..told };
        tell(&world, world.node, server, &told).await;
        ids.push(told.id);
    }
    let seen: Vec<_> = seen(&world, &world.ada, server).await.iter().map(|backup| backup.id).collect();
    assert_eq!(seen, [ids[2], ids[0], ids[1]]);
}

#[tokio::test]
async fn one_that_is_no_more_leaves_the_list_and_one_that_nobody_knew_does_not_come() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let ready = backup(BackupState::Ready);
    tell(&world, world.node, server, &ready).await;
    assert_eq!(
        tell(&world, world.node, server, &later(&ready, 2, BackupState::Deleted)).await,
        Kept::Known,
        "an older word deletes nothing"
    );
    let gone = later(&ready, 4, BackupState::Deleted);
    let changed = Kept::Changed { before: Some(BackupState::Ready) };
    assert_eq!(tell(&world, world.node, server, &gone).await, changed);
    assert_eq!(tell(&world, world.node, server, &gone).await, Kept::Known);
    assert_eq!(seen(&world, &world.ada, server).await, []);
}

#[tokio::test]
async fn a_node_tells_of_its_own_servers_alone_and_takes_no_other_s_backup() {
    let world = World::new().await;
    let (server, other) = (world.server(&world.ada, "one").await, world.server(&world.bob, "two").await);
    let ready = backup(BackupState::Ready);
    let stranger = NodeId::new(new_uuid());
    assert_eq!(tell(&world, stranger, server, &ready).await, Kept::NotTheirs);
    tell(&world, world.node, server, &ready).await;
    let taken = Backup { name: "mine".to_owned(), ..later(&ready, 9, BackupState::Ready) };
    assert_eq!(tell(&world, stranger, server, &taken).await, Kept::NotTheirs);
    assert_eq!(tell(&world, world.node, other, &taken).await, Kept::NotTheirs);
    let gone = later(&ready, 9, BackupState::Deleted);
    assert_eq!(tell(&world, stranger, server, &gone).await, Kept::NotTheirs);
    assert_eq!(tell(&world, world.node, other, &gone).await, Kept::Known);
    let mut tx = world.test.db.as_system().await.unwrap();
    assert!(!tx.forget_backup(stranger, server, ready.id).await.unwrap());
    assert!(!tx.forget_backup(world.node, other, ready.id).await.unwrap());
    drop(tx);
    assert_eq!(seen(&world, &world.ada, server).await, [ready]);
    assert_eq!(seen(&world, &world.bob, other).await, []);
}

#[tokio::test]
async fn more_than_there_can_be_are_not_kept() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_system().await.unwrap();
    for _ in 0..MAX_KEPT {
        let kept = tx.record_backup(world.node, server, &backup(BackupState::Failed)).await.unwrap();
        assert_eq!(kept, Kept::Changed { before: None });
    }
    let last = backup(BackupState::Ready);
    assert_eq!(tx.record_backup(world.node, server, &last).await.unwrap(), Kept::TooMany);
    let one = tx.backups(server).await.unwrap().remove(0);
    let known = later(&one, 4, BackupState::Deleted);
    tx.record_backup(world.node, server, &known).await.unwrap();
    assert_eq!(tx.record_backup(world.node, server, &last).await.unwrap(), Kept::Changed { before: None });
}

#[tokio::test]
async fn people_see_their_own_servers_backups_and_write_none() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let ready = backup(BackupState::Ready);
    tell(&world, world.node, server, &ready).await;
    assert_eq!(seen(&world, &world.admin, server).await.len(), 1);
    let mut tx = world.test.db.as_user(&world.bob).await.unwrap();
    assert!(tx.backups(server).await.unwrap().is_empty());
    assert!(matches!(tx.backup(server, ready.id).await, Err(StoreError::NotFound("backup"))));
    for actor in [&world.ada, &world.admin] {
        for sql in
            ["DELETE FROM backups", "UPDATE backups SET state = 'failed'", "UPDATE servers SET backups = 9"]
        {
            let mut tx: UserTx = world.test.db.as_user(actor).await.unwrap();
            let is_limit = sql.starts_with("UPDATE servers");
            let refused = sqlx::query(sql).execute(tx.db()).await.is_err();
            assert_eq!(refused, !is_limit || !actor.is_administrator(), "{}: {sql}", actor.name);
        }
    }
}

#[tokio::test]
async fn a_server_s_backups_go_with_it() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    tell(&world, world.node, server, &backup(BackupState::Ready)).await;
    let mut tx = world.test.db.as_system().await.unwrap();
    let known = tx.known_backups(world.node).await.unwrap();
    assert_eq!(known[&server].values().collect::<Vec<_>>(), [&3]);
    drop(tx);
    let mut owner = world.test.owner().await.unwrap();
    sqlx::query("DELETE FROM servers").execute(&mut owner).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM backups").fetch_one(&mut owner).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn a_restore_says_of_which_backup_and_leaves_what_is_wanted() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let ready = backup(BackupState::Ready);
    tell(&world, world.node, server, &ready).await;
    let mut tx = world.test.db.as_user(&world.ada).await.unwrap();
    let access = tx.server_access(&world.ada, server).await.unwrap();
    let grant = access.operation(OperationKind::Restore).unwrap();
    let id = OperationId::new(new_uuid());
    tx.request_restore(&grant, id, ready.id, now(), super::fixtures::entry("backup.restore")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.test.db.as_system().await.unwrap();
    let wanted = tx.desired_servers(world.node, Scope::All, None, 10).await.unwrap().remove(0);
    let asked = wanted.operation.unwrap();
    assert_eq!((asked.id, asked.kind, asked.backup), (id, OperationKind::Restore, Some(ready.id)));
    assert_eq!((asked.state, wanted.server.desired), (OperationState::Pending, Desired::Running));
    assert_eq!(wanted.server.operation.unwrap().backup, Some(ready.id));
}

#[tokio::test]
async fn how_many_there_may_be_is_a_limit_of_the_server() {
    let world = World::new().await;
    let server = world.server(&world.ada, "one").await;
    let mut tx = world.test.db.as_user(&world.admin).await.unwrap();
    let before = tx.server(server).await.unwrap();
    assert_eq!(before.limits.backups, 3);
    let limits = Limits { backups: 0, ..before.limits };
    let grant = world.admin.administrator().unwrap();
    tx.update_limits(&grant, server, limits, super::fixtures::entry("server.limits")).await.unwrap();
    let after = tx.server(server).await.unwrap();
    assert_eq!((after.limits, after.generation), (limits, before.generation + 1));
    assert_eq!(after.limits_generation, before.limits_generation, "no process has to start again for it");
}
