//! The one place where all parts meet: from checked settings to a control plane that runs, and back to nothing.

use crate::{assets, http, settings::Settings, shares::Shares};
use gantry_api::{Edge, MetricsPage, router};
use gantry_app::{App, AppError, AppOptions, Bundled, Internet, measure_plugins};
use gantry_host::{Budgets, ChildProgram, Host, HostConfig, HostError, Wall};
use gantry_seal::{KeyFileError, key_file};
use gantry_store::{Db, DbOptions, MasterKey, StoreError};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use std::{
    io,
    net::SocketAddr,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Why the control plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    #[error("the plugin host cannot be started")]
    Host(#[from] HostError),
    #[error("the application cannot be started")]
    App(#[from] AppError),
    #[error("{address} cannot be listened on; is another program there?")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("{what}")]
    System {
        what: &'static str,
        #[source]
        source: io::Error,
    },
}

/// How often old samples of histograms are folded.
const UPKEEP: Duration = Duration::from_secs(5);
/// Buckets of every histogram, in seconds.
const BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A control plane that runs.
pub struct Running {
    pub address: SocketAddr,
    app: App,
    db: Db,
    closing: CancellationToken,
    stopping: CancellationToken,
    serving: JoinSet<()>,
    standing: JoinSet<()>,
}

/// The programs of children, normally this very one with a hidden subcommand.
pub struct Programs {
    /// Compiles components.
    pub compiler: ChildProgram,
    /// Runs plugins.
    pub runner: ChildProgram,
}

/// Starts everything.
pub async fn start(settings: Settings, programs: Programs) -> Result<Running, StartError> {
    let internet = Internet::open(settings.contact.as_deref());
    start_in(internet, settings, programs).await
}

/// The same with an internet that is given.
pub async fn start_in(
    internet: Internet,
    settings: Settings,
    programs: Programs,
) -> Result<Running, StartError> {
    let master = MasterKey::from(key_file(&settings.data_dir.join("keys/master.key"))?);
    let cache_key = *master.derive("component-cache").bytes();
    gantry_store::migrate(&settings.database_url).await?;
    let db = Db::connect(DbOptions::new(settings.database_url.clone(), master)).await?;
    let host = Host::new(HostConfig {
        cache_dir: settings.data_dir.join("cache/components"),
        cache_key,
        compiler: programs.compiler,
        budgets: Budgets::default(),
        wall: Wall::Runner(programs.runner),
    })?;
    let listener = listen(settings.listen).await?;
    let address =
        listener.local_addr().map_err(|source| StartError::Listen { address: settings.listen, source })?;
    let edge_config = with_port(settings.edge, address);
    let app = App::new(AppOptions {
        db: db.clone(),
        host,
        internet,
        public_url: edge_config.public_url.to_string(),
        hashing_threads: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
    })?;
    install(&app, settings.plugins_dir).await?;

    let (closing, stopping) = (CancellationToken::new(), CancellationToken::new());
    let recorder = recorder();
    let page: MetricsPage = Arc::new({
        let recorder = recorder.clone();
        move |places| {
            // Of their own, so that a plugin that is gone, or on a node that is away, leaves nothing standing.
            let plugins = PrometheusBuilder::new().build_recorder();
            metrics::with_local_recorder(&plugins, || measure_plugins(places));
            recorder.render() + &plugins.handle().render()
        }
    });
    let edge = Edge::new(app.clone(), edge_config, page, closing.clone());
    let (mut serving, mut standing) = (JoinSet::new(), JoinSet::new());
    let shares = Shares::new(settings.connections);
    serving.spawn(http::serve(listener, router(&edge, assets::panel()), shares, closing.clone()));
    serving.spawn({
        let edge = edge.clone();
        async move { edge.keep_house().await }
    });
    standing.spawn({
        let (app, stopping) = (app.clone(), stopping.clone());
        async move { app.run(stopping).await }
    });
    standing.spawn(upkeep(recorder, stopping.clone()));
    Ok(Running { address, app, db, closing, stopping, serving, standing })
}

/// A port that the system chose stands in the address that browsers use, where that names port 0 too.
fn with_port(mut config: gantry_api::EdgeConfig, address: SocketAddr) -> gantry_api::EdgeConfig {
    if config.public_url.port() == Some(0) && config.public_url.set_port(Some(address.port())).is_err() {
        tracing::warn!("the public address takes no port");
    }
    config
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

/// Installs what came along. A plugin that is refused is no reason not to serve the others.
async fn install(app: &App, folder: Option<PathBuf>) -> Result<(), AppError> {
    let Some(folder) = folder else { return Ok(()) };
    let Bundled { installed, refused } = app.install_bundled(&folder).await?;
    tracing::info!(installed = installed.len(), refused = refused.len(), "looked at the bundled plugins");
    Ok(())
}

/// The process has one recorder, which several control planes in one test process share.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    let begin = || {
        let builder =
            PrometheusBuilder::new().set_buckets(BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if let Err(error) = metrics::set_global_recorder(recorder) {
            tracing::warn!(%error, "numbers go to a recorder that somebody else installed");
        }
        handle
    };
    RECORDER.get_or_init(begin).clone()
}

async fn upkeep(recorder: PrometheusHandle, stopping: CancellationToken) {
    let mut timer = tokio::time::interval(UPKEEP);
    while stopping.run_until_cancelled(timer.tick()).await.is_some() {
        recorder.run_upkeep();
        #[expect(clippy::cast_precision_loss, reason = "a number of tasks")]
        metrics::gauge!("gantry_tasks")
            .set(tokio::runtime::Handle::current().metrics().num_alive_tasks() as f64);
    }
}

impl Running {
    /// The token for the first setup, while it is needed.
    pub async fn setup_token(&self) -> Result<Option<SecretString>, AppError> {
        self.app.setup_token_if_needed().await
    }

    /// Resolves if a part ends that never should.
    pub async fn broken(&mut self) {
        tokio::select! {
            _ = self.serving.join_next() => {}
            _ = self.standing.join_next() => {}
        }
    }

    /// Ends everything in order: no further requests, then no further work, then no database.
    pub async fn stop(mut self) {
        self.closing.cancel();
        while self.serving.join_next().await.is_some() {}
        self.stopping.cancel();
        while self.standing.join_next().await.is_some() {}
        self.db.close().await;
    }
}
