//! What became of a release's plans. Every failure is kept for administrators; the first plan of a release that fails has the
//! plugin, and the servers that were moved to it, go back to the release before.
//!
//! A release has proved itself when a node has installed or started a server with it: the control plane's own plan is the same
//! call, but not all of them. A plugin's own refusal is no failure of a release, unless the server was moved there and ran by
//! the same settings before.

use crate::{
    App,
    error::{Answer, AppError},
};
use chrono::{DateTime, Utc};
use gantry_domain::{
    audit::{AuditEntry, Origin},
    operations::Operation,
    plugins::{OfferedBlueprint, ReleaseFailure},
};
use gantry_host::{CallError, HostError};
use gantry_store::{
    SystemTx,
    plugins::{GivenUp, Tried},
};
use gantry_types::{
    OperationId, ServerId,
    operation::{OperationFailure, OperationKind, OperationState},
    problem::Code,
};
use serde_json::json;

/// The plugin host's word for a plan that goes beyond what was granted. No setting of a server makes it so.
const BEYOND: &str = "capability_denied";

/// For which server a plugin was asked; a server that is to be has neither.
#[derive(Clone, Copy, Default)]
pub(crate) struct AskedFor<'a> {
    pub(crate) server: Option<(ServerId, &'a str)>,
}

impl App {
    /// Hears what a plugin answered in the control plane: a failure is kept, whatever was asked.
    pub(crate) async fn heard<T>(
        &self,
        offered: &OfferedBlueprint,
        asked: AskedFor<'_>,
        answer: Answer<T>,
    ) -> Answer<T> {
        let Some(failure) = answer.as_ref().err().and_then(|error| fault(error, asked)) else {
            return answer;
        };
        let mut tx = self.db().as_system().await?;
        tx.record_failure(&offered.digest, &failure, Utc::now()).await?;
        tx.commit().await?;
        answer
    }

    /// The same of a plan, and of what is asked before one: a release that has never planned is given up by it.
    pub(crate) async fn heard_of_plan<T>(
        &self,
        offered: &OfferedBlueprint,
        asked: AskedFor<'_>,
        answer: Answer<T>,
    ) -> Answer<T> {
        let failure = answer.as_ref().err().and_then(|error| fault(error, asked));
        let Some(failure) = failure.filter(|_| offered.unproved) else {
            return self.heard(offered, asked, answer).await;
        };
        let mut tx = self.db().as_system().await?;
        tx.record_failure(&offered.digest, &failure, Utc::now()).await?;
        give_up(&mut tx, &offered.digest, &failure).await?;
        tx.commit().await?;
        answer
    }
}

/// What is a plugin's fault in an error, if anything is.
fn fault(error: &AppError, asked: AskedFor<'_>) -> Option<ReleaseFailure> {
    let (call, code, message) = match error {
        AppError::Plugin { source: CallError::Stopped(stop), .. }
        | AppError::LookUp { source: CallError::Stopped(stop), .. } => {
            (stop.call, Code::PluginFailed.as_str(), stop.message.clone())
        }
        AppError::Plugin { source: CallError::Failed(refusal), .. } if refusal.code == BEYOND => {
            ("plans.install", refusal.code.as_str(), refusal.message.clone())
        }
        AppError::Component(error @ (HostError::Rejected(_) | HostError::Compile(_)))
        | AppError::Plugin {
            source: CallError::Host(error @ (HostError::Rejected(_) | HostError::Compile(_))),
            ..
        }
        | AppError::LookUp {
            source: CallError::Host(error @ (HostError::Rejected(_) | HostError::Compile(_))),
            ..
        } => ("load", Code::PluginRejected.as_str(), error.to_string()),
        _ => return None,
    };
    Some(ReleaseFailure {
        call: call.to_owned(),
        code: code.to_owned(),
        message,
        server_id: asked.server.map(|(id, _)| id),
        server_name: asked.server.map(|(_, name)| name.to_owned()),
        node_name: None,
    })
}

