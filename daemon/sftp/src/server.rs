//! The door itself: who may knock, and what the rest of the daemon sees of it.

use crate::{
    connection,
    door::METHODS,
    grants::{Book, InvalidGrants},
    guesses::{Guesses, Origin},
    handles::Room,
    host_key,
    limits::{
        AT_ONCE, ATTEMPTS, CONNECTIONS, CONNECTIONS_PER_ADDRESS, Limits, REKEY_BYTES, REKEY_TIME, STRANGERS,
    },
    shares::{Share, Shares},
};
use async_trait::async_trait;
use gantry_files::{Jail, Protected, Quota};
use gantry_protocol::{SftpActivity, SftpGrants, SftpReport};
use gantry_types::{ServerId, UserId};
use russh::{
    MethodSet, Preferred, SshId, compression, kex,
    keys::{Algorithm, EcdsaCurve, PrivateKey},
};
use std::{
    borrow::Cow,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Where file programs look for it when nobody says.
const PORT: u16 = 2022;
/// Addresses that no longer guess are forgotten so often.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// Before the next connection is taken after one that could not be.
const BREATH: Duration = Duration::from_millis(100);
/// What a client may send on a channel before it hears that there is room for more, and in one packet.
const WINDOW: u32 = 2 << 20;
const SSH_PACKET: u32 = 32 << 10;

/// The servers of the node. What is refused is a sentence for people.
#[async_trait]
pub trait Servers: Send + Sync + 'static {
    /// Opens a server's directory for one channel.
    async fn open(&self, server: ServerId) -> Result<Arc<dyn ServerFiles>, String>;
    /// Takes what somebody did.
    async fn tell(&self, server: ServerId, activity: SftpActivity);
}

/// Held while names change; of each server there is one.
pub type Turn = OwnedMutexGuard<()>;

/// A server's files, and the order that is kept among those who change them.
#[async_trait]
pub trait ServerFiles: Send + Sync + 'static {
    /// As it is at this moment: another directory may have taken its place.
    fn jail(&self) -> Jail;
    fn quota(&self) -> &Quota;
    /// Whether anything may be changed at this moment, and what people may not. Brings the account of the disk up to date.
    async fn admit_change(&self) -> Result<Protected, String>;
    /// A further measurement, because there seems to be no room.
    async fn measure_again(&self) -> Result<(), String>;
    async fn turn(&self) -> Result<Turn, String>;
}

/// What the door is made of.
pub struct SftpConfig {
    /// 32 secret bytes that are the node's own for ever: its host key.
    pub host_key: [u8; 32],
    pub servers: Arc<dyn Servers>,
    pub limits: Limits,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) servers: Arc<dyn Servers>,
    pub(crate) limits: Limits,
    pub(crate) ssh: Arc<russh::server::Config>,
    pub(crate) grants: watch::Sender<Arc<Book>>,
    pub(crate) guesses: Guesses,
    /// Open files and directories of the node.
    pub(crate) handles: Arc<Room>,
    /// Visits to the disk.
    pub(crate) room: Semaphore,
    /// Cancelled when the daemon stops.
    pub(crate) stopping: CancellationToken,
    /// Until when the grants hold; locked while they are replaced.
    lease: Mutex<Option<Instant>>,
    leased: Notify,
    places: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    addresses: Shares<Origin>,
    /// Connections of people, once it is known whose they are.
    pub(crate) people: Shares<UserId>,
}

/// The door of a node. Clones share it.
#[derive(Clone)]
pub struct Sftp {
    shared: Arc<Shared>,
    key: PrivateKey,
}

impl std::fmt::Debug for Sftp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sftp").finish_non_exhaustive()
    }
}

/// A connection's place among all and among those of its address.
struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_address: Share<Origin>,
}

/// Listens at an address; where none is given, at port 2022 of all there are.
pub async fn listen(address: Option<SocketAddr>) -> io::Result<TcpListener> {
    if let Some(address) = address {
        return TcpListener::bind(address).await;
    }
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, PORT)).await {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await
        }
        bound => bound,
    }
}

impl Sftp {
    pub fn new(config: SftpConfig) -> Self {
        let key = host_key::of_seed(&config.host_key);
        let shared = Shared {
            ssh: Arc::new(ssh(key.clone(), &config.limits)),
            servers: config.servers,
            limits: config.limits,
            grants: watch::Sender::default(),
            guesses: Guesses::new(),
            handles: Arc::default(),
            room: Semaphore::new(AT_ONCE),
            stopping: CancellationToken::new(),
            lease: Mutex::default(),
            leased: Notify::new(),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            addresses: Shares::default(),
            people: Shares::default(),
        };
        Self { shared: Arc::new(shared), key }
    }

