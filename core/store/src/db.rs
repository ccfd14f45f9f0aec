//! The way to the database: pools that have given up their login's rights, and the transactions that they begin.
//!
//! Each role has a pool of its own, because PostgreSQL plans a query with row security again whenever the role changes. What
//! nodes bring about has one apart: hundreds that come back together must not stand in the way of people who sign in.
//! Plans are made once for any parameters: planning the list of servers takes longer than running it.

use crate::{
    StoreError, error,
    secrets::{MasterKey, Vault},
    tx::{AsSystem, AsUser, SystemTx, Tx, UserTx},
};
use futures_util::future::try_join_all;
use gantry_auth::Actor;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Executor, PgConnection, Postgres, Row, Transaction,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};
use std::{str::FromStr, sync::Arc, time::Duration};

/// How to reach the database, and how much of it to use.
pub struct DbOptions {
    pub url: SecretString,
    /// Wraps all keys that seal secrets.
    pub master: MasterKey,
    /// Connections for people's requests.
    pub user_connections: u32,
    /// Connections for administrators' requests.
    pub administrator_connections: u32,
    /// Connections for jobs and signing in.
    pub system_connections: u32,
    /// Connections for what goes on between the control plane and its nodes.
    pub node_connections: u32,
    /// Connections of each pool that are open before the first request: opening one takes many times as long as a query, and
    /// after a restart everybody wants one at once.
    pub at_first: u32,
    /// How long to wait for a free connection.
    pub acquire_timeout: Duration,
}

impl DbOptions {
    /// Sizes that suit one control plane on a small machine.
    pub fn new(url: SecretString, master: MasterKey) -> Self {
        let acquire_timeout = Duration::from_secs(5);
        Self {
            url,
            master,
            user_connections: 16,
            administrator_connections: 8,
            system_connections: 8,
            node_connections: 4,
            at_first: 2,
            acquire_timeout,
        }
    }
}

/// How long the work of nodes waits for a free connection at least.
const NODES_PATIENCE: Duration = Duration::from_secs(30);

/// The database. Clones share the pools.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    people: PgPool,
    administrators: PgPool,
    system: PgPool,
    nodes: PgPool,
    listening: PgConnectOptions,
    vault: Arc<Vault>,
}

pub(crate) static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Brings the schema up to date with the login's own rights. Instances that start together wait for each other.
pub async fn migrate(url: &SecretString) -> Result<(), StoreError> {
    let mut connection = connect_options(url)?.connect().await?;
    MIGRATOR.run(&mut connection).await.map_err(StoreError::Migration)?;
    sqlx::Connection::close(connection).await?;
    Ok(())
}

fn connect_options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url.expose_secret())?;
    Ok(options.application_name("gantry").disable_statement_logging())
}

