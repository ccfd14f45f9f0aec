//! How what went wrong becomes a failed operation: a stable code, what happened, what to do.

use crate::plugins::PluginsError;
use gantry_files::{FilesError, OutboundError, WorkerError};
use gantry_host::{CallError, HostError, Refusal, RefusalReason};
use gantry_runtime::RuntimeError;
use gantry_types::{operation::OperationFailure, problem::Code};
use std::time::Duration;

/// That something was not done for somebody who waits for it: why, and when asking again makes sense.
#[derive(Debug)]
pub(crate) struct NotDone {
    pub(crate) failure: OperationFailure,
    pub(crate) retry_after: Option<Duration>,
}

/// Until a queue is shorter, or the process that runs plugins is there again.
const SOON: Duration = Duration::from_secs(1);

impl From<OperationFailure> for NotDone {
    fn from(failure: OperationFailure) -> Self {
        Self { failure, retry_after: None }
    }
}

impl From<CallError> for NotDone {
    fn from(error: CallError) -> Self {
        let retry_after = match &error {
            CallError::Refused(refusal) => Some(refusal.retry_after),
            CallError::Failed(failure) => failure.retry_after,
            CallError::Host(HostError::Overloaded { .. } | HostError::Runner(_)) => Some(SOON),
            CallError::Stopped(_) | CallError::Host(_) => None,
        };
        Self { failure: of_call(&error), retry_after }
    }
}

/// A failure with a remedy and nothing more.
pub(crate) fn failure(code: &str, message: impl Into<String>, remedy: &str) -> OperationFailure {
    OperationFailure {
        code: code.to_owned(),
        message: message.into(),
        remedy: Some(remedy.to_owned()),
        call: None,
        step: None,
        log_tail: Vec::new(),
    }
}

/// The daemon's own fault.
pub(crate) fn internal(message: impl Into<String>) -> OperationFailure {
    failure(Code::Internal.as_str(), message, Code::Internal.remedy())
}

/// What is told of a plugin that did not answer: code and text.
pub(crate) fn of_call(error: &CallError) -> OperationFailure {
    match error {
        CallError::Failed(refusal) => {
            // Gantry said no, not the plugin.
            let remedy = match refusal.code.as_str() {
                "capability_denied" => {
                    "An administrator grants it under Plugins; what the manifest does not ask for, the plugin's author adds."
                }
                _ => "The plugin says why.",
            };
            failure(&refusal.code, refusal.message.clone(), remedy)
        }
        CallError::Stopped(stop) => {
            failure(Code::PluginFailed.as_str(), stop.message.clone(), Code::PluginFailed.remedy())
        }
        CallError::Refused(refusal) => of_refusal(refusal),
        CallError::Host(error) => of_host(error),
    }
}

/// Nobody asked the plugin.
fn of_refusal(refusal: &Refusal) -> OperationFailure {
    let code = match refusal.reason {
        RefusalReason::Hold => Code::PluginOnHold,
        RefusalReason::Calls
        | RefusalReason::CpuTime
        | RefusalReason::Memory
        | RefusalReason::HostCalls
        | RefusalReason::LogBytes => Code::Overloaded,
    };
    failure(code.as_str(), refusal.message.clone(), code.remedy())
}

/// The same of a plan: the control plane decides by it whether a release is given up.
pub(crate) fn of_plan(call: &str, error: &CallError) -> OperationFailure {
    let failure = of_call(error);
    match error {
        CallError::Failed(_) | CallError::Stopped(_) => {
            OperationFailure { call: Some(call.to_owned()), ..failure }
        }
        CallError::Refused(_) | CallError::Host(_) => failure,
    }
}

fn of_host(error: &HostError) -> OperationFailure {
    let (code, call) = match error {
        HostError::Rejected(_) | HostError::Compile(_) => (Code::PluginRejected, Some("load".to_owned())),
        HostError::Overloaded { .. } | HostError::Runner(_) => (Code::Overloaded, None),
        HostError::Cache { .. } | HostError::Engine { .. } | HostError::Internal(_) => (Code::Internal, None),
    };
    OperationFailure { call, ..failure(code.as_str(), error.to_string(), code.remedy()) }
}

pub(crate) fn of_plugins(error: &PluginsError) -> OperationFailure {
    match error {
        PluginsError::Host(error) => of_host(error),
        PluginsError::Missing | PluginsError::Name | PluginsError::Digest { .. } => failure(
            Code::PluginFailed.as_str(),
            error.to_string(),
            "The control plane sends it again; try again.",
        ),
        PluginsError::Disk(_) => internal(chain(error)),
    }
}

