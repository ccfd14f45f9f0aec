//! Fixtures: a control plane on a database of its own, clients that each come from an address of their own, a node, a
//! page that listens.

mod client;
pub(crate) mod listener;
mod node;
mod page;
pub(crate) mod tee;

pub(crate) use client::{Answer, Client};
pub(crate) use node::TestNode;
pub(crate) use page::Page;

use gantry_agent::run::WORK_SUBCOMMAND;
use gantry_app::Internet;
use gantry_host::ChildProgram;
use gantry_outbound::testing::Site;
use gantry_panel::{
    commands::{COMPILER, RUNNER},
    compose::{self, Programs, Running},
    settings::{LogFormat, Settings},
    shares::Sharing,
};
use gantry_store::testing::TestDatabase;
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;
use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU8, Ordering},
};
use tempfile::TempDir;

/// Every test's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What opens the page of numbers.
const SCRAPER: &str = "0123456789abcdef";

/// A control plane that runs in this process.
pub(crate) struct TestApp {
    pub(crate) url: String,
    running: Option<Running>,
    settings: Settings,
    internet: Option<Internet>,
    addresses: AtomicU8,
    _database: TestDatabase,
    _data: TempDir,
}

impl TestApp {
    /// Without plugins, and with no account.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With the built plugins.
    pub(crate) async fn with_games() -> Self {
        Self::with(|settings| settings.plugins_dir = Some(plugins())).await
    }

    /// With the built plugins, for who moves many files.
    pub(crate) async fn with_games_and_files() -> Self {
        Self::with(|settings| {
            settings.plugins_dir = Some(plugins());
            settings.edge.files_per_minute = 10_000.try_into().unwrap();
        })
        .await
    }

    /// With the built plugins, for who asks for everything again and again.
    pub(crate) async fn with_games_and_no_limits() -> Self {
        Self::with(|settings| {
            settings.plugins_dir = Some(plugins());
            settings.edge.files_per_minute = 10_000.try_into().unwrap();
            settings.edge.power_per_minute = 10_000.try_into().unwrap();
            settings.edge.addresses_per_hour = 10_000.try_into().unwrap();
        })
        .await
    }

    /// With the built plugins, on an internet that has these servers and nothing else.
    pub(crate) async fn on_internet(site: &Site) -> Self {
        let internet = Internet::pretended(&site.names(), site.root(), Some("ada@example.org"));
        let games = |settings: &mut Settings| {
            settings.plugins_dir = Some(plugins());
            settings.edge.files_per_minute = 10_000.try_into().unwrap();
            settings.edge.power_per_minute = 10_000.try_into().unwrap();
        };
        Self::within(Some(internet), games).await
    }

    /// Without plugins, where plugins find nobody but these servers.
    pub(crate) async fn on_the_internet_of(site: &Site) -> Self {
        let internet = Internet::pretended(&site.names(), site.root(), None);
        Self::within(Some(internet), |_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::within(None, change).await
    }

    async fn within(internet: Option<Internet>, change: impl FnOnce(&mut Settings)) -> Self {
        let database = TestDatabase::new().await;
        let data = data_dir();
        let mut settings = Settings {
            database_url: database.url.clone(),
            listen: "127.0.0.1:0".parse().unwrap(),
            data_dir: data.path().to_owned(),
            plugins_dir: None,
            edge: gantry_api::EdgeConfig {
                public_url: "http://127.0.0.1:0".parse().unwrap(),
                origins: Vec::new(),
                // So that each client can come from an address of its own.
                trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
                general_per_minute: 10_000.try_into().unwrap(),
                files_per_minute: 30.try_into().unwrap(),
                power_per_minute: 10.try_into().unwrap(),
                addresses_per_hour: 20.try_into().unwrap(),
                metrics_token: Some(SCRAPER.into()),
            },
            contact: None,
            connections: Sharing::new(1_024.try_into().unwrap(), &[]),
            log: "off".to_owned(),
            log_format: LogFormat::Pretty,
        };
        change(&mut settings);
        let running = begin(internet.clone(), &settings).await;
        let url = format!("http://{}", running.address);
        let app = Self {
            url,
            running: Some(running),
            settings,
            internet,
            addresses: AtomicU8::new(1),
            _database: database,
            _data: data,
        };
        app.wait_until_ready().await;
        app
    }

    /// Ready is when it listens to the database, which begins after the port is open.
    async fn wait_until_ready(&self) {
        let visitor = Client::new(&self.url, "192.0.2.254".to_owned());
        for _ in 0..600 {
            if visitor.get("/ready").await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the control plane never became ready");
    }

    /// Somebody who is not signed in, from an address that nobody else has.
    pub(crate) fn visitor(&self) -> Client {
        let last = self.addresses.fetch_add(1, Ordering::Relaxed);
        Client::new(&self.url, format!("192.0.2.{last}"))
    }

    /// The page of numbers.
    pub(crate) async fn numbers(&self) -> String {
        let visitor = self.visitor();
        let asked = visitor.request(reqwest::Method::GET, "/metrics").bearer_auth(SCRAPER);
        visitor.send(asked).await.expect(200).as_str().unwrap().to_owned()
    }

    pub(crate) async fn setup_token(&self) -> String {
        let token = self.running.as_ref().unwrap().setup_token().await.unwrap();
        token.expect("an account exists already").expose_secret().to_owned()
    }

    /// The first administrator, signed in.
    pub(crate) async fn admin(&self) -> Client {
        let (admin, token) = (self.visitor(), self.setup_token().await);
        let form = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD, "token": token });
        admin.post("/api/setup", form).await.expect(201);
        admin
    }

