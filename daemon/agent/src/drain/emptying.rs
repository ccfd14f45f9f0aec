//! One server of a drain: its players are told, it is saved and stopped, and backed up where that is wanted.

use super::{Drains, warnings};
use crate::{
    backups::{self, Wanted},
    failure::NotDone,
    node::{Node, Shared},
    server::{ServerHandle, hand::Hand, refusal},
    words::{Why, cut, sentence},
};
use chrono::TimeDelta;
use gantry_host::Part;
use gantry_protocol::{Refusal, RefusalCode};
use gantry_types::{
    BackupId, ServerId,
    action::Availability,
    backup::{Backup, BackupCause},
    drain::{Drain, ServerDrain, ServerDrainState},
    server::Observed,
    unsaid::Unsaid,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Nobody plays where nobody has for so long, at the least: who changes maps or reconnects comes back sooner.
const EMPTY_FOR: Duration = Duration::from_secs(10);
/// Before a server whose supervisor failed, or that is being backed up, is looked at again.
const PAUSE: Duration = Duration::from_secs(1);
/// So long a game may take to tell players that there is no time left.
const LAST_WORD: Duration = Duration::from_secs(5);
/// Letters of what could not be done.
const TROUBLE: usize = 300;
/// Who is said to have typed what a drain takes.
const ACTOR: &str = "drain";
const NOBODY: Option<u32> = Some(0);
const NOBODY_TOLD: &str = "Players could not be told";

pub(super) struct Emptying {
    pub(super) node: Node,
    pub(super) server: ServerId,
    pub(super) known: ServerDrain,
    pub(super) drain: Drain,
    pub(super) changes: watch::Receiver<Option<Drain>>,
}

impl Emptying {
    /// Does what is left of it, unless the drain ends before. A game that is asked to save is told that it may write again all the
    /// same: it may go on running.
    pub(super) async fn whole(mut self, called_off: CancellationToken) {
        let from = self.known.state;
        if self.drains().is_quieted(self.server) {
            // A former daemon, or a former drain, was in the middle of it.
            let_write(&self.node, self.server).await;
        }
        if from == ServerDrainState::Waiting {
            if called_off.run_until_cancelled(self.until_empty()).await.is_none() {
                return;
            }
            // What has ended by itself has nothing left to save.
            if self.drains().spares(self.server) {
                self.enter(ServerDrainState::Saving).await;
                self.save().await;
            }
        }
        called_off.run_until_cancelled(self.down(from)).await;
    }

    async fn down(&mut self, from: ServerDrainState) {
        if from != ServerDrainState::BackingUp {
            self.enter(ServerDrainState::Stopping).await;
            self.stop().await;
        }
        self.take_changes();
        if self.drain.backup {
            self.enter(ServerDrainState::BackingUp).await;
            self.back_up().await;
        }
        self.enter(ServerDrainState::Drained).await;
    }

    fn shared(&self) -> &Arc<Shared> {
        self.node.shared()
    }

    /// The server's handle. Where its supervisor failed it is another one soon.
    fn handle(&self) -> Result<ServerHandle, Refusal> {
        let gone = || refusal(RefusalCode::UnknownServer, "the server is not there any more");
        self.node.server(self.server).ok_or_else(gone)
    }

    fn drains(&self) -> &Drains {
        &self.shared().drains
    }

    async fn enter(&mut self, state: ServerDrainState) {
        self.known.state = state;
        self.drains().tell(self.shared(), self.server, &self.known).await;
    }

    /// Tells what could not be done as it should, once.
    async fn note(&mut self, what: &str, why: &str) {
        if !self.known.trouble.iter().any(|known| known.starts_with(what)) {
            self.known.trouble.push(cut(&format!("{what}: {why}"), TROUBLE));
            self.enter(self.known.state).await;
        }
    }

    /// The drain as it was changed meanwhile; nothing comes of one that is over, for this is called off then.
    fn take_changes(&mut self) {
        if let Some(present) = self.changes.borrow_and_update().clone() {
            self.drain = present;
        }
    }

    // ---- waiting ----

    /// Tells players, until none are left, the deadline comes, or the game has ended by itself.
    async fn until_empty(&mut self) {
        let (node, server) = (self.node.clone(), self.server);
        let long = self.shared().clock.wait(self.certain().await);
        tokio::select! {
            () = has_ended(&node, server) => {}
            () = nobody_plays(&node, server, long) => {}
            () = self.until_deadline() => {}
        }
    }

    /// After how long without players nobody plays: whoever came since the game was last asked is not counted yet.
    async fn certain(&self) -> Duration {
        let asked = match self.handle() {
            Ok(handle) => handle.collects_every().await.ok().flatten(),
            Err(_) => None,
        };
        asked.map_or(EMPTY_FOR, |every| EMPTY_FOR.max(every * 2))
    }

    async fn until_deadline(&mut self) {
        let mut left = self.left();
        // Of a deadline that is there all of a sudden nobody has been told.
        let mut is_sudden = true;
        while left > TimeDelta::zero() {
            let next = warnings::next(left).unwrap_or_default();
            let wait = self.shared().clock.wait((left - next).to_std().unwrap_or_default());
            let until = Instant::now() + wait;
            // A game that takes long to tell them does not move the deadline.
            self.tell_players_until(until, left).await;
            tokio::select! {
                () = tokio::time::sleep_until(until) => (left, is_sudden) = (next, false),
                () = self.changed() => (left, is_sudden) = (self.left(), true),
            }
        }
        if is_sudden {
            let until = Instant::now() + self.shared().clock.wait(LAST_WORD);
            self.tell_players_until(until, TimeDelta::zero()).await;
        }
    }

    async fn tell_players_until(&mut self, until: Instant, left: TimeDelta) {
        if let Ok(Some(why)) = tokio::time::timeout_at(until, self.tell_players(left)).await {
            self.note(NOBODY_TOLD, &why).await;
        }
    }

    /// Waits until it is another, and takes it as it is then.
    async fn changed(&mut self) {
        let known = Some(self.drain.clone());
        let changed = self.changes.wait_for(|drain| drain.is_some() && *drain != known).await;
        let Some(changed) = changed.ok().and_then(|drain| drain.clone()) else {
            // It is over, and this is called off.
            return std::future::pending().await;
        };
        self.drain = changed;
    }

    fn left(&self) -> TimeDelta {
        self.drain.deadline - self.shared().clock.now()
    }

    /// Answers why they could not be told.
    async fn tell_players(&self, left: TimeDelta) -> Option<String> {
        if self.drain.message.is_empty() {
            return None;
        }
        let handle = match self.handle() {
            Ok(handle) => handle,
            Err(refusal) => return Some(sentence(&refusal.message)),
        };
        if *handle.players.borrow() == NOBODY {
            return None;
        }
        // Nobody plays yet where it still starts.
        if !handle.observe().await.is_ok_and(|server| server.observed.state == Observed::Running) {
            return None;
        }
        let text = warnings::text(&self.drain.message, left);
        let deed = move |hand: Hand| async move {
            let secrets = hand.secrets();
            let unsaid = Unsaid::new(secrets.iter().map(String::as_str));
            let why = |not: NotDone| Why(unsaid.out_of(sentence(&not.failure.message)));
            let plugin = hand.plugin().await.map_err(|failure| why(failure.into()))?;
            if !plugin.has(Part::Quiescing) {
                return Err(Why("The game's plugin knows no way to.".to_owned()));
            }
            hand.broadcast(&text, ACTOR).await.map(drop).map_err(why)
        };
        let done: Result<(), Why> = handle.with_hand(Availability::Running, deed).await;
        done.err().map(|why| why.0)
    }

    // ---- saving, stopping, backing up ----

    async fn save(&mut self) {
        let Ok(handle) = self.handle() else { return };
        if self.shared().backups.keeps_quiet(self.server).await {
            // It has saved, and what told it to write again would spoil the backup for which it did.
            return;
        }
        let owing = || self.drains().note_quiet(self.shared(), self.server, true);
        let quiet = backups::quiet::keep(&handle, ACTOR, owing).await;
        if let Some(why) = quiet.why {
            self.note("The game did not save everything before it was stopped", &why).await;
        }
        if self.drains().is_quieted(self.server) {
            // A game that stops may write as it does, and one that goes on must.
            let_write(&self.node, self.server).await;
        }
    }

    /// Ends when nothing runs.
    async fn stop(&self) {
        while let Ok(handle) = self.handle() {
            handle.console.say(self.shared().clock.now(), "The node is being drained: the server stops.");
            if handle.stand_down().await.is_ok() {
                return;
            }
            // Its supervisor failed, and is put back.
            tokio::time::sleep(self.shared().clock.wait(PAUSE)).await;
        }
    }

    async fn back_up(&mut self) {
        if let Err(why) = self.backed_up().await {
            self.note("No backup was made", &why).await;
        }
    }

    async fn backed_up(&self) -> Result<Backup, String> {
        let wanted = Wanted {
            id: BackupId::new(Uuid::now_v7()),
            name: "Drain".to_owned(),
            locked: false,
            cause: BackupCause::Drain { name: self.drain.by.clone() },
        };
        let begun = loop {
            let handle = self.handle().map_err(|refusal| sentence(&refusal.message))?;
            match self.shared().backups.make(self.shared(), &handle, wanted.clone()).await {
                Ok(begun) => break begun,
                // One that somebody else wanted is being made: of a game that ran, so it is not the same.
                Err(Refusal { code: RefusalCode::BackupInUse, .. }) => {
                    tokio::time::sleep(self.shared().clock.wait(PAUSE)).await;
                }
                Err(refusal) => return Err(sentence(&refusal.message)),
            }
        };
        // With the drain it is called off.
        begun.made().await
    }
}

/// Tells a game that was to save for a drain that it may write again, once it is no longer on its way up or down.
pub(super) async fn let_write(node: &Node, server: ServerId) {
    let shared = node.shared();
    let handle = loop {
        // Its supervisor may have failed, and is put back.
        let Some(handle) = node.server(server) else { return };
        if handle.observe().await.is_ok() {
            break handle;
        }
        tokio::time::sleep(shared.clock.wait(PAUSE)).await;
    };
    backups::quiet::until_settled(&handle).await;
    match backups::quiet::end(shared, &handle, ACTOR).await {
        Ok(()) if shared.drains.note_quiet(shared, server, false).await => {}
        Ok(()) => shared.drains.give_up_on(server),
        Err(why) => {
            shared.drains.give_up_on(server);
            handle.console.say(shared.clock.now(), &backups::quiet::unheard(&why));
        }
    }
}

/// Waits until a server that was spared runs no more.
async fn has_ended(node: &Node, server: ServerId) {
    let drains = &node.shared().drains;
    while drains.spares(server) {
        let Some(mut steps) = node.server(server).map(|handle| handle.steps()) else { return };
        if drains.spares(server) && steps.changed().await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Waits until nobody has played for this long.
async fn nobody_plays(node: &Node, server: ServerId, long: Duration) {
    while let Some(handle) = node.server(server) {
        let mut players = handle.players.clone();
        if players.wait_for(|count| *count == NOBODY).await.is_ok() {
            match tokio::time::timeout(long, players.wait_for(|count| *count != NOBODY)).await {
                Err(_) => return,
                Ok(Ok(_)) => continue,
                Ok(Err(_)) => {}
            }
        }
        // Its supervisor failed, and is put back.
        tokio::time::sleep(PAUSE).await;
    }
}
