//! Why a use case did not happen, with the one mapping to problem codes.
//!
//! What callers read ([`AppError::code`], [`AppError::detail`], [`AppError::fields`]) and what operators read (the
//! error with its sources) are different texts: nothing internal is ever in the former.

use gantry_auth::{Denied, PasswordError, tokens::NoRandomness};
use gantry_distribution::{DistributionError, Refusal};
use gantry_domain::{actions::NotPossible, allocations::Shortage, members::BeyondOwn};
use gantry_host::{CallError, HostError, RefusalReason};
use gantry_nodes::{KeyError, NodeError};
use gantry_protocol::RefusalCode;
use gantry_store::StoreError;
use gantry_types::{blueprint::FieldProblem, problem::Code};
use std::time::Duration;

pub type Answer<T> = Result<T, AppError>;

/// A use case that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A rule said no, in words for the caller.
    #[error("refused ({}): {detail}", .code.as_str())]
    Refused { code: Code, detail: String },
    /// The same where waiting helps.
    #[error("refused for {} s ({}): {detail}", .wait.as_secs(), .code.as_str())]
    Later { code: Code, detail: String, wait: Duration },
    /// Some fields need another value.
    #[error("refused ({}): {} fields", .code.as_str(), .fields.len())]
    Fields { code: Code, fields: Vec<FieldProblem> },
    /// There is no room at this moment, and will be after that time.
    #[error("too many come at once")]
    Crowded { wait: Duration },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the node did not do it")]
    Node(#[from] NodeError),
    /// A plugin gave no answer.
    #[error("plugin {plugin} gave no answer")]
    Plugin {
        plugin: String,
        #[source]
        source: CallError,
    },
    /// A plugin did not find what an installation or a form needs to know.
    #[error("plugin {plugin} looked something up in vain")]
    LookUp {
        plugin: String,
        #[source]
        source: CallError,
    },
    /// A component did not become a plugin.
    #[error("the component was not loaded")]
    Component(#[from] HostError),
    /// A plugin was not pulled or read.
    #[error("the plugin was not had")]
    Distribution(#[from] DistributionError),
    /// The trust policy does not let it in.
    #[error(transparent)]
    Untrusted(#[from] Refusal),
    #[error("a password was not checked")]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error("a node's keys were not made")]
    Keys(#[from] KeyError),
    /// Something that the code itself made does not hold.
    #[error("{0}")]
    Broken(&'static str),
}

impl AppError {
    pub(crate) fn refused(code: Code, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }

    pub(crate) fn fields_of(fields: Vec<FieldProblem>) -> Self {
        Self::Fields { code: Code::ValidationFailed, fields }
    }

    /// There is nothing here, or the caller may not see it.
    pub(crate) fn not_found(noun: &str) -> Self {
        Self::refused(Code::NotFound, format!("There is no such {noun}, or you may not see it."))
    }

    /// What went wrong, for programs.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { code, .. } | Self::Later { code, .. } | Self::Fields { code, .. } => *code,
            Self::Crowded { .. } => Code::Overloaded,
            Self::Denied(Denied::Hidden) => Code::NotFound,
            Self::Denied(Denied::Lacks(_) | Denied::NotAdministrator | Denied::Limited) => Code::Forbidden,
            Self::Store(error) => store_code(error),
            Self::Node(error) => node_code(error),
            Self::LookUp { source: CallError::Failed(_), .. } => Code::LookUpFailed,
            Self::Plugin { source, .. } | Self::LookUp { source, .. } => call_code(source),
            Self::Component(error) => host_code(error),
            Self::Distribution(error) => distribution_code(error),
            Self::Untrusted(_) => Code::PluginUntrusted,
            Self::Password(PasswordError::Overloaded) => Code::Overloaded,
            Self::Password(
                PasswordError::StoredHash(_) | PasswordError::Hashing(_) | PasswordError::Task(_),
            )
            | Self::Randomness(_)
            | Self::Keys(_)
            | Self::Broken(_) => Code::Internal,
        }
    }

    /// What happened this time, for the caller.
    pub fn detail(&self) -> String {
        match self {
            Self::Refused { detail, .. } | Self::Later { detail, .. } => detail.clone(),
            Self::Fields { fields, .. } => match fields.as_slice() {
                [one] => one.message.clone(),
                many => format!("{} fields need another value.", many.len()),
            },
            Self::Crowded { .. } => "Too many people come at this moment.".to_owned(),
            Self::Denied(denied) => sentence(denied),
            Self::Store(error) if is_outside_text(error) => sentence(error),
            Self::Node(NodeError::Refused(refusal)) => refusal.message.clone(),
            Self::Node(error @ NodeError::Unsupported) => sentence(error),
            Self::Plugin { plugin, source } | Self::LookUp { plugin, source } => {
                plugin_detail(plugin, source)
            }
            Self::Component(HostError::Rejected(reason)) => reason.clone(),
            Self::Component(HostError::Compile(error)) => sentence(error),
            Self::Distribution(error) => format!("{} {}", sentence(error), error.remedy()),
            Self::Untrusted(refusal) => format!("{} {}", sentence(refusal), refusal.code.remedy()),
            Self::Store(_)
            | Self::Node(_)
            | Self::Component(_)
            | Self::Password(_)
            | Self::Randomness(_)
            | Self::Keys(_)
            | Self::Broken(_) => format!("{}.", self.code().title()),
        }
    }

    /// What each field needs.
    pub fn fields(&self) -> &[FieldProblem] {
        match self {
            Self::Fields { fields, .. } => fields,
            _ => &[],
        }
    }

    /// When to try again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Crowded { wait } | Self::Later { wait, .. } => Some(*wait),
            Self::Node(NodeError::Refused(refusal)) if refusal.retry_after_ms.is_some() => {
                refusal.retry_after()
            }
            Self::Plugin { source: CallError::Failed(failure), .. }
            | Self::LookUp { source: CallError::Failed(failure), .. } => failure.retry_after,
            Self::Plugin { source: CallError::Refused(refusal), .. }
            | Self::LookUp { source: CallError::Refused(refusal), .. } => Some(refusal.retry_after),
            error if matches!(error.code(), Code::Overloaded | Code::Unavailable | Code::RateLimited) => {
                Some(Duration::from_secs(1))
            }
            _ => None,
        }
    }
}

fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::EmailTaken => Code::EmailTaken,
        StoreError::NameTaken => Code::NameTaken,
        StoreError::AllocationTaken => Code::AllocationTaken,
        StoreError::AlreadyMember | StoreError::KeyKnown => Code::Conflict,
        StoreError::OperationInProgress => Code::OperationInProgress,
        StoreError::AlreadySetUp => Code::AlreadySetUp,
        StoreError::IdempotencyMismatch => Code::IdempotencyMismatch,
        StoreError::NotFound(_) => Code::NotFound,
        StoreError::NoLongerAdministrator => Code::Forbidden,
        StoreError::InUse(_) => Code::InUse,
        StoreError::InvalidCursor => Code::InvalidRequest,
        StoreError::Busy(_) => Code::Overloaded,
        StoreError::Lost(_) | StoreError::Full(_) => Code::Unavailable,
        StoreError::Secret(_)
        | StoreError::Unreadable(_)
        | StoreError::Migration(_)
        | StoreError::Database(_) => Code::Internal,
    }
}

