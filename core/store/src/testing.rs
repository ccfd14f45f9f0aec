//! One fresh database for each test.
//!
//! The first test of a schema version makes a template by running the migrations; every test copies it, which takes
//! some ten milliseconds, and drops its copy when the [`TestDatabase`] goes. Wants `GANTRY_TEST_DATABASE_URL`: a login
//! that may create databases and roles.

use crate::{Db, DbOptions, MasterKey, StoreError, db::MIGRATOR};
use gantry_seal::SecretKey;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::str::FromStr;

const VARIABLE: &str = "GANTRY_TEST_DATABASE_URL";

/// A database that goes when this value goes.
pub struct TestDatabase {
    /// Connected under [`TestDatabase::master`].
    pub db: Db,
    /// Address of this database, with the login's full rights.
    pub url: SecretString,
    name: String,
    /// The login that was made for it, if it is not the tests' own.
    login: Option<String>,
    maintenance: PgConnectOptions,
}

impl TestDatabase {
    /// A migrated database with nothing in it. Panics with the reason where there is no PostgreSQL to make one in.
    pub async fn new() -> Self {
        match Self::make().await {
            Ok(database) => database,
            Err(error) => {
                panic!("no test database at {VARIABLE}: {error} ({:?})", std::error::Error::source(&error))
            }
        }
    }

    /// A database that was migrated by the login that owns it, who is no superuser but may create roles; as an operator
    /// prepares it where PostgreSQL is somebody else's.
    pub async fn of_plain_login() -> Self {
        match Self::make_of_plain_login().await {
            Ok(database) => database,
            Err(error) => {
                panic!("no database of a plain login: {error} ({:?})", std::error::Error::source(&error))
            }
        }
    }

    /// The master key of every test database.
    pub fn master() -> MasterKey {
        match SecretKey::from_bytes(&[42; 32]) {
            Some(key) => key.into(),
            None => panic!("a key has 32 bytes"),
        }
    }

    async fn make() -> Result<Self, StoreError> {
        let maintenance = maintenance()?;
        let template = template(&maintenance).await?;
        let name = format!("gantry_test_{}", crate::new_uuid().as_simple());
        let mut connection = maintenance.connect().await?;
        copy(&mut connection, &name, &template).await?;
        connection.close().await?;
        let url = SecretString::from(maintenance.clone().database(&name).to_url_lossy().to_string());
        let db = connect(&url).await?;
        Ok(Self { db, url, name, login: None, maintenance })
    }

    async fn make_of_plain_login() -> Result<Self, StoreError> {
        let maintenance = maintenance()?;
        // Whoever makes the template makes the roles: here they are there already, whichever test is the first.
        template(&maintenance).await?;
        let id = crate::new_uuid().as_simple().to_string();
        let (name, login) = (format!("gantry_test_{id}"), format!("gantry_login_{id}"));
        let mut connection = maintenance.connect().await?;
        prepare(&mut connection, &login).await?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER {login}"))).await?;
        connection.close().await?;
        let own = maintenance.clone().username(&login).password(&login).database(&name);
        let url = SecretString::from(own.to_url_lossy().to_string());
        crate::migrate(&url).await?;
        let db = connect(&url).await?;
        Ok(Self { db, url, name, login: Some(login), maintenance })
    }

    /// Until somebody stands before a lock that is held.
    pub async fn somebody_waits(&self) {
        self.so_many_wait(1).await;
    }

    /// Until that many do.
    pub async fn so_many_wait(&self, number: i64) {
        const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut owner = self.owner().await.expect("the database can be reached");
        while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(&mut owner).await.expect("it answers") < number
        {
            tokio::task::yield_now().await;
        }
    }

    /// A connection with the login's full rights, to arrange what no transaction of ours would.
    pub async fn owner(&self) -> Result<PgConnection, StoreError> {
        Ok(self.maintenance.clone().database(&self.name).connect().await?)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (maintenance, name, login) = (self.maintenance.clone(), self.name.clone(), self.login.clone());
        // A thread of its own, because the test's runtime may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async move {
                let mut connection = maintenance.connect().await.ok()?;
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                connection.execute(AssertSqlSafe(drop)).await.ok()?;
                let Some(login) = login else { return Some(()) };
                let drop = format!("DROP OWNED BY {login}; DROP ROLE {login}");
                connection.execute(AssertSqlSafe(drop)).await.ok().map(|_| ())
            })
        });
        if dropping.join().is_err() {
            tracing::warn!(database = self.name, "a test database could not be dropped");
        }
    }
}

fn maintenance() -> Result<PgConnectOptions, StoreError> {
    let Ok(address) = std::env::var(VARIABLE) else {
        panic!("set {VARIABLE} to a PostgreSQL login that may create databases and roles");
    };
    Ok(PgConnectOptions::from_str(&address)?.disable_statement_logging())
}

async fn connect(url: &SecretString) -> Result<Db, StoreError> {
    let mut options = DbOptions::new(url.clone(), TestDatabase::master());
    (options.user_connections, options.system_connections, options.node_connections) = (4, 4, 2);
    options.at_first = 0;
    Db::connect(options).await
}

/// A login that may create roles. From PostgreSQL 16 on that is no power over roles that others made, so ours are
/// granted to it as the migration's refusal would ask for.
async fn prepare(connection: &mut PgConnection, login: &str) -> Result<(), StoreError> {
    let create = format!("CREATE ROLE {login} LOGIN CREATEROLE PASSWORD '{login}'");
    connection.execute(AssertSqlSafe(create)).await?;
    let roles: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_roles
         WHERE rolname IN ('gantry_app', 'gantry_admin', 'gantry_system', 'gantry_definer')
           AND current_setting('server_version_num')::integer >= 160000",
    )
    .fetch_all(&mut *connection)
    .await?;
    for role in roles {
        let grant = format!("GRANT {role} TO {login} WITH INHERIT TRUE, SET TRUE");
        connection.execute(AssertSqlSafe(grant)).await?;
    }
    Ok(())
}

/// The template of this schema version, made if it is missing.
async fn template(maintenance: &PgConnectOptions) -> Result<String, StoreError> {
    let mut hash = Sha256::new();
    MIGRATOR.iter().for_each(|migration| hash.update(&*migration.checksum));
    let name = format!("gantry_template_{}", hex::encode(&hash.finalize()[..8]));
    let mut connection = maintenance.connect().await?;
    // Tests run in many processes at once: one makes the template, the others wait.
    connection.execute("SELECT pg_advisory_lock(7219850447)").await?;
    let known: Option<i32> =
        sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate")
            .bind(&name)
            .fetch_optional(&mut connection)
            .await?;
    if known.is_none() {
        connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
        let mut inside = maintenance.clone().database(&name).connect().await?;
        MIGRATOR.run(&mut inside).await.map_err(StoreError::Migration)?;
        inside.close().await?;
        connection.execute(AssertSqlSafe(format!("ALTER DATABASE {name} IS_TEMPLATE true"))).await?;
    }
    connection.close().await?;
    Ok(name)
}

async fn copy(connection: &mut PgConnection, name: &str, template: &str) -> Result<(), StoreError> {
    // Names are made here, of letters, digits and underscores.
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE {template}"))).await?;
    Ok(())
}
