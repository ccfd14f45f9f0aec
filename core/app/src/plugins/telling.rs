//! Tells plugins what happened: whatever the table of deliveries says is due, one event after another for each plugin, each
//! plugin in a task of its own, so that a slow one holds up nobody.
//!
//! The table is the queue, shared by all control planes; a bell only says that there is something. An event is told at least
//! once: what was told and could not be written down is told again, with the same id. Who ends in order gives its claims back.

use super::settings;
use crate::{
    App,
    error::{Answer, AppError},
    lend::About,
};
use chrono::Utc;
use gantry_domain::{
    events::{self, Heard, Verdict},
    plugins::{Release, ReleaseFailure},
};
use gantry_host::{CallError, HostError, Plugin as Loaded};
use gantry_store::deliveries::{Claimed, Owed};
use gantry_types::unsaid::Unsaid;
use gantry_types::{PluginId, problem::Code, server::Setting};
use std::{collections::HashMap, time::Duration};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long nobody else tells what was claimed: longer than any call takes, waiting for its turn included.
const LEASE: Duration = Duration::from_secs(120);
/// How often is looked without a bell: another control plane may have fallen over.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The pause after a fault that is not the plugin's.
const PAUSE: Duration = Duration::from_secs(5);
/// Events that are told before the plugin is looked up anew: its grants may be others by now.
const ROUNDS: usize = 16;