/// Whether the store's own sentence is meant for the outside.
fn is_outside_text(error: &StoreError) -> bool {
    matches!(error, StoreError::Full(_))
        || !matches!(store_code(error), Code::Internal | Code::Overloaded | Code::Unavailable)
}

fn node_code(error: &NodeError) -> Code {
    match error {
        NodeError::Disconnected => Code::NodeUnreachable,
        NodeError::Deadline => Code::DeadlineExceeded,
        NodeError::Unsupported => Code::InvalidRequest,
        NodeError::Protocol(_) => Code::Internal,
        NodeError::Refused(refusal) => match refusal.code {
            RefusalCode::StaleGeneration
            | RefusalCode::NotRunning
            | RefusalCode::NoCommands
            | RefusalCode::MissingPlugin => Code::Conflict,
            RefusalCode::PluginRefused => Code::ActionRefused,
            RefusalCode::PluginFailed => Code::PluginFailed,
            RefusalCode::PluginOnHold => Code::PluginOnHold,
            RefusalCode::PluginBusy => Code::Overloaded,
            RefusalCode::UnknownServer => Code::NotInstalled,
            RefusalCode::Invalid => Code::InvalidRequest,
            RefusalCode::NoSuchFile | RefusalCode::UnknownSchedule | RefusalCode::UnknownBackup => {
                Code::NotFound
            }
            RefusalCode::TooManyBackups => Code::TooManyBackups,
            RefusalCode::BackupInUse => Code::BackupInUse,
            RefusalCode::FileExists => Code::FileExists,
            RefusalCode::FileChanged => Code::FileChanged,
            RefusalCode::FileRefused => Code::FileRefused,
            RefusalCode::FileProtected => Code::FileProtected,
            RefusalCode::QuotaExceeded => Code::QuotaExceeded,
            RefusalCode::DiskFull => Code::DiskFull,
            RefusalCode::Busy => Code::OperationInProgress,
            RefusalCode::DigestMismatch | RefusalCode::Internal => Code::Internal,
        },
    }
}

