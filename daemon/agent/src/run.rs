//! `gantryd run`: the composition root. Opens, joins, serves, and ends quickly when told to.

use crate::{
    clock::SystemClock,
    data::DataDir,
    failure::chain,
    http::router,
    ledger::{Ledger, LedgerError},
    link::{self, Identity, IdentityError, LinkConfig, LinkState},
    node::{Node, NodeConfig, NodeError},
    report::AGENT_VERSION,
    sftp::{self, SftpError},
};
use axum::Router;
use gantry_files::{Landlock, OutboundConfig};
use gantry_host::ChildProgram;
use gantry_runtime::{DockerRuntime, Runtime, RuntimeError, SimulatedRuntime, docker::Registry};
use gantry_seal::{KeyFileError, key_file};
use gantry_types::NodeId;
use std::{
    io,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Name of the subcommand that compiles components in a child.
pub const COMPILE_SUBCOMMAND: &str = "compile-component";
/// The hidden subcommand that runs plugins.
pub const RUN_SUBCOMMAND: &str = "run-plugins";
/// Name of the subcommand that works on servers' files in a child.
pub const WORK_SUBCOMMAND: &str = "work";
/// Before an engine that did not answer is tried again.
const ENGINE_RETRY: Duration = Duration::from_secs(3);

/// What runs the containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeKind {
    Docker,
    Simulated,
}

/// Where file programs come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SftpAt {
    Nowhere,
    /// Port 2022 of all addresses.
    Usual,
    Address(SocketAddr),
}

