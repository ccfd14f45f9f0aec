//! A control plane that runs on a database of its own, and the people and things in it.

use crate::node::FakeNode;
use chrono::Utc;
use gantry_app::{App, AppOptions, Internet, OpCtx, Origin, inputs::*, views::*};
use gantry_domain::{
    Role,
    allocations::ServerEndpoint,
    audit::AuditEntry,
    plugins::{BlueprintKey, CapabilityRequest},
    variables::StoredValue,
};
use gantry_host::{Budgets, ChildProgram, Host, HostConfig, Wall};
use gantry_store::{plugins::NewRelease, server_changes::NewServer, testing::TestDatabase};
use gantry_types::{
    NodeId, OperationId, ServerId,
    blueprint::{Audience, Blueprint, CommandDoor, TextRule, Variable, VariableKind},
    permission::Permission,
    server::{Desired, Setting},
    units::Limits,
};
use secrecy::SecretString;
use std::{future::Future, time::Duration};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const DIGEST: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) admin: OpCtx,
    pub(crate) database: TestDatabase,
    cancel: CancellationToken,
    running: JoinHandle<()>,
    _cache: tempfile::TempDir,
}

pub(crate) fn local() -> Origin {
    Origin { request_id: None, ip: Some([127, 0, 0, 1].into()), user_agent: None }
}

pub(crate) fn setup_input() -> SetupInput {
    SetupInput {
        name: "Ada".to_owned(),
        email: "ada@example.org".to_owned(),
        password: SecretString::from(PASSWORD),
        token: None,
    }
}

/// Waits for what has to happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

