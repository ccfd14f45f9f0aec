//! Drains of this node: every server stops in good time, stays down, and starts again when the drain ends.
//!
//! What is wanted of the node is written down with the servers that ran when it began, before any of them is touched, so that the next
//! daemon goes on with it. A server that does not run is held from then on; one that does is spared until its own task has seen it
//! empty: nobody plays, or the deadline came. The hold is this node's and changes nothing of what people want.
//!
//! Modules in reading order: `keeper`, `emptying`, `warnings`.

mod emptying;
mod keeper;
mod warnings;

pub(crate) use keeper::keep;

use crate::{
    failure::chain,
    ledger::{Change, Ledger, LedgerError, ServerRecord},
    node::{Node, Shared},
    server::refusal,
};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_lifecycle::{Asked, Phase};
use gantry_protocol::{DesiredNode, Event, Refusal, RefusalCode};
use gantry_types::{
    DrainId, ServerId,
    drain::{Drain, MAX_MESSAGE, MAX_WAIT, ServerDrain, ServerDrainState},
    names::leaves_line,
    server::{Hold, Observed},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, watch};

/// A deadline that moves by less is the same, as another message with another delay tells it.
const SAME: TimeDelta = TimeDelta::seconds(5);

/// The drain that the node is in, and how far it is.
pub(crate) struct Drains {
    /// Held while what is wanted is taken: from looking at the servers until it is written down.
    taking: tokio::sync::Mutex<()>,
    present: Mutex<Present>,
    /// The drain itself, for those who wait on its behalf.
    now: watch::Sender<Option<Drain>>,
    bell: Notify,
}

#[derive(Default)]
struct Present {
    drain: Option<Drain>,
    /// Those that ran when it began.
    servers: HashMap<ServerId, ServerDrain>,
    /// Whose games may still hold back their writes, for this drain or one that is over.
    quieted: HashSet<ServerId>,
}

impl Present {
    fn spares(&self, server: ServerId) -> bool {
        let state = self.servers.get(&server).map(|known| known.state);
        matches!(state, Some(ServerDrainState::Waiting | ServerDrainState::Saving))
    }
}

