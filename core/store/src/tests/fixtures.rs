//! A small world: an administrator, two people, a node with addresses, a game.

use crate::{
    StoreError, new_uuid, nodes::NewNode, plugins::NewRelease, server_changes::NewServer,
    testing::TestDatabase, users::NewUser,
};
use chrono::{DateTime, Utc};
use gantry_auth::{Actor, Purpose, ServerGrant, ServerRight, Token};
use gantry_domain::{
    Role, allocations,
    audit::{AuditEntry, Origin},
    nodes::Capacity,
    page::PageRequest,
    plugins::OfferedBlueprint,
    sessions::{self, Session},
    users::Email,
    variables::StoredValue,
};
use gantry_types::{
    LocationId, NodeId, OperationId, ServerId, SessionId, UserId,
    blueprint::{Blueprint, CommandDoor, EndpointNeed},
    server::{Desired, Protocol},
    units::Limits,
};
use std::collections::BTreeMap;

pub(super) struct World {
    pub(super) test: TestDatabase,
    pub(super) admin: Actor,
    pub(super) ada: Actor,
    pub(super) bob: Actor,
    pub(super) location: LocationId,
    pub(super) node: NodeId,
    pub(super) game: OfferedBlueprint,
}

pub(super) fn entry(action: &'static str) -> AuditEntry {
    AuditEntry::new(action, "test", "1", Origin::default())
}

pub(super) fn now() -> DateTime<Utc> {
    // PostgreSQL keeps microseconds.
    DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).unwrap()
}

pub(super) fn first_page() -> PageRequest {
    PageRequest::default()
}

pub(super) const LIMITS: Limits =
    Limits { memory_mib: 512, swap_mib: 0, cpu_percent: 100, disk_mib: 1000, pids: 100, backups: 3 };

fn blueprint() -> Blueprint {
    Blueprint {
        id: "arena".to_owned(),
        name: "Arena".to_owned(),
        summary: String::new(),
        documentation: String::new(),
        tags: Vec::new(),
        icon: String::new(),
        variables: Vec::new(),
        endpoints: vec![EndpointNeed {
            name: "game".to_owned(),
            protocol: Protocol::Udp,
            help: String::new(),
            default_port: None,
            required: true,
            relative_to: None,
        }],
        least: Limits::default(),
        recommended: LIMITS,
        collect_every_ms: Some(5000),
        commands: CommandDoor::Console,
        protected_files: Vec::new(),
    }
}

pub(super) fn release(digest: char) -> NewRelease {
    NewRelease {
        manifest_id: "test.arena".to_owned(),
        digest: digest.to_string().repeat(64),
        name: "Arena".to_owned(),
        version: "1.0.0".to_owned(),
        manifest: serde_json::json!({ "id": "test.arena" }),
        requested: Vec::new(),
        granted: vec!["query".to_owned()],
        component: vec![1, 2, 3],
        blueprints: vec![blueprint()],
        listening: None,
        bundled: true,
        origin: None,
    }
}

fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        id: UserId::new(new_uuid()),
        name: name.to_owned(),
        email: Email::parse("email", &format!("{name}@example.org")).unwrap(),
        role,
        password_hash: "$argon2id$".to_owned(),
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::on(TestDatabase::new().await).await
    }

    pub(super) async fn on(test: TestDatabase) -> Self {
        let mut tx = test.db.as_system().await.unwrap();
        let root = new_user("root", Role::Admin);
        tx.create_first_user(&root, entry("setup")).await.unwrap();
        tx.install_bundled(&release('a'), entry("plugin.install")).await.unwrap();
        tx.commit().await.unwrap();
        let admin = sign_in(&test, &root).await;
        let ada = add_user(&test, &admin, "ada", Role::User).await;
        let bob = add_user(&test, &admin, "bob", Role::User).await;
        let (location, node) = (LocationId::new(new_uuid()), NodeId::new(new_uuid()));
        let mut tx = test.db.as_user(&admin).await.unwrap();
        let grant = admin.administrator().unwrap();
        tx.create_location(&grant, location, "Berlin", "", entry("location.create")).await.unwrap();
        let new = NewNode {
            id: node,
            location_id: location,
            name: "node-1".to_owned(),
            description: String::new(),
            capacity: Capacity { memory_mib: 4096, disk_mib: 0, cpu_percent: 0 },
        };
        tx.create_node(&grant, &new, entry("node.create")).await.unwrap();
        let ports = allocations::parse_ports("ports", "30000-30009").unwrap();
        tx.create_allocations(&grant, node, "203.0.113.7", &ports, entry("allocations.create"))
            .await
            .unwrap();
        let game = tx.blueprint(&"test.arena:arena".parse().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
        Self { test, admin, ada, bob, location, node, game }
    }

    /// A server of `owner`, with an installation asked for.
    pub(super) async fn server(&self, owner: &Actor, name: &str) -> ServerId {
        self.try_server(owner, name, &[]).await.unwrap().0
    }

    pub(super) async fn try_server(
        &self,
        owner: &Actor,
        name: &str,
        values: &[StoredValue],
    ) -> Result<(ServerId, OperationId), StoreError> {
        let mut tx = self.test.db.as_user(owner).await?;
        tx.lock_node(self.node).await?;
        let free = tx.free_allocations(self.node).await?;
        let endpoints = allocations::choose(&self.game.blueprint.endpoints, &free, &BTreeMap::new()).unwrap();
        let (id, operation) = (ServerId::new(new_uuid()), OperationId::new(new_uuid()));
        let server = NewServer {
            id,
            name: name.to_owned(),
            description: String::new(),
            node_id: self.node,
            blueprint: &self.game,
            limits: LIMITS,
            time_zone: "UTC".to_owned(),
            endpoints,
            desired: Desired::Running,
            values: values.to_vec(),
            facts: Vec::new(),
        };
        let grant = owner.create_server(owner.user_id).unwrap();
        let made = AuditEntry::server("server.create", id, Origin::default());
        tx.create_server(&grant, &server, made).await?;
        tx.request_install(&grant, id, operation, now()).await?;
        tx.commit().await?;
        Ok((id, operation))
    }

    pub(super) async fn grant<R: ServerRight>(&self, actor: &Actor, server: ServerId) -> ServerGrant<R> {
        let mut tx = self.test.db.as_user(actor).await.unwrap();
        tx.server_access(actor, server).await.unwrap().grant().unwrap()
    }
}

pub(super) async fn add_user(test: &TestDatabase, admin: &Actor, name: &str, role: Role) -> Actor {
    let user = new_user(name, role);
    let mut tx = test.db.as_system().await.unwrap().on_behalf(admin.user_id, &admin.name);
    tx.create_user(&admin.administrator().unwrap(), &user, entry("user.create")).await.unwrap();
    tx.commit().await.unwrap();
    sign_in(test, &user).await
}

async fn sign_in(test: &TestDatabase, user: &NewUser) -> Actor {
    let token = Token::generate(Purpose::Session).unwrap();
    let session = Session {
        id: SessionId::new(new_uuid()),
        user_id: user.id,
        created_at: now(),
        refreshed_at: now(),
        expires_at: now() + sessions::LIFETIME,
        address: None,
        user_agent: None,
    };
    let mut tx = test.db.as_system().await.unwrap();
    tx.create_session(&session, &token.hash()).await.unwrap();
    tx.commit().await.unwrap();
    test.db.session(&token.hash(), now()).await.unwrap().unwrap().actor()
}
