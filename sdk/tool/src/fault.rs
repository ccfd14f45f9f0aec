//! What went wrong, for whoever typed the command: what, where, and what to do.
//!
//! One shape for all causes, because nothing is done here about any of them but to show it.

use crate::origin::Origin;
use gantry_build::BuildError;
use gantry_distribution::{BadReference, DistributionError, KeyError};
use gantry_host::{CallError, CompileError, HostError};
use serde::Serialize;
use std::{fmt, io};

/// The last lines of a log that a terminal shows; JSON has them all.
const LOG_LINES: usize = 20;

/// A fault, as text and as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// Stable, for programs.
    pub(crate) code: String,
    /// What happened, and why.
    pub(crate) message: String,
    /// Where, if there is a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
    pub(crate) remedy: String,
    /// What the plugin wrote to its log meanwhile: a panic is there with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) log: Vec<String>,
}

impl Fault {
    pub(crate) fn new(code: &str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (message, remedy) = (message.into(), remedy.into());
        Self { code: code.to_owned(), message, at: None, remedy, log: Vec::new() }
    }

    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { at: Some(place.to_string()), ..self }
    }

    pub(crate) fn with_log(self, log: Vec<String>) -> Self {
        Self { log, ..self }
    }

    pub(crate) fn io(what: impl fmt::Display, error: &io::Error) -> Self {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "Check the name, and that it is there.",
            io::ErrorKind::PermissionDenied => "Check who may read and write there.",
            io::ErrorKind::StorageFull => "Make room on the disk.",
            io::ErrorKind::AlreadyExists => "Choose another name, or remove what is there.",
            _ => "Look at what the system says, then try again.",
        };
        Self::new("io", format!("{what}: {error}"), remedy)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{at}: {}", self.message)?,
            None => f.write_str(&self.message)?,
        }
        let more = self.log.len().saturating_sub(LOG_LINES);
        if more > 0 {
            write!(f, "\n  log: … {more} lines before these")?;
        }
        for line in &self.log[more..] {
            write!(f, "\n  log: {line}")?;
        }
        write!(f, "\n  → {}", self.remedy)
    }
}

impl From<BuildError> for Fault {
    fn from(error: BuildError) -> Self {
        let message = with_causes(&error);
        Self::new(error.code(), message, error.remedy())
    }
}

impl From<DistributionError> for Fault {
    fn from(error: DistributionError) -> Self {
        let remedy = match &error {
            DistributionError::TokenService { service, .. } => {
                format!(
                    "If {service} hands out its tokens, say so: --token-service {service}. Nothing was sent there."
                )
            }
            error => error.remedy().to_owned(),
        };
        Self::new(error.code(), with_causes(&error), remedy)
    }
}

impl From<BadReference> for Fault {
    fn from(error: BadReference) -> Self {
        DistributionError::from(error).into()
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        DistributionError::from(error).into()
    }
}

impl From<HostError> for Fault {
    fn from(error: HostError) -> Self {
        let (code, remedy) = match &error {
            HostError::Rejected(_) => ("rejected", "Change what it names, and build again."),
            HostError::Compile(
                CompileError::Spawn { .. } | CompileError::Pipe(_) | CompileError::Died { .. },
            ) => ("compiler", "Try again; if it stays so, report it with the component."),
            HostError::Compile(_) => ("compile", "Make the component's functions smaller, or fewer."),
            HostError::Overloaded { .. } => ("busy", "Try again in a moment."),
            HostError::Cache { .. } => ("cache", "Check who may write there, or remove the folder."),
            HostError::Engine { .. } | HostError::Runner(_) | HostError::Internal(_) => {
                ("host", "Report this with what you did: it is a defect of Gantry or of this machine.")
            }
        };
        Self::new(code, with_causes(&error), remedy)
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed(failure) => Self::new(
                &failure.code,
                format!("the plugin says no: {}", failure.message),
                "If it should not, look at what it was given.",
            ),
            CallError::Stopped(stop) => {
                let reason = stop.reason.as_str();
                Self::new(reason, for_author(&stop.message), remedy_of(reason, &Origin::default()))
            }
            CallError::Refused(refusal) => Self::new("busy", refusal.message, "Try again in a moment."),
            CallError::Host(error) => error.into(),
        }
    }
}

/// What a host says of a plugin that it stopped, without what it asks of others: it speaks to operators, and here is the author.
pub(crate) fn for_author(message: &str) -> &str {
    message.rsplit_once("; ").map_or(message, |(what, _)| what)
}

/// What an author does about each limit.
pub(crate) fn remedy_of(reason: &str, origin: &Origin) -> &'static str {
    match reason {
        "trap" => origin.after_a_crash(),
        "answer" => {
            "Correct the answer that is named; SPEC.md of the contract, in .gantry/sdk/wit, says what must be so."
        }
        _ => "Do less in one call: the limit of this kind of call is the one that is named.",
    }
}

pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}