fn call_code(error: &CallError) -> Code {
    match error {
        CallError::Failed(_) | CallError::Stopped(_) => Code::PluginFailed,
        CallError::Refused(refusal) if refusal.reason == RefusalReason::Hold => Code::PluginOnHold,
        CallError::Refused(_) => Code::Overloaded,
        CallError::Host(error) => host_code(error),
    }
}

fn host_code(error: &HostError) -> Code {
    match error {
        HostError::Rejected(_) | HostError::Compile(_) => Code::PluginRejected,
        HostError::Overloaded { .. } | HostError::Runner(_) => Code::Overloaded,
        HostError::Cache { .. } | HostError::Engine { .. } | HostError::Internal(_) => Code::Internal,
    }
}

fn distribution_code(error: &DistributionError) -> Code {
    match error {
        DistributionError::NotAPlugin { .. }
        | DistributionError::TooLarge { .. }
        | DistributionError::Package { .. } => Code::PluginRejected,
        DistributionError::Reference(_) => Code::InvalidRequest,
        DistributionError::WrongDigest { .. }
        | DistributionError::NotFound { .. }
        | DistributionError::Unauthorized { .. }
        | DistributionError::TokenService { .. }
        | DistributionError::NotAllowed { .. }
        | DistributionError::NotPublic { .. }
        | DistributionError::Unreachable { .. }
        | DistributionError::TooSlow { .. }
        | DistributionError::Registry { .. } => Code::RegistryFailed,
        DistributionError::Exists { .. }
        | DistributionError::Credentials { .. }
        | DistributionError::Key(_)
        | DistributionError::Read(_)
        | DistributionError::Setup(_) => Code::Internal,
    }
}

fn plugin_detail(plugin: &str, error: &CallError) -> String {
    match error {
        CallError::Failed(failure) => format!("{plugin} says: {}", failure.message),
        CallError::Stopped(stop) => format!("{plugin} was stopped: {stop}."),
        CallError::Refused(refusal) => sentence(refusal),
        CallError::Host(error @ HostError::Runner(_)) => sentence(error),
        CallError::Host(error) => format!("{plugin} could not be asked: {}.", host_code(error).title()),
    }
}

/// An error's text as a sentence: errors begin small and end without a dot.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let dot = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{dot}", letters.as_str())
}

impl From<FieldProblem> for AppError {
    fn from(problem: FieldProblem) -> Self {
        Self::fields_of(vec![problem])
    }
}

impl From<NotPossible> for AppError {
    fn from(refusal: NotPossible) -> Self {
        Self::refused(refusal.code, refusal.reason)
    }
}

impl From<BeyondOwn> for AppError {
    fn from(beyond: BeyondOwn) -> Self {
        let names: Vec<&str> = beyond.permissions.iter().map(|permission| permission.as_str()).collect();
        Self::refused(
            Code::Forbidden,
            format!("You do not have these rights yourself: {}.", names.join(", ")),
        )
    }
}

impl From<Shortage> for AppError {
    fn from(shortage: Shortage) -> Self {
        let text = sentence(&shortage);
        match shortage {
            Shortage::NoFree(_) => Self::refused(Code::NoFreeAllocation, text),
            Shortage::Taken(_) => Self::refused(Code::AllocationTaken, text),
            Shortage::Apart { endpoint, .. } => {
                let remedy = "Choose the address of the endpoint that it follows; its own comes with that.";
                gantry_domain::problem(&format!("allocations.{endpoint}"), text, remedy).into()
            }
            Shortage::UnknownEndpoint(name) => {
                gantry_domain::problem(&format!("allocations.{name}"), text, "Remove it.").into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_stays_inside() {
        let error = AppError::Store(StoreError::Unreadable("users.role"));
        assert_eq!(error.code(), Code::Internal);
        assert!(!error.detail().contains("users.role"));
    }

    #[test]
    fn a_refusal_of_the_store_reads_as_a_sentence() {
        let error = AppError::Store(StoreError::InUse("location"));
        assert_eq!((error.code(), error.detail().as_str()), (Code::InUse, "The location is still in use."));
    }

    #[test]
    fn somebody_who_may_not_see_is_told_that_there_is_nothing() {
        assert_eq!(AppError::Denied(Denied::Hidden).code(), Code::NotFound);
    }
}