/// What the command line said.
#[derive(Clone, Debug)]
pub struct RunOptions {
    pub data_dir: PathBuf,
    /// Where the control plane answers, if that is no longer the address of the enrollment.
    pub url: Option<url::Url>,
    pub runtime: RuntimeKind,
    /// The container engine's socket, if it is not the usual one.
    pub docker_socket: Option<PathBuf>,
    /// Registries that may be asked for images although they are not on the public internet.
    pub registries: Vec<Registry>,
    /// Serves the node's interface here as well, for its owner alone.
    pub socket: Option<PathBuf>,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    pub sftp: SftpAt,
    /// Lets install steps download from loopback addresses; for tests.
    pub allow_loopback_downloads: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the data directory {path} cannot be used")]
    Data {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Key(#[from] KeyFileError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Node(#[from] NodeError),
    #[error("the socket {path} cannot be served")]
    Socket {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("signals cannot be received")]
    Signals(#[source] io::Error),
}

/// Runs the node until SIGTERM or SIGINT, and containers go on; or until SIGUSR1, and they are stopped first, each as its
/// game wants it. A further signal ends that wait.
pub async fn run(options: RunOptions) -> Result<(), RunError> {
    let shutdown = CancellationToken::new();
    let mut signals = Signals::listen()?;
    let node = tokio::select! {
        node = start(&options) => node?,
        _ = signals.recv() => return Ok(()),
    };
    let mut tasks = JoinSet::new();
    open_sftp(options.sftp, &node, &mut tasks, &shutdown).await;
    serve(&options, &node, &mut tasks, &shutdown).await?;
    let landlock = gantry_files::landlock();
    if let Some(warning) = unfenced(landlock) {
        tracing::warn!("{warning}");
    }
    tracing::info!(node.id = %node.id(), landlock = landlock.as_str(), "the daemon is ready");
    tokio::select! {
        wish = signals.recv() => match wish {
            Wish::Leave => tracing::info!("stopping; containers go on"),
            Wish::StopServers => tokio::select! {
                () = node.stop_servers() => tracing::info!("stopping; no server runs"),
                _ = signals.recv() => tracing::warn!("stopping before all servers have; their containers go on"),
            },
        },
        Some(ended) = tasks.join_next() => tracing::error!(?ended, "a service of the daemon ended"),
    }
    shutdown.cancel();
    node.stop().await;
    tasks.shutdown().await;
    Ok(())
}

/// What there is to say of a kernel that does not fence workers in.
const fn unfenced(landlock: Landlock) -> Option<&'static str> {
    match landlock {
        Landlock::Full | Landlock::Partial => None,
        Landlock::None => Some(
            "this kernel has no Landlock: what unpacks archives and edits configuration files is held by its user, by \
             seccomp and by limits alone, and could read what everybody may; Linux 5.13 or newer with `landlock` among \
             its `lsm=` has it",
        ),
    }
}

async fn start(options: &RunOptions) -> Result<Node, RunError> {
    let root = &options.data_dir;
    let data = DataDir::open(root).map_err(|source| RunError::Data { path: root.clone(), source })?;
    let key = key_file(&data.key())?;
    let (path, ledger_key) = (data.ledger(), key.clone());
    let ledger = tokio::task::spawn_blocking(move || Ledger::open(&path, &ledger_key, chrono::Utc::now()));
    let ledger = ledger.await.map_err(LedgerError::from)??;
    let node = node_id(options, &ledger).await?;
    let runtime = runtime(options, node).await;
    let compiler = ChildProgram::this(COMPILE_SUBCOMMAND);
    let runner = ChildProgram::this(RUN_SUBCOMMAND);
    let outbound =
        OutboundConfig { allow_loopback: options.allow_loopback_downloads, ..OutboundConfig::default() };
    let worker = ChildProgram::this(WORK_SUBCOMMAND);
    let clock = Arc::new(SystemClock);
    let config = NodeConfig { node, data, key, ledger, runtime, compiler, runner, worker, clock, outbound };
    Ok(Node::start(config).await?)
}

/// An enrolled node has its id from the control plane; one that only serves its socket has one of its own.
async fn node_id(options: &RunOptions, ledger: &Ledger) -> Result<NodeId, RunError> {
    match Identity::load(&options.data_dir).await {
        Ok(identity) => Ok(identity.node_id),
        Err(IdentityError::Missing(_)) if options.socket.is_some() => {
            Ok(ledger.own_node(NodeId::new(uuid::Uuid::now_v7())).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn runtime(options: &RunOptions, node: NodeId) -> Arc<dyn Runtime> {
    match options.runtime {
        RuntimeKind::Simulated => Arc::new(SimulatedRuntime::new(node)),
        RuntimeKind::Docker => Arc::new(docker(options, node).await),
    }
}

/// Waits for the engine: after a boot it may come up later than this daemon.
async fn docker(options: &RunOptions, node: NodeId) -> DockerRuntime {
    let mut warned = false;
    loop {
        match connect(options, node).await {
            Ok(docker) => return docker,
            Err(error) if !warned => {
                warned = true;
                tracing::warn!(error = chain(&error), "the container engine does not answer; waiting for it");
            }
            Err(_) => {}
        }
        tokio::time::sleep(ENGINE_RETRY).await;
    }
}

async fn connect(options: &RunOptions, node: NodeId) -> Result<DockerRuntime, RuntimeError> {
    let mut config = gantry_runtime::docker::DockerConfig::new(node);
    if let Some(socket) = &options.docker_socket {
        config.socket.clone_from(socket);
    }
    config.registries.clone_from(&options.registries);
    DockerRuntime::connect(config).await
}

async fn serve(
    options: &RunOptions,
    node: &Node,
    tasks: &mut JoinSet<()>,
    shutdown: &CancellationToken,
) -> Result<(), RunError> {
    let router = router(node.clone());
    if let Some(path) = &options.socket {
        let listener = listen(path).map_err(|source| RunError::Socket { path: path.clone(), source })?;
        tasks.spawn(serve_socket(listener, router.clone(), shutdown.clone()));
    }
    match Identity::load(&options.data_dir).await {
        Ok(mut identity) => {
            if let Some(url) = &options.url {
                identity.url.clone_from(url);
            }
            let (state, _) = watch::channel(LinkState::default());
            let agent_version = AGENT_VERSION.to_owned();
            let config = LinkConfig { identity, agent_version, extra_ca: options.ca.clone(), state };
            tasks.spawn(link::run(config, router, shutdown.clone()));
        }
        Err(error @ IdentityError::Missing(_)) => {
            tracing::warn!(%error, "the node serves its socket alone");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Opens the door for file programs. A port that is taken, or a key that cannot be used, costs SFTP and nothing else.
async fn open_sftp(at: SftpAt, node: &Node, tasks: &mut JoinSet<()>, shutdown: &CancellationToken) {
    let address = match at {
        SftpAt::Nowhere => return,
        SftpAt::Usual => None,
        SftpAt::Address(address) => Some(address),
    };
    let opened = async {
        let listener = gantry_sftp::listen(address).await?;
        let sftp = sftp::open(node, &listener, gantry_sftp::Limits::default()).await?;
        Ok::<_, SftpError>((listener, sftp))
    };
    match opened.await {
        Ok((listener, sftp)) => {
            let port = listener.local_addr().map_or(0, |address| address.port());
            tracing::info!(port, "SFTP is served");
            tasks.spawn(sftp.run(listener, shutdown.clone()));
        }
        Err(error) => tracing::warn!(
            error = chain(&error),
            "SFTP is not served; name another address with --sftp, or --no-sftp if it is not wanted"
        ),
    }
}

/// A socket that only this user can open; one that a killed daemon left is replaced.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn serve_socket(listener: UnixListener, router: Router, shutdown: CancellationToken) {
    let serving = async move { axum::serve(listener, router).await };
    if let Some(Err(error)) = shutdown.run_until_cancelled(serving).await {
        tracing::error!(%error, "the socket is no longer served");
    }
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Leave,
    StopServers,
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    user: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self, RunError> {
        let terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
        let user = signal(SignalKind::user_defined1()).map_err(RunError::Signals)?;
        Ok(Self { terminate, interrupt, user })
    }

    async fn recv(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Leave,
            _ = self.interrupt.recv() => Wish::Leave,
            _ = self.user.recv() => Wish::StopServers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_landlock_is_told_of() {
        assert!(unfenced(Landlock::None).is_some_and(|warning| warning.contains("no Landlock")));
        assert_eq!((unfenced(Landlock::Partial), unfenced(Landlock::Full)), (None, None));
    }
}