impl Db {
    /// Opens the pools and the keys. Fails when the schema is not there, or the master key is not the one that the keys
    /// were wrapped with.
    pub async fn connect(options: DbOptions) -> Result<Self, StoreError> {
        let base = connect_options(&options.url)?.options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "15s"),
            ("plan_cache_mode", "force_generic_plan"),
        ]);
        let pool = |role: Role, most: u32, patience: Duration| {
            PgPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(patience)
                .idle_timeout(Duration::from_secs(300))
                // Each connection is tested when it comes back; a second test would be a round trip for nothing.
                .test_before_acquire(false)
                .after_connect(move |connection, _| Box::pin(take_role(connection, role)))
                .after_release(move |connection, _| Box::pin(is_clean(connection)))
                .connect_lazy_with(base.clone())
        };
        let patience = options.acquire_timeout;
        let people = pool(Role::Person, options.user_connections, patience);
        let administrators = pool(Role::Administrator, options.administrator_connections, patience);
        let system = pool(Role::System, options.system_connections, patience);
        // Nobody looks at a page that waits for these, and who gave up would come again and wait anew.
        let nodes = pool(Role::System, options.node_connections, NODES_PATIENCE.max(patience));
        let vault = Vault::open(&system, options.master).await?;
        open(&[&people, &administrators, &system, &nodes], options.at_first).await?;
        let listening = connect_options(&options.url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                people,
                administrators,
                system,
                nodes,
                listening,
                vault: Arc::new(vault),
            }),
        })
    }

    /// Begins a transaction for a person. The transaction's first words say who it is.
    pub async fn as_user(&self, actor: &Actor) -> Result<UserTx, StoreError> {
        // An id is 36 characters of a closed alphabet by its type, which is why it may stand in the text. One message
        // with two statements costs one round trip.
        let id = actor.user_id.uuid().as_hyphenated().to_string();
        let begin = format!("BEGIN; SELECT set_config('app.user_id', '{id}', true)");
        let pool = if actor.is_administrator() { &self.inner.administrators } else { &self.inner.people };
        let tx = begun(pool, &begin).await?;
        Ok(Tx::new(tx, AsUser::of(actor), Arc::clone(&self.inner.vault)))
    }

    /// Begins a transaction for the system itself.
    pub async fn as_system(&self) -> Result<SystemTx, StoreError> {
        let tx = begun(&self.inner.system, "BEGIN").await?;
        Ok(Tx::new(tx, AsSystem::default(), Arc::clone(&self.inner.vault)))
    }

    /// The same, for what a node brings about.
    pub async fn as_system_for_nodes(&self) -> Result<SystemTx, StoreError> {
        let tx = begun(&self.inner.nodes, "BEGIN").await?;
        Ok(Tx::new(tx, AsSystem::default(), Arc::clone(&self.inner.vault)))
    }

    /// The same for reading alone, and all of it as it was at one instant, whatever is committed meanwhile.
    pub(crate) async fn snapshot_for_nodes(&self) -> Result<SystemTx, StoreError> {
        let tx = begun(&self.inner.nodes, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(Tx::new(tx, AsSystem::default(), Arc::clone(&self.inner.vault)))
    }

    /// Whether a query can be answered at present.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query_scalar!(r#"SELECT 1 AS "one!""#).fetch_one(&self.inner.system).await?;
        Ok(())
    }

    /// Closes all connections, after what they are doing.
    pub async fn close(&self) {
        self.inner.people.close().await;
        self.inner.administrators.close().await;
        self.inner.system.close().await;
        self.inner.nodes.close().await;
    }

    pub(crate) fn system_pool(&self) -> &PgPool {
        &self.inner.system
    }

    pub(crate) fn listening(&self) -> PgConnectOptions {
        self.inner.listening.clone()
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.inner.vault
    }
}

/// Opens so many connections of each, or as many as the pool may have.
async fn open(pools: &[&PgPool], connections: u32) -> Result<(), sqlx::Error> {
    let of_one = |pool: &PgPool| {
        let fitting = connections.min(pool.options().get_max_connections());
        (0..fitting).map(|_| pool.acquire()).collect::<Vec<_>>()
    };
    // None is given back before all are there, or it would be taken a second time.
    try_join_all(pools.iter().flat_map(|pool| of_one(pool))).await.map(drop)
}

/// Begins a transaction on a connection that works. After a restart of the database the pool is full of connections that
/// do not, and nothing has been asked before the beginning; so each of them is passed over, instead of being somebody's
/// error.
async fn begun(pool: &PgPool, begin: &str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut passed_over = 0;
    loop {
        match pool.begin_with(AssertSqlSafe(begin.to_owned())).await {
            Err(error) if error::is_lost(&error) && passed_over < pool.options().get_max_connections() => {
                passed_over += 1;
            }
            begun => return begun,
        }
    }
}

/// As whom a pool's connections act.
#[derive(Clone, Copy)]
enum Role {
    Person,
    Administrator,
    System,
}

async fn take_role(connection: &mut PgConnection, role: Role) -> Result<(), sqlx::Error> {
    let statement = match role {
        Role::Person => "SET ROLE gantry_app",
        Role::Administrator => "SET ROLE gantry_admin",
        Role::System => "SET ROLE gantry_system",
    };
    connection.execute(statement).await?;
    Ok(())
}

/// Whether a connection that comes back carries nothing of whom it served. A request that was cancelled may have left
/// its transaction half-way, or one that it had only begun to begin; such a connection is dropped. Within a transaction
/// time stands still, which is how one is seen: a statement outside of any begins with its own.
async fn is_clean(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    const CLEAN: &str =
        "SELECT coalesce(current_setting('app.user_id', true), '') = '' AND now() = statement_timestamp()";
    let row = connection.fetch_one(sqlx::raw_sql(CLEAN)).await?;
    row.try_get(0)
}
