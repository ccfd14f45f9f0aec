//! What plugins asked for beyond what they have: a line in the audit log for each plugin, capability and target, once an hour.
//!
//! Calls do not wait for it: a refusal is noted while the guest runs, and a standing job writes it down. What is noted stays
//! until it is written, whatever becomes of the call. Targets are the guest's own words, so of one plugin only so many are told
//! apart; one more line says that there were others.

use crate::{App, error::Answer};
use gantry_domain::audit::{AuditEntry, Origin};
use gantry_host::{Beyond, Manifest};
use gantry_types::ServerId;
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a line speaks for what is like it.
const ONCE_IN: Duration = Duration::from_secs(60 * 60);
/// Targets of one plugin that are told apart within that time.
const TARGETS: usize = 16;
/// Characters of a target that are kept.
const TARGET_CHARACTERS: usize = 253;
/// How long the job waits after the database gave no answer.
const PAUSE: Duration = Duration::from_secs(5);
/// What stands for all targets beyond the most.
const OTHERS: &str = "(others)";

/// Refusals that were noted, and those that are to be written down.
#[derive(Clone, Default)]
pub(crate) struct Denials(Arc<Book>);

#[derive(Default)]
struct Book {
    noted: Mutex<Noted>,
    bell: Notify,
}

#[derive(Default)]
struct Noted {
    /// By plugin: what was refused, and when it was first.
    since: HashMap<String, HashMap<(&'static str, String), Instant>>,
    due: Vec<Denial>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Denial {
    plugin: String,
    version: String,
    capability: &'static str,
    target: String,
    server: Option<ServerId>,
}

impl Denials {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, mut denial: Denial, now: Instant) {
        let is_due = {
            let mut noted = self.noted();
            let of_plugin = noted.since.entry(denial.plugin.clone()).or_default();
            of_plugin.retain(|_, since| now.duration_since(*since) < ONCE_IN);
            let mut key = (denial.capability, denial.target.clone());
            if !of_plugin.contains_key(&key) && of_plugin.len() >= TARGETS {
                OTHERS.clone_into(&mut denial.target);
                key.1.clone_from(&denial.target);
            }
            let is_new = !of_plugin.contains_key(&key);
            if is_new {
                of_plugin.insert(key, now);
                noted.due.push(denial);
            }
            is_new
        };
        if is_due {
            self.0.bell.notify_one();
        }
    }

    fn due(&self) -> Vec<Denial> {
        self.noted().due.clone()
    }

    fn written(&self, count: usize) {
        self.noted().due.drain(..count);
    }
}

/// Who asks in one call.
#[derive(Clone)]
pub(super) struct Borrower {
    denials: Denials,
    plugin: String,
    version: String,
    server: Option<ServerId>,
}

impl Borrower {
    pub(super) fn new(denials: &Denials, manifest: &Manifest, server: Option<ServerId>) -> Self {
        let (plugin, version) = (manifest.id.clone(), manifest.version.clone());
        Self { denials: denials.clone(), plugin, version, server }
    }

    /// The plugin's id.
    pub(super) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// As the plugin is called where it is named to others.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.plugin, self.version)
    }
}

impl Beyond for Borrower {
    fn refused(&self, capability: &'static str, target: &str) {
        let denial = Denial {
            plugin: self.plugin.clone(),
            version: self.version.clone(),
            capability,
            target: target.chars().take(TARGET_CHARACTERS).collect(),
            server: self.server,
        };
        self.denials.note(denial, Instant::now());
    }
}

impl Denial {
    /// The plugin did it, by itself: there is no person whose line it could be.
    fn entry(self) -> AuditEntry {
        let entry = AuditEntry::new("plugin.denied", "plugin", self.plugin, Origin::default()).after(json!({
            "version": self.version,
            "capability": self.capability,
            "target": if self.target.is_empty() { None } else { Some(self.target) },
        }));
        match self.server {
            Some(server) => entry.about(server),
            None => entry,
        }
    }
}

/// Writes down what is noted, until cancelled; what is there then, last.
pub(crate) async fn write_down(app: &App, cancel: &CancellationToken) {
    loop {
        let goes_on = cancel.run_until_cancelled(app.denials().0.bell.notified()).await.is_some();
        while let Err(error) = write(app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what plugins asked for beyond their grants was not written into the audit log"
            );
            if cancel.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                return;
            }
        }
        if !goes_on {
            return;
        }
    }
}

async fn write(app: &App) -> Answer<()> {
    let due = app.denials().due();
    if due.is_empty() {
        return Ok(());
    }
    let count = due.len();
    let mut tx = app.db().as_system().await?;
    for denial in due {
        tracing::warn!(
            plugin.id = denial.plugin,
            capability = denial.capability,
            target = denial.target,
            "a plugin asked for what it may not have"
        );
        tx.audit(denial.entry());
    }
    tx.commit().await?;
    app.denials().written(count);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(plugin: &str, target: &str) -> Denial {
        let (plugin, version) = (plugin.to_owned(), "1.0.0".to_owned());
        Denial { plugin, version, capability: "http", target: target.to_owned(), server: None }
    }

    fn told(denials: &Denials) -> Vec<(String, String)> {
        denials.due().into_iter().map(|one| (one.plugin, one.target)).collect()
    }

    #[test]
    fn what_is_like_it_is_told_once_an_hour() {
        let (denials, now) = (Denials::default(), Instant::now());
        for _ in 0..100 {
            denials.note(denial("one", "a.example"), now);
        }
        denials.note(denial("two", "a.example"), now);
        denials.note(denial("one", "b.example"), now + ONCE_IN / 2);
        denials.note(denial("one", "a.example"), now + ONCE_IN);
        denials.note(denial("one", "b.example"), now + ONCE_IN);
        let pair = |plugin: &str, target: &str| (plugin.to_owned(), target.to_owned());
        let all = [
            pair("one", "a.example"),
            pair("two", "a.example"),
            pair("one", "b.example"),
            pair("one", "a.example"),
        ];
        assert_eq!(told(&denials), all);
    }

    #[test]
    fn targets_that_a_plugin_makes_up_fill_no_log() {
        let (denials, now) = (Denials::default(), Instant::now());
        for number in 0..10_000 {
            denials.note(denial("one", &format!("{number}.example")), now);
        }
        assert_eq!(denials.due().len(), TARGETS + 1);
        assert_eq!(told(&denials).last().unwrap().1, OTHERS);
        denials.written(TARGETS + 1);
        assert!(denials.due().is_empty());
    }
}
