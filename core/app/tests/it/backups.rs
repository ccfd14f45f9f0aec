//! Backups are asked of the node that keeps them, shown as it told of them, and put back by an operation.

use crate::{
    fixture::{World, soon},
    node::FakeNode,
    shelf::{ARCHIVE, backup},
};
use futures_util::TryStreamExt;
use gantry_app::{LiveFrame, OpCtx, Topic, inputs::*, views::BackupsView};
use gantry_protocol::{DesiredServer, Event, OperationReport, RefusalCode};
use gantry_types::{
    BackupId, OperationId, ServerId,
    action::Availability,
    backup::{Backup, BackupState},
    operation::{OperationKind, OperationState},
    permission::Permission,
    problem::Code,
    server::{Desired, Observed},
    units::Limits,
};
use uuid::Uuid;

fn input(name: &str) -> BackupInput {
    BackupInput { name: Some(name.to_owned()), locked: false }
}

fn ready() -> Backup {
    backup(BackupId::new(Uuid::now_v7()), BackupState::Ready)
}

fn ended(id: OperationId) -> Event {
    let state = OperationState::Succeeded;
    Event::Operation { operation: OperationReport { id, state, progress: None, failure: None } }
}

/// A server that is installed, stopped, and may have two backups.
struct House {
    world: World,
    node: FakeNode,
    server: ServerId,
}

impl House {
    async fn new() -> Self {
        let world = World::new().await;
        let node = world.connected_node("attic").await;
        let (server, install) = world.server(node.id).await;
        node.say(server, ended(install));
        let seq = node.saw(server, Observed::Offline);
        node.acknowledged(seq).await;
        let house = Self { world, node, server };
        house.may_have(2).await;
        house
    }

    async fn may_have(&self, backups: u32) {
        let limits = Limits { backups, ..Limits::default() };
        self.world.app.update_limits(&self.world.admin, self.server, limits).await.unwrap();
    }

    /// The node has it, and says so.
    async fn has(&self, backup: &Backup) {
        self.node.shelf().all.lock().unwrap().insert((self.server, backup.id), backup.clone());
        self.told(backup).await;
    }

    async fn told(&self, backup: &Backup) {
        let seq = self.node.say(self.server, Event::Backup { backup: Box::new(backup.clone()) });
        self.node.acknowledged(seq).await;
    }

    fn refuses(&self, code: RefusalCode) {
        *self.node.shelf().refuses.lock().unwrap() = Some(code);
    }

    async fn seen(&self) -> BackupsView {
        self.world.app.list_backups(&self.world.admin, self.server).await.unwrap()
    }

    async fn items(&self) -> Vec<Backup> {
        self.seen().await.items
    }

    async fn make(&self, name: &str) -> Result<Backup, Code> {
        let made = self.world.app.create_backup(&self.world.admin, self.server, input(name)).await;
        made.map_err(|error| error.code())
    }

    async fn restore(&self, id: BackupId) -> Result<OperationId, Code> {
        let accepted = self.world.app.restore_backup(&self.world.admin, self.server, id).await;
        accepted.map(|accepted| accepted.operation_id).map_err(|error| error.code())
    }

    async fn delete(&self, id: BackupId) -> Result<(), Code> {
        let deleted = self.world.app.delete_backup(&self.world.admin, self.server, id).await;
        deleted.map_err(|error| error.code())
    }

    /// The latest lines of the server's log, newest first, each with the name that it says.
    async fn log(&self, lines: usize) -> Vec<(String, String)> {
        let page = PageQuery::default();
        let log = self.world.app.server_activity(&self.world.admin, self.server, page).await.unwrap();
        let line = |one: &gantry_app::views::AuditView| {
            (one.action.clone(), one.after["name"].as_str().unwrap_or_default().to_owned())
        };
        log.items.iter().take(lines).map(line).collect()
    }
}

fn lines(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(action, name)| ((*action).to_owned(), (*name).to_owned())).collect()
}

