//! Quiet: the game writes everything and then nothing, until it is told that it may again. Backups ask for it while they read, and drains
//! before they stop a game.

use crate::{
    failure::NotDone,
    node::Shared,
    server::{ServerHandle, hand::Hand},
    words::{cut, sentence},
};
use gantry_host::Part;
use gantry_protocol::Refusal;
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

/// Whether the game is quiet, and why it is not where it should be.
pub(crate) type Quiet = (Quiesce, Option<String>);

/// Asks for quiet. Before the game is asked, `owing` is told: from then on the game must be told that it may write again.
pub(crate) async fn keep<F: Future<Output = bool>>(
    handle: &ServerHandle,
    actor: &'static str,
    owing: impl FnOnce() -> F,
) -> Quiet {
    let seen = handle.observe().await.map(|server| server.observed.state);
    match seen {
        Ok(Observed::Running) => {}
        Ok(Observed::Offline | Observed::Crashed | Observed::Uninstalled | Observed::Deleted) => {
            return (Quiesce::Offline, None);
        }
        Ok(Observed::Starting | Observed::Stopping) => {
            return (Quiesce::Failed, Some("The game was starting or stopping.".to_owned()));
        }
        Err(refusal) => return (Quiesce::Failed, Some(sentence(&refusal.message))),
    }
    if !owing().await {
        return (Quiesce::Failed, Some("The node's ledger could not be written.".to_owned()));
    }
    match ask(handle, actor, Wish::Quiet).await {
        Ok(Done::Nothing) => (Quiesce::Unsupported, None),
        Ok(Done::Effects) => (Quiesce::Quiesced, None),
        Err(why) => (Quiesce::Failed, Some(why.0)),
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
async fn until_settled(handle: &ServerHandle) {
    let mut steps = handle.terms.clone();
    loop {
        steps.mark_unchanged();
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

/// Why it was not done.
struct Why(String);

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self(sentence(&refusal.message))
    }
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
