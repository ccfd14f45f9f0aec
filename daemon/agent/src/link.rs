//! The daemon's end of the link: dials the control plane, proves itself, and serves the node's ordinary router to it.
//!
//! The daemon dials because a node may stand behind NAT and needs no open port. It goes on for ever: whatever ends a link,
//! the next attempt follows after a pause that grows with failure and is drawn at random, so that a restarted control
//! plane is not met by all nodes at once. Game servers never notice. What is served here is the very router that the unix
//! socket serves; this module knows no route.
//!
//! **Invariants.** Nothing is signed for a control plane that has not proved itself. Nothing is sent in clear to a public
//! address. Every task of a link ends with it; a request that the control plane gives up is dropped, so that work which
//! must not be cut belongs to a supervisor and not to a handler.
//!
//! Modules in reading order: [`identity`], [`dial`], `session`, `backoff`.

pub mod dial;
pub mod identity;

mod backoff;
mod session;

pub use dial::DialError;
pub use identity::{Identity, IdentityError};

use axum::Router;
use backoff::Backoff;
use dial::Dialer;
use gantry_protocol::tunnel::Caller;
use session::SessionError;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A link that stood this long was a good one: the next pause is the shortest again.
const STABLE: Duration = Duration::from_secs(30);

/// What [`run`] needs to know.
#[derive(Debug)]
pub struct LinkConfig {
    pub identity: Identity,
    /// The version that the control plane is told.
    pub agent_version: String,
    /// A PEM file of certificate authorities to trust besides the system's.
    pub extra_ca: Option<PathBuf>,
    /// Where the link's state is shown.
    pub state: watch::Sender<LinkState>,
}

/// Whether the control plane hears this node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// The first attempt has not ended.
    #[default]
    Connecting,
    Connected,
    /// Attempts go on.
    Disconnected {
        /// What happened, and what to do if it stays so.
        reason: String,
    },
}

/// Keeps the link up and serves `router` over it until `shutdown`.
pub async fn run(config: LinkConfig, router: Router, shutdown: CancellationToken) {
    let dialer = Dialer::new(config.extra_ca.clone());
    let caller = config.identity.caller(config.agent_version.clone());
    let mut announcer = Announcer { node: caller.node_id.to_string(), state: config.state, logged: None };
    let mut backoff = Backoff::default();
    loop {
        let attempt = attempt(&config.identity, &dialer, &caller, &router, &mut announcer, &shutdown);
        let Some(ended) = shutdown.run_until_cancelled(attempt).await else { break };
        if shutdown.is_cancelled() {
            break;
        }
        if ended.lasted >= STABLE {
            backoff = Backoff::default();
        }
        announcer.show(LinkState::Disconnected { reason: ended.reason });
        let pause = backoff.pause(ended.asked);
        if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            break;
        }
    }
    announcer.show(LinkState::Disconnected { reason: "the daemon is stopping".to_owned() });
}

/// How an attempt ended.
struct Ended {
    lasted: Duration,
    reason: String,
    /// How long the control plane asked to be left alone.
    asked: Option<Duration>,
}

async fn attempt(
    identity: &Identity,
    dialer: &Dialer,
    caller: &Caller,
    router: &Router,
    announcer: &mut Announcer,
    shutdown: &CancellationToken,
) -> Ended {
    let stream = match session::establish(identity, dialer, caller).await {
        Ok(stream) => stream,
        Err(error) => {
            return Ended { lasted: Duration::ZERO, reason: chain(&error), asked: error.asked() };
        }
    };
    announcer.show(LinkState::Connected);
    let since = Instant::now();
    let ended = session::serve(stream, router.clone(), shutdown).await;
    let reason = ended.err().map_or_else(|| chain(&SessionError::Ended), |error| chain(&error));
    Ended { lasted: since.elapsed(), reason, asked: None }
}

/// An error with all its causes, for one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// Shows the state to who watches, and logs each change once however often it is seen again.
struct Announcer {
    node: String,
    state: watch::Sender<LinkState>,
    logged: Option<LinkState>,
}

impl Announcer {
    fn show(&mut self, state: LinkState) {
        if self.logged.as_ref() != Some(&state) {
            match &state {
                LinkState::Connecting => {}
                LinkState::Connected => {
                    tracing::info!(node.id = %self.node, "connected to the control plane")
                }
                LinkState::Disconnected { reason } => {
                    tracing::warn!(node.id = %self.node, reason, "not connected to the control plane");
                }
            }
            self.logged = Some(state.clone());
        }
        self.state.send_if_modified(|shown| {
            let changed = *shown != state;
            *shown = state;
            changed
        });
    }
}