    /// A further person, signed in. `admin` makes the account.
    pub(crate) async fn person(&self, admin: &Client, name: &str, role: &str) -> Client {
        let email = format!("{name}@example.com");
        let form = json!({ "name": name, "email": email, "password": PASSWORD, "role": role });
        admin.post("/api/users", form).await.expect(201);
        let person = self.visitor();
        person.sign_in(&email, PASSWORD).await.expect(200);
        person
    }

    /// Ends everything in order, and begins anew on what is left: the same database, the same port.
    pub(crate) async fn again(mut self) -> Self {
        let running = self.running.take().unwrap();
        self.settings.listen = running.address;
        running.stop().await;
        self.running = Some(begin(self.internet.clone(), &self.settings).await);
        self.wait_until_ready().await;
        self
    }

    /// Ends everything in order, as the program does.
    pub(crate) async fn stop(mut self) {
        self.running.take().unwrap().stop().await;
    }
}

async fn begin(internet: Option<Internet>, settings: &Settings) -> Running {
    let running = match internet {
        Some(internet) => compose::start_in(internet, settings.clone(), programs()).await,
        None => compose::start(settings.clone(), programs()).await,
    };
    running.unwrap()
}

/// Where the bundled plugins are; those of `examples/` are in a folder of that name there.
pub(crate) fn plugins() -> PathBuf {
    let plugins = std::env::var_os("GANTRY_TEST_PLUGINS");
    plugins.expect("set GANTRY_TEST_PLUGINS to a directory that holds openarena.wasm").into()
}

/// The component of an example plugin.
pub(crate) fn example(name: &str) -> Vec<u8> {
    let path = plugins().join("examples").join(name).with_extension("wasm");
    let component = fs::read(&path);
    component.unwrap_or_else(|error| panic!("{}: {error}; build it with --examples", path.display()))
}

/// The program that compiles components, in daemon and control plane alike.
pub(crate) fn compiler() -> ChildProgram {
    ChildProgram { program: env!("CARGO_BIN_EXE_gantry").into(), args: vec![COMPILER.into()] }
}

/// The program that runs plugins, in daemon and control plane alike.
pub(crate) fn runner() -> ChildProgram {
    ChildProgram { program: env!("CARGO_BIN_EXE_gantry").into(), args: vec![RUNNER.into()] }
}

fn programs() -> Programs {
    Programs { compiler: compiler(), runner: runner() }
}

/// The program that works on servers' files: the daemon's, which `cargo build --workspace --bins` puts beside this one.
pub(crate) fn worker() -> ChildProgram {
    let program = Path::new(env!("CARGO_BIN_EXE_gantry")).with_file_name("gantryd");
    assert!(program.exists(), "{} is missing: build the workspace's programs", program.display());
    ChildProgram { program, args: vec![WORK_SUBCOMMAND.into()] }
}

/// A data directory with the master key that test databases are sealed with. Compiled components are shared by all
/// tests: compiling one takes seconds.
pub(crate) fn data_dir() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let key = data.path().join("keys/master.key");
    fs::create_dir(data.path().join("keys")).unwrap();
    fs::write(&key, [42; 32]).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o400)).unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panel-cache");
    fs::create_dir_all(&cache).unwrap();
    symlink(cache, data.path().join("cache")).unwrap();
    data
}