#[tokio::test]
async fn a_backup_is_begun_by_its_node_and_told_until_it_is_ready() {
    let house = House::new().await;
    let mut feed = house.world.app.live(&house.world.admin).await.unwrap();
    feed.subscribe([Topic::Server(house.server)]).unwrap();
    let made = house.make(" Before the update ").await.unwrap();
    assert_eq!((made.name.as_str(), made.state), ("Before the update", BackupState::Running));
    assert_eq!(house.items().await, std::slice::from_ref(&made));
    assert_eq!(house.seen().await.refusal.unwrap(), "Another backup is being made.");
    let told = LiveFrame::Backups { server_id: house.server };
    soon(async { while feed.next().await.unwrap() != told {} }).await;
    let done = Backup { revision: 2, state: BackupState::Ready, archive_bytes: 7, ..made.clone() };
    house.told(&done).await;
    soon(async { while feed.next().await.unwrap() != told {} }).await;
    assert_eq!(house.items().await, std::slice::from_ref(&done));
    // What was told before it comes late.
    house.told(&made).await;
    assert_eq!(house.items().await, [done]);
    assert_eq!(house.log(1).await, lines(&[("backup.create", "Before the update")]));
    let seen = house.seen().await;
    assert_eq!((seen.limit, seen.refusal), (2, None));
    house.world.end().await;
}