pub(crate) fn app(database: &TestDatabase) -> (App, tempfile::TempDir) {
    let cache = tempfile::tempdir().unwrap();
    // Nothing is compiled here: servers are put into the database, not asked of a plugin.
    let compiler = ChildProgram { program: "/nonexistent".into(), args: Vec::new() };
    let config = HostConfig {
        cache_dir: cache.path().to_owned(),
        cache_key: [7; 32],
        compiler,
        budgets: Budgets::default(),
        wall: Wall::None,
    };
    let app = App::new(AppOptions {
        db: database.db.clone(),
        host: Host::new(config).unwrap(),
        internet: Internet::open(None),
        public_url: "http://localhost:7080/".to_owned(),
        hashing_threads: 1,
    });
    (app.unwrap(), cache)
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (app, cache) = app(&database);
        let signed_in = app.setup(&local(), setup_input()).await.unwrap();
        let admin = app.authenticate(&signed_in.token, &local()).await.unwrap().ctx;
        let cancel = CancellationToken::new();
        let (runs, token) = (app.clone(), cancel.clone());
        let running = tokio::spawn(async move { runs.run(token).await });
        soon(async {
            while app.ready().await.is_err() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Self { app, admin, database, cancel, running, _cache: cache }
    }

    /// Ends the standing work and waits for it.
    pub(crate) async fn end(self) {
        self.cancel.cancel();
        soon(self.running).await.unwrap();
    }

    /// Somebody with an account, signed in.
    pub(crate) async fn person(&self, name: &str) -> OpCtx {
        let email = format!("{name}@example.org");
        let input = UserInput {
            name: name.to_owned(),
            email: email.clone(),
            password: PASSWORD.into(),
            role: Role::User,
        };
        self.app.create_user(&self.admin, input).await.unwrap();
        let signed_in =
            self.app.sign_in(&local(), SignInInput { email, password: PASSWORD.into() }).await.unwrap();
        self.app.authenticate(&signed_in.token, &local()).await.unwrap().ctx
    }

    pub(crate) async fn node(&self, name: &str) -> NodeView {
        let location = LocationInput { name: name.to_owned(), description: String::new() };
        let location_id = self.app.create_location(&self.admin, location).await.unwrap().id;
        let input = NodeInput {
            name: name.to_owned(),
            description: String::new(),
            location_id,
            memory_mib: 0,
            cpu_percent: 0,
            disk_mib: 0,
        };
        let node = self.app.create_node(&self.admin, input).await.unwrap();
        let ports = AllocationsInput { address: "127.0.0.1".to_owned(), ports: "30000-30003".to_owned() };
        self.app.create_allocations(&self.admin, node.id, ports).await.unwrap();
        node
    }

    /// A node whose daemon enrolled and is connected.
    pub(crate) async fn connected_node(&self, name: &str) -> FakeNode {
        let node = self.node(name).await;
        let mut fake = FakeNode::enroll(self, node.id).await;
        fake.connect(&self.app).await;
        fake
    }

    /// A server of the administrator's, as creation leaves it in the database.
    pub(crate) async fn server(&self, node: NodeId) -> (ServerId, OperationId) {
        let mut tx = self.database.db.as_system().await.unwrap();
        tx.install_bundled(&release(), AuditEntry::new("plugin.install", "plugin", "sample", local()))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = self.database.db.as_user(&self.admin.actor).await.unwrap();
        let grant = self.admin.actor.create_server(self.admin.actor.user_id).unwrap();
        let key = BlueprintKey { plugin: "sample".to_owned(), blueprint: "game".to_owned() };
        let offered = tx.blueprint(&key).await.unwrap();
        let (id, operation) =
            (ServerId::new(gantry_store::new_uuid()), OperationId::new(gantry_store::new_uuid()));
        let server = NewServer {
            id,
            name: "Skyblock".to_owned(),
            description: String::new(),
            node_id: node,
            blueprint: &offered,
            limits: Limits::default(),
            time_zone: "UTC".to_owned(),
            endpoints: Vec::<ServerEndpoint>::new(),
            desired: Desired::Stopped,
            values: vec![StoredValue {
                key: "password".to_owned(),
                value: "open sesame".to_owned(),
                secret: true,
            }],
            facts: vec![Setting { key: "version".to_owned(), value: "1.21".to_owned() }],
        };
        tx.create_server(&grant, &server, AuditEntry::server("server.create", id, local())).await.unwrap();
        tx.request_install(&grant, id, operation, Utc::now()).await.unwrap();
        tx.commit().await.unwrap();
        (id, operation)
    }

    pub(crate) async fn invite(&self, server: ServerId, who: &OpCtx, permissions: &[Permission]) {
        let email = format!("{}@example.org", who.actor.name);
        let input = MemberInput { email, permissions: permissions.to_vec() };
        self.app.invite_member(&self.admin, server, input).await.unwrap();
    }

    pub(crate) async fn expel(&self, server: ServerId, who: &OpCtx) {
        self.app.remove_member(&self.admin, server, who.actor.user_id).await.unwrap();
    }
}

pub(crate) fn release() -> NewRelease {
    NewRelease {
        manifest_id: "sample".to_owned(),
        digest: DIGEST.to_owned(),
        name: "Sample".to_owned(),
        version: "1.0.0".to_owned(),
        manifest: serde_json::json!({}),
        requested: Vec::<CapabilityRequest>::new(),
        granted: Vec::new(),
        component: b"component".to_vec(),
        blueprints: vec![blueprint()],
        listening: None,
        bundled: true,
        origin: None,
    }
}

fn blueprint() -> Blueprint {
    let rule = TextRule { min_length: 0, max_length: 64, pattern: None, pattern_help: None };
    Blueprint {
        id: "game".to_owned(),
        name: "Game".to_owned(),
        summary: String::new(),
        documentation: String::new(),
        tags: Vec::new(),
        icon: String::new(),
        variables: vec![Variable {
            key: "password".to_owned(),
            label: "Password".to_owned(),
            help: String::new(),
            group: String::new(),
            kind: VariableKind::Secret(rule),
            default_value: None,
            required: false,
            viewable: Audience::Members,
            editable: Audience::Owners,
            needs_reinstall: false,
            needs_restart: true,
        }],
        endpoints: Vec::new(),
        least: Limits::default(),
        recommended: Limits::default(),
        collect_every_ms: None,
        commands: CommandDoor::Console,
        protected_files: Vec::new(),
    }
}