/// An operation of a node ended: its release has proved itself, or failed.
pub(crate) async fn ended_on_node(tx: &mut SystemTx, operation: &Operation, at: DateTime<Utc>) -> Answer<()> {
    let plans = match operation.kind {
        OperationKind::Install | OperationKind::Reinstall | OperationKind::Start | OperationKind::Restart => {
            true
        }
        OperationKind::Stop | OperationKind::Kill | OperationKind::Delete => false,
        // Nothing was planned: it says nothing of a release.
        OperationKind::Restore => return Ok(()),
    };
    match (operation.state, &operation.failure) {
        (OperationState::Succeeded, _) if plans => {
            let Some(tried) = tx.tried(operation.id).await? else { return Ok(()) };
            tx.prove_release(&tried.digest).await?;
            if tried.moved {
                tx.settle_server(tried.server).await?;
            }
            Ok(())
        }
        (OperationState::Failed, Some(OperationFailure { call: Some(call), code, message, .. })) => {
            let Some(tried) = tx.tried(operation.id).await? else { return Ok(()) };
            let failure = told(&tried, call, code, message);
            tx.record_failure(&tried.digest, &failure, at).await?;
            if !is_of_the_host(code) && !tried.moved {
                return Ok(());
            }
            let given_up = give_up(tx, &tried.digest, &failure).await?;
            let is_back = given_up.is_some_and(|it| it.servers.iter().any(|(id, _)| *id == tried.server));
            if is_back && matches!(operation.kind, OperationKind::Start | OperationKind::Restart) {
                let again = OperationId::new(gantry_store::new_uuid());
                tx.start_again(tried.server, again, Utc::now()).await?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A plugin failed on a node in another call than a plan.
pub(crate) async fn fault_on_node(
    tx: &mut SystemTx,
    server: ServerId,
    digest: Option<&str>,
    at: DateTime<Utc>,
    (call, code, message): (&str, &str, &str),
) -> Answer<()> {
    let Some(pinned) = tx.pinned_release(server).await? else { return Ok(()) };
    // The server may have been moved since.
    let ran = digest.unwrap_or(&pinned.digest);
    if !tx.is_release(pinned.plugin, ran).await? {
        return Ok(());
    }
    Ok(tx.record_failure(ran, &told(&pinned, call, code, message), at).await?)
}

/// The daemon's words for what a plugin did, and not the plugin's own.
fn is_of_the_host(code: &str) -> bool {
    [Code::PluginFailed.as_str(), Code::PluginRejected.as_str(), BEYOND, "invalid_plan"].contains(&code)
}

fn told(tried: &Tried, call: &str, code: &str, message: &str) -> ReleaseFailure {
    ReleaseFailure {
        call: call.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
        server_id: Some(tried.server),
        server_name: Some(tried.server_name.clone()),
        node_name: Some(tried.node_name.clone()),
    }
}

/// Gives a release up, if this is its first plan, and writes it into the log as the system.
async fn give_up(tx: &mut SystemTx, digest: &str, failure: &ReleaseFailure) -> Answer<Option<GivenUp>> {
    // What was not granted can be granted still, and there is nothing to go back to.
    let even_the_first = failure.code != BEYOND;
    let Some(given_up) = tx.give_up(digest, failure, even_the_first).await? else { return Ok(None) };
    let GivenUp { manifest_id, version, back_to, servers, .. } = &given_up;
    tracing::warn!(
        plugin.id = manifest_id,
        version,
        digest,
        call = failure.call,
        reason = failure.message,
        servers = servers.len(),
        "the first plan of a release failed"
    );
    let (back_digest, back_version) = back_to.clone().unzip();
    let reason = format!("{}: {}", failure.call, failure.message);
    let entry = AuditEntry::new("plugin.given_up", "plugin", manifest_id, Origin::default())
        .before(json!({ "version": version, "digest": digest }))
        .after(json!({ "version": back_version, "digest": back_digest, "reason": reason, "servers": servers.len() }));
    tx.audit(entry);
    for (server, back) in servers {
        let entry = AuditEntry::server("server.moved_back", *server, Origin::default())
            .before(json!({ "version": version, "digest": digest }))
            .after(json!({ "digest": back, "reason": reason }));
        tx.audit(entry);
    }
    Ok(Some(given_up))
}