pub(crate) fn of_runtime(error: &RuntimeError) -> OperationFailure {
    let (code, remedy) = match error {
        RuntimeError::Unreachable { .. } => {
            ("runtime_unreachable", "Check that the container engine runs on the node.")
        }
        RuntimeError::Registry { .. } => (
            "image_failed",
            "Use an image of a public registry, or have the node's administrator allow this one: gantryd run --allow-registry.",
        ),
        RuntimeError::Pull { .. } => {
            ("image_failed", "Check the image's name and that the node reaches its registry.")
        }
        RuntimeError::Build { .. } => ("image_failed", "The end of the build's output says why."),
        RuntimeError::InvalidImage(_) | RuntimeError::InvalidSpec(_) => {
            ("invalid_spec", "Tell the plugin's author.")
        }
        RuntimeError::PortTaken { .. } => {
            ("port_taken", "End what listens there, or give the server another port.")
        }
        RuntimeError::Command { .. } => ("command_failed", "Tell the plugin's author."),
        RuntimeError::TimedOut { .. } => {
            ("timed_out", "Try again; if it stays so, tell the plugin's author.")
        }
        RuntimeError::AlreadyExists { .. }
        | RuntimeError::NoSuchContainer { .. }
        | RuntimeError::NotRunning { .. }
        | RuntimeError::Cancelled
        | RuntimeError::Refused { .. } => ("runtime_failed", "Try again; the daemon's log has more."),
    };
    let mut failure = failure(code, chain(error), remedy);
    if let RuntimeError::Pull { log_tail, .. } | RuntimeError::Build { log_tail, .. } = error {
        failure.log_tail.clone_from(log_tail);
    }
    failure
}

pub(crate) fn of_files(code: &str, error: &FilesError) -> OperationFailure {
    let remedy = match error {
        FilesError::InvalidPath { .. } | FilesError::Edit { .. } => {
            "Correct the file, or tell the plugin's author."
        }
        FilesError::Outbound(error) => remedy_of_download(error),
        FilesError::Worker(error) => remedy_of_work(error),
        FilesError::Quota { .. } | FilesError::Limit | FilesError::DiskFull => {
            "Delete what is not needed, or ask an administrator for more room."
        }
        FilesError::Escapes { .. } | FilesError::WrongKind { .. } | FilesError::Exists { .. } => {
            "Remove or rename what is in the way."
        }
        // What the daemon does for games and plugins is not guarded.
        FilesError::Protected(_)
        | FilesError::NotFound { .. }
        | FilesError::TooLarge { .. }
        | FilesError::Changed { .. }
        | FilesError::Stale { .. }
        | FilesError::Archive { .. }
        | FilesError::Cancelled
        | FilesError::Io { .. }
        | FilesError::Root { .. }
        | FilesError::Interrupted => "Try again; if it stays so, look at the server's files.",
    };
    failure(code, error.to_string(), remedy)
}

/// Trying again helps only where the address may answer otherwise.
const fn remedy_of_download(error: &OutboundError) -> &'static str {
    match error {
        OutboundError::NotAllowed { .. } | OutboundError::NotPublic { .. } => {
            "Downloads come from the public internet, by https. Tell the plugin's author."
        }
        OutboundError::Digest { .. } | OutboundError::TooLarge { .. } => {
            "There is another file at the address than the plan expects. Tell the plugin's author."
        }
        OutboundError::Status { .. } | OutboundError::TooManyRedirects { .. } => {
            "Try again later; if it stays so, tell the plugin's author that the file has moved."
        }
        OutboundError::TooSlow { .. } | OutboundError::Transport { .. } | OutboundError::Setup(_) => {
            "Check that the node reaches the address, then try again."
        }
    }
}

const fn remedy_of_work(error: &WorkerError) -> &'static str {
    match error {
        WorkerError::CpuTime { .. } | WorkerError::Memory { .. } | WorkerError::FileSize { .. } => {
            "No ordinary archive or configuration file takes as much. Tell the plugin's author, or look at the server's files."
        }
        WorkerError::Wall | WorkerError::Nonsense => {
            "Do not trust the archive or the file that was read; tell an administrator, and whoever made it."
        }
        WorkerError::OrderTooLarge { .. } => "Tell the plugin's author.",
        WorkerError::Died { .. } | WorkerError::Start { .. } | WorkerError::Pipe(_) => {
            "Try again; if it stays so, tell an administrator: the daemon could not work on files."
        }
    }
}

/// An error with all its causes, for one line; what a cause repeats is said once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_host::PluginFailure;

    #[test]
    fn what_gantry_refused_is_not_said_to_be_the_plugins_word() {
        let remedy = |code: &str| {
            let refusal =
                PluginFailure { code: code.to_owned(), message: "no".to_owned(), retry_after: None };
            of_call(&CallError::Failed(refusal)).remedy.unwrap()
        };
        assert!(remedy("capability_denied").contains("under Plugins"));
        assert_eq!(remedy("out_of_paint"), "The plugin says why.");
    }

    #[test]
    fn who_asked_while_the_runner_was_gone_asks_again_soon() {
        let not_done = NotDone::from(CallError::Host(HostError::Runner("ended".to_owned())));
        assert_eq!((not_done.failure.code.as_str(), not_done.retry_after), ("overloaded", Some(SOON)));
        let broken = NotDone::from(CallError::Host(HostError::Internal("broken".to_owned())));
        assert_eq!((broken.failure.code.as_str(), broken.retry_after), ("internal", None));
    }
}
