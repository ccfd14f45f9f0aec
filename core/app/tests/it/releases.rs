//! A release that a node could not plan with is given up, and what was moved to it goes back and starts again.

use crate::{
    fixture::{DIGEST, World, local, release},
    node::FakeNode,
    shelf::backup,
};
use gantry_app::inputs::PowerInput;
use gantry_auth::rights;
use gantry_domain::audit::AuditEntry;
use gantry_protocol::{Event, OperationReport};
use gantry_store::{plugins::NewRelease, server_changes::Move};
use gantry_types::{
    BackupId, OperationId, PluginId, ServerId,
    backup::BackupState,
    operation::{OperationFailure, OperationKind, OperationState},
    server::{Observed, PowerAction},
};

const LATER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn ended(id: OperationId, failure: Option<OperationFailure>) -> Event {
    let state = if failure.is_some() { OperationState::Failed } else { OperationState::Succeeded };
    Event::Operation { operation: OperationReport { id, state, progress: None, failure } }
}

fn failure(code: &str, call: Option<&str>) -> OperationFailure {
    OperationFailure {
        code: code.to_owned(),
        message: "it crashed (unreachable); its log may say why".to_owned(),
        remedy: None,
        call: call.map(str::to_owned),
        step: None,
        log_tail: Vec::new(),
    }
}

struct House {
    world: World,
    node: FakeNode,
    server: ServerId,
    plugin: PluginId,
}

impl House {
    /// A server that was installed with the first release and is moved to the second, which is current.
    async fn new() -> Self {
        let world = World::new().await;
        let node = world.connected_node("attic").await;
        let (server, install) = world.server(node.id).await;
        node.say(server, ended(install, None));
        let seq = node.saw(server, Observed::Offline);
        node.acknowledged(seq).await;
        let later = NewRelease {
            digest: LATER.to_owned(),
            version: "1.1.0".to_owned(),
            component: b"another".to_vec(),
            ..release()
        };
        let mut tx = world.database.db.as_system().await.unwrap();
        let entry = AuditEntry::new("plugin.install", "plugin", "sample", local());
        let plugin = tx.install_bundled(&later, entry).await.unwrap().plugin_id;
        tx.commit().await.unwrap();
        let house = Self { world, node, server, plugin };
        house.moves().await;
        house
    }

    async fn moves(&self) {
        let Self { world, server, .. } = self;
        let mut tx = world.database.db.as_user(&world.admin.actor).await.unwrap();
        let access = tx.server_access(&world.admin.actor, *server).await.unwrap();
        let grant = access.grant::<rights::ServerReinstall>().unwrap();
        let blueprint = tx.pinned_blueprint(LATER, "game").await.unwrap();
        let to = Move {
            blueprint: &blueprint,
            endpoints: &[],
            more_endpoints: &[],
            values: &[],
            facts: None,
            settled: !blueprint.unproved,
        };
        tx.move_to_release(&grant, &to, AuditEntry::server("server.move", *server, local())).await.unwrap();
        tx.commit().await.unwrap();
        self.node.sent(*server, |sent| sent.blueprint.digest == LATER).await;
    }

    async fn start(&self) -> OperationId {
        let input = PowerInput { action: PowerAction::Start };
        self.world.app.power_server(&self.world.admin, self.server, input).await.unwrap().operation_id
    }

    async fn ends(&self, id: OperationId, failure: Option<OperationFailure>) {
        let seq = self.node.say(self.server, ended(id, failure));
        self.node.acknowledged(seq).await;
    }

    async fn versions(&self) -> (String, String) {
        let (app, admin) = (&self.world.app, &self.world.admin);
        let plugin = app.plugin(admin, self.plugin).await.unwrap();
        (plugin.version, app.server(admin, self.server).await.unwrap().blueprint.plugin_version)
    }
}