#[tokio::test]
async fn a_request_that_comes_again_makes_one_backup() {
    let house = House::new().await;
    let again = || house.world.admin.clone().with_idempotency_key("key-1", [1; 32]).unwrap();
    let make = async |ctx: OpCtx| house.world.app.create_backup(&ctx, house.server, input("Once")).await;
    let first = make(again()).await.unwrap();
    assert_eq!(make(again()).await.unwrap(), first);
    let other = house.world.admin.clone().with_idempotency_key("key-1", [2; 32]).unwrap();
    assert_eq!(make(other).await.unwrap_err().code(), Code::IdempotencyMismatch);
    // The control plane fell over before it kept its answer.
    for is_heard_of in [true, false] {
        let mut tx = house.world.database.db.as_system().await.unwrap();
        tx.sweep_idempotency(chrono::Utc::now() + chrono::TimeDelta::hours(1)).await.unwrap();
        if !is_heard_of {
            tx.forget_backup(house.node.id, house.server, first.id).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(make(again()).await.unwrap(), first, "{is_heard_of}");
    }
    assert_eq!(house.node.shelf().all.lock().unwrap().len(), 1);
    house.world.end().await;
}

#[tokio::test]
async fn what_the_node_refuses_is_not_in_the_list_and_stands_in_the_log() {
    let house = House::new().await;
    for (said, code) in [
        (RefusalCode::TooManyBackups, Code::TooManyBackups),
        (RefusalCode::BackupInUse, Code::BackupInUse),
        (RefusalCode::DiskFull, Code::DiskFull),
    ] {
        house.refuses(said);
        assert_eq!(house.make("In vain").await.unwrap_err(), code);
    }
    assert!(house.items().await.is_empty());
    let refused = [("backup.refused", "In vain"), ("backup.create", "In vain")];
    assert_eq!(house.log(2).await, lines(&refused));
    house.world.end().await;
}

#[tokio::test]
async fn why_none_can_be_made_is_said_beforehand_in_the_words_that_refuse() {
    let mut house = House::new().await;
    let world = &house.world;
    let refused = async |code: Code, words: &str| {
        let error = world.app.create_backup(&world.admin, house.server, input("x")).await.unwrap_err();
        assert_eq!((error.code(), error.detail().as_str()), (code, words));
        assert_eq!(house.seen().await.refusal.as_deref(), Some(words));
    };
    house.may_have(0).await;
    refused(Code::TooManyBackups, "The server's limits allow no backups.").await;
    house.may_have(1).await;
    house.has(&ready()).await;
    refused(Code::TooManyBackups, "1 of 1 backups are there; delete one to make room.").await;
    house.may_have(2).await;
    let hold = HoldInput { reason: "unpaid".to_owned() };
    world.app.hold_server(&world.admin, house.server, hold).await.unwrap();
    refused(Code::ServerHeld, "The server is suspended: unpaid.").await;
    world.app.release_server(&world.admin, house.server).await.unwrap();
    let restoring = house.restore(house.items().await[0].id).await.unwrap();
    refused(Code::OperationInProgress, "A backup is being restored.").await;
    world.app.cancel_operation(&world.admin, restoring).await.unwrap();
    assert_eq!(house.seen().await.refusal, None);
    world.app.revoke_node(&world.admin, house.node.id).await.unwrap();
    house.node.disconnected().await;
    let seen = world.app.list_backups(&world.admin, house.server).await.unwrap();
    assert_eq!(seen.refusal.unwrap(), "The node is not connected, and backups are made there.");
    assert_eq!(seen.items.len(), 1, "they are seen while the node is away");
    house.world.end().await;
}

#[tokio::test]
async fn a_node_that_lies_gets_nothing() {
    let house = House::new().await;
    let other = house.world.connected_node("cellar").await;
    let mine = ready();
    house.has(&mine).await;
    let say = async |node: &FakeNode, backup: Backup| {
        let seq = node.say(house.server, Event::Backup { backup: Box::new(backup) });
        node.acknowledged(seq).await;
    };
    say(&other, Backup { revision: 9, name: "theirs".to_owned(), ..mine.clone() }).await;
    say(&other, Backup { revision: 9, state: BackupState::Deleted, ..mine.clone() }).await;
    say(&other, ready()).await;
    say(&house.node, Backup { reason: Some("x".repeat(20_000)), ..ready() }).await;
    say(&house.node, Backup { name: "zero \0".to_owned(), ..ready() }).await;
    say(&house.node, Backup { created_at: chrono::DateTime::<chrono::Utc>::MAX_UTC, ..ready() }).await;
    assert_eq!(house.items().await, std::slice::from_ref(&mine));
    say(&house.node, Backup { revision: 2, state: BackupState::Deleted, ..mine }).await;
    assert!(house.items().await.is_empty());
    house.world.end().await;
}

#[tokio::test]
async fn a_node_that_comes_back_is_asked_which_it_has() {
    let mut house = House::new().await;
    let (other, _) = house.world.server(house.world.connected_node("cellar").await.id).await;
    let (kept, lost) = (ready(), ready());
    house.has(&kept).await;
    house.told(&lost).await;
    // It made one and changed one, and the database that was told of it is no more.
    let (changed, unheard) = (Backup { revision: 2, locked: true, ..kept }, ready());
    for (server, backup) in [(house.server, &changed), (house.server, &unheard), (other, &ready())] {
        house.node.shelf().all.lock().unwrap().insert((server, backup.id), backup.clone());
    }
    let mut feed = house.world.app.live(&house.world.admin).await.unwrap();
    feed.subscribe([Topic::Server(house.server)]).unwrap();
    house.node.connect(&house.world.app).await;
    let told = LiveFrame::Backups { server_id: house.server };
    soon(async {
        while house.items().await.len() != 2 || house.items().await.contains(&lost) {
            while feed.next().await.unwrap() != told {}
        }
    })
    .await;
    let items = house.items().await;
    assert!(items.contains(&changed) && items.contains(&unheard));
    let theirs = house.world.app.list_backups(&house.world.admin, other).await.unwrap();
    assert!(theirs.items.is_empty(), "a node has none of another's servers");
    house.world.end().await;
}

#[tokio::test]
async fn a_backup_is_named_and_locked_and_deleted() {
    let house = House::new().await;
    let kept = ready();
    house.has(&kept).await;
    let (app, admin) = (&house.world.app, &house.world.admin);
    let change = async |name: Option<&str>, locked| {
        let update = BackupUpdate { name: name.map(str::to_owned), locked };
        app.update_backup(admin, house.server, kept.id, update).await
    };
    let named = change(Some("Keep"), Some(true)).await.unwrap();
    assert_eq!((named.name.as_str(), named.locked, named.revision), ("Keep", true, 2));
    assert_eq!(house.items().await, std::slice::from_ref(&named));
    assert_eq!(change(None, None).await.unwrap(), named, "nothing was asked for");
    assert_eq!(change(Some("two\nlines"), None).await.unwrap_err().fields()[0].key, "name");
    house.refuses(RefusalCode::BackupInUse);
    assert_eq!(house.delete(kept.id).await, Err(Code::BackupInUse));
    assert_eq!(house.items().await, [named]);
    *house.node.shelf().refuses.lock().unwrap() = None;
    house.delete(kept.id).await.unwrap();
    assert!(house.items().await.is_empty());
    assert_eq!(house.delete(kept.id).await, Err(Code::NotFound));
    let told = [
        ("backup.delete", "Keep"),
        ("backup.refused", "Keep"),
        ("backup.delete", "Keep"),
        ("backup.update", "Keep"),
    ];
    assert_eq!(house.log(4).await, lines(&told));
    house.world.end().await;
}

#[tokio::test]
async fn one_that_the_node_no_longer_has_says_so_and_can_be_taken_from_the_list() {
    let house = House::new().await;
    let gone = ready();
    house.told(&gone).await;
    let (app, admin) = (&house.world.app, &house.world.admin);
    let update = BackupUpdate { name: None, locked: Some(true) };
    let refused = app.update_backup(admin, house.server, gone.id, update).await.unwrap_err();
    let words = "The node no longer has this backup. Delete it to take it from the list.";
    assert_eq!((refused.code(), refused.detail().as_str()), (Code::NotFound, words));
    let refused = app.download_backup(admin, house.server, gone.id).await.err().unwrap();
    assert_eq!((refused.code(), refused.detail().as_str()), (Code::NotFound, words));
    house.delete(gone.id).await.unwrap();
    assert!(house.items().await.is_empty());
    house.world.end().await;
}

#[tokio::test]
async fn one_that_is_called_off_leaves_the_list_when_the_node_says_so() {
    let house = House::new().await;
    let made = house.make("Called off").await.unwrap();
    house.delete(made.id).await.unwrap();
    assert_eq!(house.items().await.len(), 1);
    house.told(&Backup { revision: 2, state: BackupState::Deleted, ..made }).await;
    assert!(house.items().await.is_empty());
    house.world.end().await;
}

#[tokio::test]
async fn a_restore_goes_down_with_its_backup_and_changes_nothing_of_what_is_wanted() {
    let house = House::new().await;
    let kept = Backup { name: "Good days".to_owned(), ..ready() };
    house.has(&kept).await;
    let ctx = house.world.admin.clone().with_idempotency_key("key-1", [1; 32]).unwrap();
    let (app, admin) = (&house.world.app, &house.world.admin);
    let accepted = app.restore_backup(&ctx, house.server, kept.id).await.unwrap();
    let again = app.restore_backup(&ctx, house.server, kept.id).await.unwrap();
    assert_eq!(again, accepted);
    let id = Some(accepted.operation_id);
    let is_asked = |sent: &DesiredServer| sent.operation.as_ref().map(|asked| asked.id) == id;
    let sent = house.node.sent(house.server, is_asked).await;
    let asked = sent.operation.unwrap();
    assert_eq!((asked.kind, asked.backup), (OperationKind::Restore, Some(kept.id)));
    assert_eq!(sent.desired, Desired::Stopped);
    assert_eq!(house.log(1).await, lines(&[("backup.restore", "Good days")]));
    assert_eq!(house.restore(kept.id).await, Err(Code::OperationInProgress));
    let cancelled = app.cancel_operation(admin, accepted.operation_id).await.unwrap();
    assert_eq!(cancelled.state, OperationState::Cancelled);
    house.node.sent(house.server, |sent| sent.operation.is_none()).await;
    house.world.end().await;
}

#[tokio::test]
async fn only_a_backup_of_that_very_server_that_is_ready_is_restored() {
    let house = House::new().await;
    let (other, _) = house.world.server(house.node.id).await;
    let foreign = ready();
    let seq = house.node.say(other, Event::Backup { backup: Box::new(foreign.clone()) });
    house.node.acknowledged(seq).await;
    assert_eq!(house.restore(foreign.id).await, Err(Code::NotFound));
    assert_eq!(house.delete(foreign.id).await, Err(Code::NotFound));
    let app = &house.world.app;
    let download = app.download_backup(&house.world.admin, house.server, foreign.id).await;
    assert_eq!(download.err().unwrap().code(), Code::NotFound);
    for (state, code) in [(BackupState::Running, Code::BackupInUse), (BackupState::Failed, Code::Conflict)] {
        let unfinished = backup(BackupId::new(Uuid::now_v7()), state);
        house.has(&unfinished).await;
        assert_eq!(house.restore(unfinished.id).await, Err(code));
    }
    assert!(app.server(&house.world.admin, house.server).await.unwrap().operation.is_none());
    house.world.end().await;
}

#[tokio::test]
async fn a_download_has_all_bytes_and_stands_in_the_log() {
    let house = House::new().await;
    let kept = ready();
    house.has(&kept).await;
    let app = &house.world.app;
    let fetched = app.download_backup(&house.world.admin, house.server, kept.id).await.unwrap();
    assert!(fetched.name.starts_with("Skyblock-20") && fetched.name.ends_with(".tar.zst"));
    assert_eq!(fetched.bytes, Some(ARCHIVE.len() as u64));
    let bytes: Vec<_> = soon(fetched.content.try_collect()).await.unwrap();
    assert_eq!(bytes.concat(), ARCHIVE.as_bytes());
    assert_eq!(house.log(1).await, lines(&[("backup.download", "Backup")]));
    house.world.end().await;
}

#[tokio::test]
async fn a_member_does_with_backups_what_the_rights_say_and_nothing_else() {
    use Permission::{BackupsCreate, BackupsRead, ServerRead};
    let house = House::new().await;
    let (app, server) = (&house.world.app, house.server);
    let grace = house.world.person("grace").await;
    house.world.invite(server, &grace, &[ServerRead, BackupsRead, BackupsCreate]).await;
    let made = app.create_backup(&grace, server, input("Mine")).await.unwrap();
    assert_eq!(app.list_backups(&grace, server).await.unwrap().items.len(), 1);
    let update = BackupUpdate { name: None, locked: Some(true) };
    let refused = [
        app.update_backup(&grace, server, made.id, update).await.err(),
        app.delete_backup(&grace, server, made.id).await.err(),
        app.restore_backup(&grace, server, made.id).await.err(),
        app.download_backup(&grace, server, made.id).await.err(),
    ];
    let refused = refused.map(|error| error.map(|error| error.code()));
    assert_eq!(refused, [Some(Code::Forbidden); 4]);
    house.world.expel(server, &grace).await;
    assert_eq!(app.list_backups(&grace, server).await.unwrap_err().code(), Code::NotFound);
    house.world.end().await;
}

#[tokio::test]
async fn a_step_of_a_schedule_makes_backups_for_who_may_where_there_may_be_any() {
    use Permission::{BackupsCreate, SchedulesCreate, SchedulesRead, ServerRead};
    let house = House::new().await;
    let (app, server) = (&house.world.app, house.server);
    let grace = house.world.person("grace").await;
    house.world.invite(server, &grace, &[ServerRead, SchedulesRead, SchedulesCreate]).await;
    let nightly = || ScheduleInput {
        name: "Nightly".to_owned(),
        cron: "0 4 * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        enabled: true,
        when: Availability::Always,
        steps: vec![StepInput::Backup { go_on: false }],
    };
    let refused = app.create_schedule(&grace, server, nightly()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Forbidden);
    assert!(refused.detail().contains(BackupsCreate.as_str()), "{}", refused.detail());
    house.may_have(0).await;
    let refused = app.create_schedule(&house.world.admin, server, nightly()).await.unwrap_err();
    let told: Vec<_> =
        refused.fields().iter().map(|field| (field.key.as_str(), field.message.as_str())).collect();
    assert_eq!(told, [("steps.0", "The server's limits allow no backups.")]);
    house.may_have(1).await;
    app.create_schedule(&house.world.admin, server, nightly()).await.unwrap();
    let sent = house.node.sent(server, |sent| !sent.schedules.is_empty()).await;
    assert_eq!(sent.schedules[0].steps[0].deed, gantry_types::schedule::Deed::Backup);
    assert_eq!(sent.limits.backups, 1);
    house.world.end().await;
}