impl Drains {
    /// Takes up what a former daemon was in.
    pub(crate) async fn open(ledger: &Ledger) -> Result<Self, LedgerError> {
        let (drain, servers) = ledger.drain().await?;
        let quieted = ledger.quieted().await?.into_iter().collect();
        let of_it = |known: &ServerDrain| drain.as_ref().is_some_and(|drain| drain.id == known.drain_id);
        let servers = servers.into_iter().filter(|(_, known)| of_it(known)).collect();
        Ok(Self {
            taking: tokio::sync::Mutex::default(),
            now: watch::Sender::new(drain.clone()),
            present: Mutex::new(Present { drain, servers, quieted }),
            bell: Notify::new(),
        })
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn id(&self) -> Option<DrainId> {
        self.present().drain.as_ref().map(|drain| drain.id)
    }

    /// How far it is with a server that ran when it began.
    pub(crate) fn of(&self, server: ServerId) -> Option<ServerDrain> {
        self.present().servers.get(&server).cloned()
    }

    /// Servers of which something is left to be done.
    fn open_servers(&self) -> Vec<ServerId> {
        let present = self.present();
        let open = present.servers.iter().filter(|(_, known)| known.state != ServerDrainState::Drained);
        open.map(|(server, _)| *server).collect()
    }

    /// Servers whose games are to be told that they may write again, and of which nothing else is left to be done.
    fn left_quiet(&self) -> Vec<ServerId> {
        let present = self.present();
        let open = |server: &ServerId| {
            present.servers.get(server).is_some_and(|known| known.state != ServerDrainState::Drained)
        };
        present.quieted.iter().copied().filter(|server| !open(server)).collect()
    }

    /// Whether a server's game may still hold back its writes.
    fn is_quieted(&self, server: ServerId) -> bool {
        self.present().quieted.contains(&server)
    }

    /// Writes down whether a server's game may hold back its writes. False where that could not be.
    async fn note_quiet(&self, shared: &Shared, server: ServerId, quiet: bool) -> bool {
        let change = Change { quieted: Some(quiet), ..Change::default() };
        if let Err(error) = shared.ledger.commit(server, shared.clock.now(), change).await {
            tracing::error!(server.id = %server, error = chain(&error), "whether a game may write cannot be written down");
            return false;
        }
        let mut present = self.present();
        if quiet {
            present.quieted.insert(server)
        } else {
            present.quieted.remove(&server)
        };
        true
    }

    /// It could not be told that it may write again: the next daemon tries once more.
    fn give_up_on(&self, server: ServerId) {
        self.present().quieted.remove(&server);
    }

    /// Why nobody but the drain has a server backed up now: what is wanted by people and schedules would keep it from its end.
    pub(crate) fn has_files_of(&self, server: ServerId) -> bool {
        let state = self.of(server).map(|known| known.state);
        matches!(
            state,
            Some(ServerDrainState::Saving | ServerDrainState::Stopping | ServerDrainState::BackingUp)
        )
    }

    /// What keeps a server down while the node is drained.
    pub(crate) fn hold(&self, server: ServerId) -> Option<Hold> {
        let present = self.present();
        if present.drain.is_none() || present.spares(server) {
            return None;
        }
        let reason = "The node is being drained; the server starts again afterwards.".to_owned();
        Some(Hold { by: "node".to_owned(), reason })
    }

    /// Whether a server may still run, although the node is being drained.
    pub(crate) fn spares(&self, server: ServerId) -> bool {
        self.present().spares(server)
    }

    /// A server that was spared runs no more: from here on it is held.
    pub(crate) fn ended(&self, server: ServerId) {
        if let Some(known) = self.present().servers.get_mut(&server) {
            known.state = known.state.max(ServerDrainState::Stopping);
        }
    }

    /// Takes what is wanted of the node: written down when this returns.
    pub(crate) async fn want(&self, node: &Node, wanted: DesiredNode) -> Result<(), Refusal> {
        let shared = node.shared();
        let DesiredNode { drain, sent_at } = wanted;
        let now = shared.clock.now();
        let wanted = drain.map(|drain| checked(drain, now, now - sent_at)).transpose()?;
        let _turn = self.taking.lock().await;
        let present = self.present().drain.clone();
        match (wanted, present) {
            (None, None) => Ok(()),
            (None, Some(_)) => {
                tracing::info!("the node is drained no more");
                self.take(shared, None, Some(HashMap::new())).await
            }
            (Some(wanted), Some(present)) if wanted.id == present.id => {
                let moved = (wanted.deadline - present.deadline).abs();
                let deadline = if moved < SAME { present.deadline } else { wanted.deadline };
                let changed = Drain { deadline, ..wanted };
                if changed == present { Ok(()) } else { self.take(shared, Some(changed), None).await }
            }
            (Some(wanted), _) => {
                let running = running(node, wanted.id).await;
                tracing::info!(drain.id = %wanted.id, servers = running.len(), deadline = %wanted.deadline, "the node is being drained");
                self.take(shared, Some(wanted), Some(running)).await
            }
        }
    }

    /// Writes it down and begins with it. Without servers how far it is stays as it is.
    async fn take(
        &self,
        shared: &Shared,
        drain: Option<Drain>,
        servers: Option<HashMap<ServerId, ServerDrain>>,
    ) -> Result<(), Refusal> {
        let rows = servers.clone().map(|servers| servers.into_iter().collect());
        shared.ledger.write_drain(shared.clock.now(), drain.clone(), rows).await.map_err(|error| {
            tracing::error!(error = chain(&error), "what is wanted of the node cannot be written down");
            refusal(RefusalCode::Internal, "the node's ledger cannot be written")
        })?;
        {
            let mut present = self.present();
            present.drain.clone_from(&drain);
            if let Some(servers) = servers {
                present.servers = servers;
            }
        }
        self.now.send_replace(drain);
        self.bell.notify_one();
        Ok(())
    }

    /// Writes down how far it is with a server, and tells of it; nothing where another drain came, or none. It never goes back:
    /// what has ended by itself was noted before its task hears of it.
    async fn tell(&self, shared: &Shared, server: ServerId, told: &ServerDrain) {
        let drain = {
            let mut present = self.present();
            if present.drain.as_ref().is_none_or(|drain| drain.id != told.drain_id) {
                return;
            }
            let before = present.servers.get(&server).map_or(told.state, |known| known.state);
            let drain = ServerDrain { state: told.state.max(before), ..told.clone() };
            present.servers.insert(server, drain.clone());
            drain
        };
        let events = vec![Event::Drain { drain: drain.clone() }];
        let change = Change { drain: Some(drain), events, ..Change::default() };
        if let Err(error) = shared.ledger.commit(server, shared.clock.now(), change).await {
            tracing::error!(server.id = %server, error = chain(&error), "how far a drain is cannot be written down");
        }
    }
}

impl Shared {
    /// What a server is held for: by people, by a daemon that leaves, by a drain. Who has given up does not start by itself: the node
    /// keeps it down only from what is asked anew, so that it is found as it was.
    pub(crate) fn holds(&self, record: &ServerRecord, asked: &Asked) -> Vec<Hold> {
        let people = record.desired.holds.iter().cloned();
        if record.state.phase == Phase::GivenUp && !matches!(asked, Asked::New(_)) {
            return people.collect();
        }
        people.chain(self.leaving.hold()).chain(self.drains.hold(record.desired.id)).collect()
    }
}

/// The servers that run at this moment, or may: one whose supervisor failed is looked at when that is back.
async fn running(node: &Node, drain_id: DrainId) -> HashMap<ServerId, ServerDrain> {
    let mut running = HashMap::new();
    for (server, handle) in node.each() {
        let seen = handle.observe().await.map(|server| server.observed.state);
        let state = match seen {
            Ok(Observed::Starting | Observed::Running) | Err(_) => ServerDrainState::Waiting,
            Ok(Observed::Stopping) => ServerDrainState::Stopping,
            Ok(Observed::Uninstalled | Observed::Offline | Observed::Crashed | Observed::Deleted) => continue,
        };
        running.insert(server, ServerDrain { drain_id, state, trouble: Vec::new() });
    }
    running
}

/// By this node's clock, which may differ from the one that made the deadline.
fn checked(drain: Drain, now: DateTime<Utc>, ahead: TimeDelta) -> Result<Drain, Refusal> {
    let invalid = |why: String| Err(refusal(RefusalCode::Invalid, why));
    if drain.message.chars().count() > MAX_MESSAGE || drain.message.chars().any(leaves_line) {
        return invalid(format!("what players are told is one line of at most {MAX_MESSAGE} letters"));
    }
    let deadline = drain.deadline.checked_add_signed(ahead).unwrap_or(drain.deadline);
    if deadline - now > TimeDelta::seconds(MAX_WAIT.into()) + SAME {
        return invalid(format!("the deadline is more than {MAX_WAIT} seconds away"));
    }
    Ok(Drain { deadline, ..drain })
}
