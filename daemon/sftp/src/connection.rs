//! One connection, from being accepted to being over: who is in it, and when it must end.
//!
//! The task of a connection owns all that belongs to it. It ends the connection when nobody says in time who they are,
//! when nothing is asked for long, when the daemon stops, and within the moment in which the person, the key or password
//! they came with, or the server they came to, is no longer among the grants.

use crate::{
    activity::Activity,
    door::Door,
    frames::Abuse,
    grants::Admitted,
    guesses::Origin,
    limits::{CHANNELS, CONNECTIONS_PER_PERSON},
    server::Shared,
    session::Session,
    shares::Share,
    wire::{Gate, Wire},
};
use futures_util::{
    FutureExt,
    future::{Fuse, FusedFuture},
};
use gantry_types::UserId;
use russh::{
    Disconnect,
    server::{Handle, RunningSession},
};
use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// So long a client may take to hear why it is shown out.
const FAREWELL: Duration = Duration::from_millis(250);
/// So long what belongs to a connection may take to end after it.
const SETTLING: Duration = Duration::from_secs(5);

/// What all parts of a connection share.
pub(crate) struct Connection {
    pub(crate) address: IpAddr,
    pub(crate) origin: Origin,
    pub(crate) gate: Arc<Gate>,
    /// Cancelled when the connection must end at once.
    pub(crate) end: CancellationToken,
    /// Cancelled when nothing more will be done.
    over: CancellationToken,
    pub(crate) activity: Activity,
    last: Mutex<Instant>,
}

impl Connection {
    fn new(address: IpAddr) -> Self {
        Self {
            address,
            origin: Origin::of(address),
            gate: Arc::default(),
            end: CancellationToken::new(),
            over: CancellationToken::new(),
            activity: Activity::default(),
            last: Mutex::new(Instant::now()),
        }
    }

    /// Something was asked for.
    pub(crate) fn touch(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A wrong key or password. What was given for a name is not written down: it may be a password.
    pub(crate) fn wrong(&self, shared: &Shared) {
        if shared.guesses.wrong(self.origin) {
            tracing::warn!(address = %self.address, "too many wrong keys or passwords; the address is shut out of SFTP for a while");
        }
    }

    /// Ends it, because its client breaks the protocol.
    pub(crate) fn abused(&self, abuse: Abuse) {
        tracing::info!(address = %self.address, why = %abuse, "a connection to SFTP is closed");
        self.end.cancel();
    }
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// By the client, or by what it did.
    Ended,
    Unknown,
    Idle,
    Revoked,
    /// Too many of the same person.
    Crowded,
    Stopping,
}

impl Over {
    const fn farewell(self) -> Option<&'static str> {
        match self {
            Self::Ended => None,
            Self::Unknown => Some("nobody said in time who is there"),
            Self::Idle => Some("nothing was asked for a long time"),
            Self::Revoked => Some("your access to this server's files has ended"),
            Self::Crowded => Some("you have too many connections here; close one of them"),
            Self::Stopping => Some("the node stops; come again"),
        }
    }
}

/// Serves a connection until it is over. The place among strangers is given back once it is known who is there.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    address: IpAddr,
    stranger: OwnedSemaphorePermit,
) {
    let connection = Arc::new(Connection::new(address));
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "small packets of a connection may wait for each other");
    }
    let (told, admitted) = oneshot::channel();
    let (sender, sessions) = mpsc::channel(CHANNELS);
    let door = Door::new(Arc::clone(&shared), Arc::clone(&connection), told, sender);
    let wire = Wire::new(stream, Arc::clone(&connection.gate), connection.end.clone());
    let grace = Instant::now() + shared.limits.grace;
    let greeting = russh::server::run_stream(Arc::clone(&shared.ssh), wire, door);
    let greeted = tokio::select! {
        greeted = tokio::time::timeout_at(grace, greeting) => greeted,
        () = shared.stopping.cancelled() => return,
    };
    // Whoever does not even greet is none of anybody's business.
    let Ok(Ok(ssh)) = greeted else { return };
    let handle = ssh.handle();
    let (tasks, telling) = (JoinSet::new(), JoinSet::new());
    let mut tenancy = Tenancy { shared, connection, ssh: ssh.fuse(), sessions, tasks, telling, person: None };
    let over = tenancy.watch(admitted, grace, stranger).await;
    tenancy.end(over, &handle).await;
}

