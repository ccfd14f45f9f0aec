//! What can go wrong with a container, by what the caller does about it.

use std::{error::Error, sync::Arc};

/// The cause inside, shared because one failed build is told to everybody who waited for it.
pub type Cause = Arc<dyn Error + Send + Sync>;

#[derive(Clone, Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Nothing can be done until the engine answers; try again later.
    #[error("the container engine does not answer to {operation}")]
    Unreachable {
        operation: &'static str,
        #[source]
        source: Cause,
    },
    /// The image is neither on the node nor in its registry, or the registry refused.
    #[error("the image {reference} cannot be pulled: {message}")]
    Pull { reference: String, message: String, log_tail: Vec<String> },
    /// The engine must not be sent there, so it was not asked.
    #[error("the registry {registry} is not asked: {why}")]
    Registry { registry: String, why: &'static str },
    /// A step of a recipe failed.
    #[error("the image could not be built: {message}")]
    Build { message: String, log_tail: Vec<String> },
    /// The reference or the recipe makes no sense.
    #[error("the image is not valid: {0}")]
    InvalidImage(String),
    /// The spec breaks a rule that no engine may be asked to break.
    #[error("the container is not valid: {0}")]
    InvalidSpec(String),
    /// A container of this server and purpose exists: adopt or remove it.
    #[error("a container of this server exists already: {id}")]
    AlreadyExists { id: String },
    #[error("there is no container {id}")]
    NoSuchContainer { id: String },
    /// The process has ended, so it takes neither input nor signals.
    #[error("the container {id} does not run")]
    NotRunning { id: String },
    /// Another process listens on the port.
    #[error("a port is taken: {message}")]
    PortTaken { message: String },
    /// The program cannot be executed: missing in the image, or not executable.
    #[error("the command cannot be started: {message}")]
    Command { message: String },
    /// [`crate::Runtime::run_to_end`] hit its timeout; the container is gone.
    #[error("it took longer than {seconds} s")]
    TimedOut { seconds: u64 },
    /// [`crate::Runtime::run_to_end`] was cancelled; the container is gone.
    #[error("it was cancelled")]
    Cancelled,
    /// The engine refused for another reason.
    #[error("the container engine refused {operation}: {message}")]
    Refused { operation: &'static str, message: String },
}
