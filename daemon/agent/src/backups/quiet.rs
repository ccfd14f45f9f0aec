//! Quiet: the game writes everything and then nothing, until it is told that it may again. Backups ask for it while they read, and drains
//! before they stop a game.

use crate::{
    failure::NotDone,
    node::Shared,
    server::{ServerHandle, hand::Hand},
    words::{Why, cut, sentence},
};
use chrono::{DateTime, Utc};
use gantry_host::Part;
use gantry_types::{
    BackupId, ServerId, action::Availability, backup::Quiesce, server::Observed, unsaid::Unsaid,
};
use std::{sync::Arc, time::Duration};

/// Who is said to have typed what quiet for a backup takes.
pub(super) const ACTOR: &str = "backup";
/// Letters of what a plugin or a game says of why it was not quiet.
const SAID: usize = 300;
/// How often a game is told that it may write again, and how long between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);

/// Whether the game is quiet.
pub(crate) struct Quiet {
    pub(crate) quiesce: Quiesce,
    /// Why it is not where it should be.
    pub(crate) why: Option<String>,
    /// How it was found, and since when it had been so.
    seen: Option<(Observed, DateTime<Utc>)>,
}

impl Quiet {
    /// Whether the game is as it was found: not started, stopped or crashed since.
    pub(super) async fn holds(&self, handle: &ServerHandle) -> bool {
        let now = handle.observe().await.ok().map(|server| (server.observed.state, server.observed.since));
        self.seen.is_some() && self.seen == now
    }
}

/// Asks for quiet. Before the game is asked, `owing` is told: from then on the game must be told that it may write again.
pub(crate) async fn keep<F: Future<Output = bool>>(
    handle: &ServerHandle,
    actor: &'static str,
    owing: impl FnOnce() -> F,
) -> Quiet {
    let failed = |seen, why: &str| Quiet { quiesce: Quiesce::Failed, why: Some(why.to_owned()), seen };
    let found = match handle.observe().await {
        Ok(server) => server.observed,
        Err(refusal) => return failed(None, &sentence(&refusal.message)),
    };
    let seen = Some((found.state, found.since));
    match found.state {
        Observed::Running => {}
        Observed::Offline | Observed::Crashed | Observed::Uninstalled | Observed::Deleted => {
            return Quiet { quiesce: Quiesce::Offline, why: None, seen };
        }
        Observed::Starting | Observed::Stopping => return failed(seen, "The game was starting or stopping."),
    }
    if !owing().await {
        return failed(seen, "The node's ledger could not be written.");
    }
    match ask(handle, actor, Wish::Quiet).await {
        Ok(Done::Nothing) => Quiet { quiesce: Quiesce::Unsupported, why: None, seen },
        Ok(Done::Effects) => Quiet { quiesce: Quiesce::Quiesced, why: None, seen },
        Err(Why(why)) => failed(seen, &why),
    }
}

/// Tells the game that it may write again. Where none runs any more there is nobody to tell.
pub(crate) async fn end(shared: &Shared, handle: &ServerHandle, actor: &'static str) -> Result<(), String> {
    let mut tries = 0;
    loop {
        tries += 1;
        let Err(Why(why)) = ask(handle, actor, Wish::Writing).await else { return Ok(()) };
        let seen = handle.observe().await.map(|server| server.observed.state);
        if !matches!(seen, Ok(Observed::Running)) {
            return Ok(());
        }
        if tries == TRIES {
            return Err(why);
        }
        tokio::time::sleep(shared.clock.wait(PAUSE)).await;
    }
}

/// What a former daemon owed: as soon as the game can be reached.
pub(super) async fn make_up(shared: &Arc<Shared>, handle: &ServerHandle, server: ServerId, id: BackupId) {
    let stopping = shared.backups.stopping.clone();
    let reached = stopping.run_until_cancelled(until_settled(handle)).await;
    if reached.is_none() {
        return;
    }
    match end(shared, handle, ACTOR).await {
        Ok(()) => {
            if let Err(refusal) = shared.backups.alter(shared, server, id, |kept| kept.quiet = false).await {
                tracing::warn!(server.id = %server, why = refusal.message, "that a game may write again is not written down");
            }
        }
        Err(why) => handle.console.say(shared.clock.now(), &unheard(&why)),
    }
}

/// What is said where a game could not be told that it may write again.
pub(crate) fn unheard(why: &str) -> String {
    format!(
        "The game may still hold back its writes: {why} Restart it, or tell it to write again by its own command."
    )
}

/// Waits while the game is on its way up or down.
pub(crate) async fn until_settled(handle: &ServerHandle) {
    loop {
        let mut steps = handle.steps();
        let seen = handle.observe().await.map(|server| server.observed.state);
        let moves = matches!(seen, Ok(Observed::Starting | Observed::Stopping));
        if !moves || steps.changed().await.is_err() {
            return;
        }
    }
}

#[derive(Clone, Copy)]
enum Wish {
    Quiet,
    Writing,
}

enum Done {
    /// The plugin has nothing to do for it, or knows of no such thing.
    Nothing,
    Effects,
}

async fn ask(handle: &ServerHandle, actor: &'static str, wish: Wish) -> Result<Done, Why> {
    let deed = move |hand: Hand| async move {
        let secrets = hand.secrets();
        let unsaid = Unsaid::new(secrets.iter().map(String::as_str));
        let told = |not: NotDone| Why(cut(&unsaid.out_of(sentence(&not.failure.message)), SAID));
        done(&hand, actor, wish).await.map_err(told)
    };
    handle.with_hand(Availability::Running, deed).await
}

async fn done(hand: &Hand, actor: &str, wish: Wish) -> Result<Done, NotDone> {
    let plugin = hand.plugin().await?;
    if !plugin.parts().has(Part::Quiescing) {
        return Ok(Done::Nothing);
    }
    let (call, context) = (hand.call(&plugin), hand.context());
    let effects = match wish {
        Wish::Quiet => hand.ask(plugin.quiesce(&call, &context)).await?,
        Wish::Writing => hand.ask(plugin.resume(&call, &context)).await?,
    };
    if effects.is_empty() {
        return Ok(Done::Nothing);
    }
    hand.carry_out(effects, actor).await?;
    Ok(Done::Effects)
}