/// Tells until cancelled.
pub(crate) async fn tell(app: &App, cancel: &CancellationToken) {
    let (mut tellers, mut at_work) = (JoinSet::new(), HashMap::<Id, PluginId>::new());
    while !cancel.is_cancelled() {
        let wait = match app.due().await {
            Ok(owed) => {
                let idle: Vec<Owed> =
                    owed.into_iter().filter(|one| !at_work.values().any(|id| *id == one.plugin)).collect();
                let (due, later): (Vec<Owed>, Vec<Owed>) =
                    idle.into_iter().partition(|one| one.due_in.is_zero());
                for owed in due {
                    let (id, app, cancel) = (owed.plugin, app.clone(), cancel.clone());
                    let teller = tellers.spawn(async move { tell_plugin(&app, &owed, &cancel).await });
                    at_work.insert(teller.id(), id);
                }
                later.iter().map(|one| one.due_in).min().unwrap_or(LOOK_EVERY).min(LOOK_EVERY)
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "what plugins are to be told cannot be read"
                );
                PAUSE
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = app.hook_bell().notified() => {}
            Some(ended) = tellers.join_next_with_id() => {
                let id = match &ended {
                    Ok((id, ())) => *id,
                    Err(error) => {
                        tracing::error!(%error, "telling a plugin broke off");
                        error.id()
                    }
                };
                at_work.remove(&id);
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
    while tellers.join_next().await.is_some() {}
}

async fn tell_plugin(app: &App, owed: &Owed, cancel: &CancellationToken) {
    let Err(error) = app.tell_in_turn(owed, cancel).await else { return };
    tracing::warn!(
        plugin.id = %owed.plugin, error = &error as &dyn std::error::Error,
        "a plugin could not be told of events; they wait"
    );
    cancel.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
}

impl App {
    async fn due(&self) -> Answer<Vec<Owed>> {
        Ok(self.db().as_system().await?.owed().await?)
    }

    /// Tells one plugin what is due, until there is no more of it or it asks for a pause.
    async fn tell_in_turn(&self, owed: &Owed, cancel: &CancellationToken) -> Answer<()> {
        let loaded = match self.components().of_release(self.db(), &owed.digest, &owed.granted).await {
            Ok(loaded) => Ok(loaded),
            // Whoever asks next may find it mended: another grant, another release.
            Err(error @ AppError::Component(HostError::Rejected(_) | HostError::Compile(_))) => {
                Err(error.detail())
            }
            Err(error) => return Err(error),
        };
        for _ in 0..ROUNDS {
            let mut tx = self.db().as_system().await?;
            let claimed = tx.claim_delivery(owed.plugin, &owed.digest, LEASE).await?;
            tx.commit().await?;
            let Some(claimed) = claimed else { return Ok(()) };
            let hearing = async {
                match &loaded {
                    Ok(loaded) => self.hear(owed, loaded, &claimed).await,
                    Err(reason) => {
                        Ok((Heard::Badly(reason.clone()), Some(fault("load", Code::PluginRejected, reason))))
                    }
                }
            };
            let Some(heard) = cancel.run_until_cancelled(hearing).await else {
                return self.give_back(&claimed).await;
            };
            let (heard, fault) = match heard {
                Ok(heard) => heard,
                Err(error) => {
                    self.give_back(&claimed).await?;
                    return Err(error);
                }
            };
            let verdict = events::verdict(claimed.attempt, heard);
            let pauses = matches!(verdict, Verdict::Again { everything: true, .. });
            self.settle(owed, &claimed, verdict, fault).await?;
            if pauses {
                break;
            }
        }
        Ok(())
    }

    /// Tells it, and what came of that. An error is nobody's fault but ours.
    async fn hear(
        &self,
        owed: &Owed,
        loaded: &Loaded,
        claimed: &Claimed,
    ) -> Answer<(Heard, Option<ReleaseFailure>)> {
        let mut tx = self.db().as_system().await?;
        let (release, set) =
            (tx.plugin_release(owed.plugin, &owed.digest).await?, tx.plugin_settings(owed.plugin).await?);
        drop(tx);
        let values = match settings::given(asked(&release), &set.values) {
            Ok(values) => values,
            Err(problems) => {
                let told: Vec<String> =
                    problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect();
                let reason = format!("Its settings need another value. {}", told.join(" "));
                return Ok((Heard::Badly(reason), None));
            }
        };
        let secret =
            |value: &&gantry_domain::variables::StoredValue| value.secret || set.sealed.contains(&value.key);
        let secrets: Vec<String> = values.iter().filter(secret).map(|value| value.value.clone()).collect();
        let unsaid = Unsaid::new(secrets.iter().map(String::as_str));
        let values: Vec<Setting> =
            values.into_iter().map(|value| Setting { key: value.key, value: value.value }).collect();
        let call = self.lend(loaded, owed.plugin, About::Plugin, secrets);
        match loaded.handle(&call, &claimed.event, &values).await {
            Ok(()) => Ok((Heard::Well, None)),
            Err(CallError::Failed(failure)) => {
                let reason = unsaid.out_of(failure.message);
                Ok((
                    match failure.retry_after {
                        Some(after) => Heard::Later(after, reason),
                        None => Heard::Badly(reason),
                    },
                    None,
                ))
            }
            Err(CallError::Stopped(stop)) => {
                let reason = unsaid.out_of(stop.message);
                let fault = fault(stop.call, Code::PluginFailed, &reason);
                Ok((Heard::Badly(reason), Some(fault)))
            }
            // It was not asked, which is no attempt of its.
            Err(CallError::Refused(refusal)) => {
                Ok((Heard::Later(refusal.retry_after, refusal.message), None))
            }
            Err(CallError::Host(error)) => Err(error.into()),
        }
    }

    async fn settle(
        &self,
        owed: &Owed,
        claimed: &Claimed,
        verdict: Verdict,
        fault: Option<ReleaseFailure>,
    ) -> Answer<()> {
        let mut tx = self.db().as_system().await?;
        if let Some(fault) = fault {
            tx.record_failure(&owed.digest, &fault, Utc::now()).await?;
        }
        let outcome = match &verdict {
            Verdict::Told => {
                tx.told(claimed).await?;
                let release = tx.plugin_release(owed.plugin, &owed.digest).await?;
                // What has no games proves itself by listening.
                if !release.has_games && release.proved_at.is_none() {
                    tx.prove_release(&owed.digest).await?;
                }
                "told"
            }
            Verdict::Again { after, reason, counted, everything } => {
                tx.tell_again(claimed, *after, *counted, Some(reason)).await?;
                if *everything {
                    tx.pause_deliveries(owed.plugin, *after).await?;
                }
                "again"
            }
            Verdict::GivenUp { reason } => {
                tracing::warn!(
                    plugin.name = owed.name,
                    event.id = claimed.event.id,
                    event.kind = claimed.event.kind,
                    reason,
                    "a plugin was not told of an event, and is not told again"
                );
                tx.give_up_delivery(claimed, reason).await?;
                "given_up"
            }
        };
        tx.commit().await?;
        metrics::counter!("gantry_hook_deliveries_total", "outcome" => outcome).increment(1);
        Ok(())
    }

    /// Nothing came of an attempt, which therefore does not count.
    async fn give_back(&self, claimed: &Claimed) -> Answer<()> {
        let mut tx = self.db().as_system().await?;
        tx.tell_again(claimed, Duration::ZERO, false, None).await?;
        Ok(tx.commit().await?)
    }
}

fn asked(release: &Release) -> &[gantry_types::blueprint::Variable] {
    release.listening.as_ref().map_or(&[], |listening| &listening.settings)
}

fn fault(call: &str, code: Code, message: &str) -> ReleaseFailure {
    ReleaseFailure {
        call: call.to_owned(),
        code: code.as_str().to_owned(),
        message: message.to_owned(),
        server_id: None,
        server_name: None,
        node_name: None,
    }
}