    /// How people reach the node and recognise it; nothing if its key cannot be written down.
    pub fn report(&self, port: u16) -> Option<SftpReport> {
        host_key::report(&self.key, port).ok()
    }

    /// Takes the whole of who may come in, or nothing of it.
    pub fn replace(&self, grants: &SftpGrants) -> Result<(), InvalidGrants> {
        let (book, holds) = Book::of(grants)?;
        let mut lease = self.shared.lease();
        *lease = Some(Instant::now() + holds);
        self.shared.grants.send_replace(Arc::new(book));
        drop(lease);
        self.shared.leased.notify_one();
        Ok(())
    }

    /// Serves until it is cancelled, and shows everybody out then.
    pub async fn run(self, listener: TcpListener, stop: CancellationToken) {
        let _stopping = self.shared.stopping.clone().drop_guard();
        let mut connections = JoinSet::new();
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        loop {
            let lease = *self.shared.lease();
            tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.take(stream, peer.ip().to_canonical(), &mut connections),
                    Err(error) => {
                        tracing::warn!(%error, "a connection to SFTP could not be taken");
                        tokio::time::sleep(BREATH).await;
                    }
                },
                Some(ended) = connections.join_next() => if let Err(error) = ended {
                    tracing::error!(%error, "a connection to SFTP failed");
                },
                () = self.shared.leased.notified() => {}
                () = until(lease) => self.shared.expire(),
                _ = tidy.tick() => self.shared.guesses.tidy(),
            }
        }
        drop(listener);
        self.shared.stopping.cancel();
        while let Some(ended) = connections.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a connection to SFTP failed");
            }
        }
    }

    /// Takes a connection in, or drops it where there are too many.
    fn take(&self, stream: TcpStream, address: IpAddr, connections: &mut JoinSet<()>) {
        let origin = Origin::of(address);
        if self.shared.guesses.is_crowded() {
            self.shared.guesses.tidy();
        }
        if self.shared.guesses.is_shut_out(origin) {
            return;
        }
        let stranger = Arc::clone(&self.shared.strangers).try_acquire_owned();
        let (Ok(stranger), Some(place)) = (stranger, self.place(origin)) else {
            tracing::debug!(%address, "there are too many connections to SFTP for one more");
            return;
        };
        let serving = connection::serve(Arc::clone(&self.shared), stream, address, stranger);
        connections.spawn(async move {
            let _place = place;
            serving.await;
        });
    }

    fn place(&self, origin: Origin) -> Option<Place> {
        Some(Place {
            _of_all: Arc::clone(&self.shared.places).try_acquire_owned().ok()?,
            _of_address: self.shared.addresses.take(origin, CONNECTIONS_PER_ADDRESS)?,
        })
    }
}

impl Shared {
    fn lease(&self) -> MutexGuard<'_, Option<Instant>> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody has said for too long who may be here: nobody may.
    fn expire(&self) {
        let mut lease = self.lease();
        if lease.is_some_and(|until| until <= Instant::now()) {
            *lease = None;
            self.grants.send_replace(Arc::default());
            tracing::warn!(
                "the control plane has not said for long who may use SFTP; nobody may until it does"
            );
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn ssh(key: PrivateKey, limits: &Limits) -> russh::server::Config {
    russh::server::Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Gantry")),
        methods: MethodSet::from(&METHODS[..]),
        auth_rejection_time: limits.rejection,
        // Clients ask first which ways there are, which is no guess.
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![key],
        limits: russh::Limits::new(REKEY_BYTES, REKEY_BYTES, REKEY_TIME),
        window_size: WINDOW,
        maximum_packet_size: SSH_PACKET,
        channel_buffer_size: 1,
        event_buffer_size: 2,
        preferred: preferred(),
        // The question which ways there are counts there, and not among ours.
        max_auth_attempts: ATTEMPTS + 1,
        inactivity_timeout: Some(limits.idle),
        keepalive_interval: Some(limits.keepalive),
        keepalive_max: 3,
        ..russh::server::Config::default()
    }
}

/// Key exchange that costs a stranger as much as it costs us, and nothing compressed.
fn preferred() -> Preferred {
    const KEX: &[kex::Name] = &[
        kex::MLKEM768X25519_SHA256,
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::EXTENSION_SUPPORT_AS_SERVER,
        kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
    ];
    const KEYS: &[Algorithm] = &[
        Algorithm::Ed25519,
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    ];
    Preferred {
        kex: Cow::Borrowed(KEX),
        key: Cow::Borrowed(KEYS),
        compression: Cow::Borrowed(&[compression::NONE]),
        ..Preferred::DEFAULT
    }
}