fn at(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[tokio::test]
async fn a_first_plan_that_fails_takes_plugin_and_server_back_and_starts_it_again() {
    let house = House::new().await;
    let start = house.start().await;
    house.ends(start, Some(failure("plugin_failed", Some("plans.run")))).await;
    assert_eq!(house.versions().await, at("1.0.0", "1.0.0"));
    let again = house.node.sent(house.server, |sent| sent.blueprint.digest == DIGEST).await;
    let operation = again.operation.expect("it is started again");
    assert_eq!((operation.kind, operation.id == start), (OperationKind::Start, false));
    let (app, admin) = (&house.world.app, &house.world.admin);
    assert_eq!(app.operation(admin, operation.id).await.unwrap().requested_by, None, "by the system");
    let given_up = app.plugin(admin, house.plugin).await.unwrap().given_up.unwrap();
    assert_eq!(
        (given_up.version.as_str(), given_up.failure.call.as_str(), given_up.failure.server_id),
        ("1.1.0", "plans.run", Some(house.server))
    );
    // The folder that brought it is looked at again at the next start, and changes nothing.
    let mut tx = house.world.database.db.as_system().await.unwrap();
    let later = NewRelease { digest: LATER.to_owned(), version: "1.1.0".to_owned(), ..release() };
    let entry = AuditEntry::new("plugin.install", "plugin", "sample", local());
    assert!(!tx.install_bundled(&later, entry).await.unwrap().changed);
    drop(tx);
    house.world.end().await;
}

#[tokio::test]
async fn a_release_that_planned_once_is_not_given_up_by_a_later_failure() {
    let house = House::new().await;
    let start = house.start().await;
    house.ends(start, None).await;
    let seq = house.node.saw(house.server, Observed::Offline);
    house.node.acknowledged(seq).await;
    let start = house.start().await;
    house.ends(start, Some(failure("plugin_failed", Some("plans.run")))).await;
    assert_eq!(house.versions().await, at("1.1.0", "1.1.0"));
    let (app, admin) = (&house.world.app, &house.world.admin);
    let seen = app.plugin_failures(admin, house.plugin).await.unwrap().items;
    assert_eq!((seen.len(), seen[0].failure.node_name.as_deref()), (1, Some("attic")));
    house.world.end().await;
}

#[tokio::test]
async fn what_is_no_plugins_fault_gives_nothing_up() {
    let house = House::new().await;
    let start = house.start().await;
    house.ends(start, Some(failure("image_failed", None))).await;
    assert_eq!(house.versions().await, at("1.1.0", "1.1.0"));
    let (app, admin) = (&house.world.app, &house.world.admin);
    assert!(app.plugin_failures(admin, house.plugin).await.unwrap().items.is_empty());
    house.world.end().await;
}

#[tokio::test]
async fn a_refusal_of_what_ran_before_by_the_same_settings_is_a_failure() {
    let house = House::new().await;
    let start = house.start().await;
    house.ends(start, Some(failure("no_such_map", Some("plans.run")))).await;
    assert_eq!(house.versions().await, at("1.0.0", "1.0.0"));
    house.world.end().await;
}

#[tokio::test]
async fn an_operation_from_before_the_move_says_nothing_of_the_release() {
    let house = House::new().await;
    let start = house.start().await;
    house.moves_again_from_before(start).await;
    assert_eq!(house.versions().await, at("1.1.0", "1.1.0"));
    house.world.end().await;
}

#[tokio::test]
async fn a_restore_proves_no_release_and_gives_none_up() {
    let house = House::new().await;
    let kept = backup(BackupId::new(uuid::Uuid::now_v7()), BackupState::Ready);
    let seq = house.node.say(house.server, Event::Backup { backup: Box::new(kept.clone()) });
    house.node.acknowledged(seq).await;
    let (app, admin) = (&house.world.app, &house.world.admin);
    for failure in [None, Some(failure("plugin_failed", Some("plans.run")))] {
        let restore = app.restore_backup(admin, house.server, kept.id).await.unwrap();
        house.ends(restore.operation_id, failure).await;
        assert_eq!(house.versions().await, at("1.1.0", "1.1.0"));
    }
    let start = house.start().await;
    house.ends(start, Some(failure("plugin_failed", Some("plans.run")))).await;
    assert_eq!(house.versions().await, at("1.0.0", "1.0.0"), "its first plan is still the first");
    house.world.end().await;
}

impl House {
    /// The server is moved while the node has not ended what was asked for at the release before.
    async fn moves_again_from_before(&self, start: OperationId) {
        self.moves().await;
        self.ends(start, Some(failure("plugin_failed", Some("plans.run")))).await;
    }
}

#[tokio::test]
async fn a_fault_is_told_of_the_release_that_ran_and_not_of_the_one_that_its_server_moved_to() {
    let house = House::new().await;
    let fault = |digest: Option<&str>| Event::PluginFault {
        plugin: "sample".to_owned(),
        digest: digest.map(str::to_owned),
        call: "collector.collect".to_owned(),
        code: "plugin_failed".to_owned(),
        message: "it crashed".to_owned(),
    };
    let foreign = "c".repeat(64);
    for digest in [Some(DIGEST), None, Some(foreign.as_str())] {
        let seq = house.node.say(house.server, fault(digest));
        house.node.acknowledged(seq).await;
    }
    let told = house.world.app.plugin_failures(&house.world.admin, house.plugin).await.unwrap();
    let mut of: Vec<_> = told.items.iter().map(|one| (one.version.as_str(), one.times)).collect();
    of.sort_unstable();
    assert_eq!(of, [("1.0.0", 1), ("1.1.0", 1)], "a daemon that tells no digest means what the server has");
    house.world.end().await;
}