/// A connection that is being served.
struct Tenancy {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    ssh: Fuse<RunningSession<Door>>,
    sessions: mpsc::Receiver<Session>,
    tasks: JoinSet<()>,
    telling: JoinSet<()>,
    /// The connection's place among those of its person, once it is known who that is.
    person: Option<Share<UserId>>,
}

impl Tenancy {
    async fn watch(
        &mut self,
        mut admission: oneshot::Receiver<Admitted>,
        grace: Instant,
        stranger: OwnedSemaphorePermit,
    ) -> Over {
        let mut grants = self.shared.grants.subscribe();
        let (mut admitted, mut stranger) = (None::<Admitted>, Some(stranger));
        loop {
            if let Some(admitted) = &admitted
                && grants.borrow_and_update().rights(admitted).is_none()
            {
                return Over::Revoked;
            }
            let idle = self.connection.last() + self.shared.limits.idle;
            tokio::select! {
                _ = &mut self.ssh => return Over::Ended,
                () = self.connection.end.cancelled() => return Over::Ended,
                () = self.shared.stopping.cancelled() => return Over::Stopping,
                Ok(came) = &mut admission, if admitted.is_none() => {
                    stranger.take();
                    self.person = self.shared.people.take(came.user, CONNECTIONS_PER_PERSON);
                    if self.person.is_none() {
                        return Over::Crowded;
                    }
                    self.welcome(came);
                    admitted = Some(came);
                }
                () = tokio::time::sleep_until(grace), if admitted.is_none() => return Over::Unknown,
                () = tokio::time::sleep_until(idle), if admitted.is_some() => {
                    if self.connection.last() + self.shared.limits.idle <= Instant::now() {
                        return Over::Idle;
                    }
                }
                Ok(()) = grants.changed(), if admitted.is_some() => {}
                Some(session) = self.sessions.recv() => { self.tasks.spawn(session.run()); }
                Some(ended) = self.tasks.join_next() => report(ended),
            }
        }
    }

    fn welcome(&mut self, admitted: Admitted) {
        let address = self.connection.address;
        tracing::info!(
            actor.id = %admitted.user, server.id = %admitted.server, credential.id = %admitted.credential, %address,
            "somebody came in over SFTP"
        );
        self.connection.touch();
        let telling = self.connection.activity.clone().tell(
            Arc::clone(&self.shared.servers),
            admitted,
            address,
            self.shared.limits.report,
            self.connection.over.clone(),
        );
        self.telling.spawn(telling);
    }

    /// Shows out whoever is still there, and waits for all that belonged to the connection.
    async fn end(self, over: Over, handle: &Handle) {
        let Self { connection, mut ssh, sessions, mut tasks, mut telling, .. } = self;
        drop(sessions);
        if let Some(farewell) = over.farewell() {
            let said = async {
                if handle
                    .disconnect(Disconnect::ByApplication, farewell.to_owned(), "en".to_owned())
                    .await
                    .is_ok()
                {
                    // It ends when the client has gone.
                    if (&mut ssh).await.is_err() {
                        tracing::trace!("the connection broke off while its client was shown out");
                    }
                }
            };
            // Whoever does not listen goes without.
            tokio::time::timeout(FAREWELL, said).await.ok();
        }
        connection.end.cancel();
        let settled = async {
            if !ssh.is_terminated() && (&mut ssh).await.is_err() {
                tracing::trace!("the connection broke off");
            }
            while let Some(ended) = tasks.join_next().await {
                report(ended);
            }
            connection.over.cancel();
            while let Some(ended) = telling.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(SETTLING, settled).await.is_err() {
            tracing::warn!("what a connection to SFTP began does not end with it");
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a session of SFTP failed");
    }
}
