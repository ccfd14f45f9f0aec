//! What the engine's refusals mean to us.
//!
//! The engine has status codes for "no such thing" and "conflict"; the rest is told by the texts of its messages, which
//! have been stable since Docker 1.13. An unknown text stays a plain refusal.

use crate::{error::RuntimeError, runtime::ContainerId};
use bollard::errors::Error;
use std::sync::Arc;

/// An error without a more precise meaning.
pub(super) fn engine(operation: &'static str, error: Error) -> RuntimeError {
    match error {
        Error::DockerResponseServerError { message, .. } => RuntimeError::Refused { operation, message },
        Error::DockerStreamError { error } => RuntimeError::Refused { operation, message: error },
        other => RuntimeError::Unreachable { operation, source: Arc::new(other) },
    }
}

/// An error about one container.
pub(super) fn missing(id: &ContainerId, operation: &'static str, error: Error) -> RuntimeError {
    match status(&error) {
        Some(404) => RuntimeError::NoSuchContainer { id: id.0.clone() },
        _ => engine(operation, error),
    }
}

pub(super) fn signal(id: &ContainerId, error: Error) -> RuntimeError {
    match status(&error) {
        Some(409) => RuntimeError::NotRunning { id: id.0.clone() },
        // Docker 20.10 answers 500 to a signal that comes between the end of the process and its own notice of it.
        Some(500) if text(&error).contains("not running") => RuntimeError::NotRunning { id: id.0.clone() },
        _ => missing(id, "signal", error),
    }
}

/// Removal that found nothing to remove, or found it being removed, did what it should.
pub(super) fn removed(error: Error) -> Result<(), RuntimeError> {
    match status(&error) {
        Some(404) => Ok(()),
        Some(409) if text(&error).contains("already in progress") => Ok(()),
        _ => Err(engine("remove", error)),
    }
}

pub(super) fn start(id: &ContainerId, error: Error) -> RuntimeError {
    let message = text(&error);
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["port is already allocated", "address already in use", "cannot assign requested address"]) {
        RuntimeError::PortTaken { message: socket_in(message).to_owned() }
    } else if says(&["executable file not found", "exec format error"])
        || (says(&["starting container process", "unable to start container process"])
            && says(&["no such file or directory", "permission denied", "is a directory"]))
    {
        RuntimeError::Command { message: message.to_owned() }
    } else {
        missing(id, "start", error)
    }
}

/// What the engine says of the socket, without the names of its own parts in front.
fn socket_in(message: &str) -> &str {
    ["listen ", "Bind for "]
        .into_iter()
        .find_map(|begin| message.rfind(begin).and_then(|at| message.get(at..)))
        .unwrap_or(message)
}

pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

pub(super) fn text(error: &Error) -> &str {
    match error {
        Error::DockerResponseServerError { message, .. } => message,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start_failure(message: &str) -> RuntimeError {
        let message = message.to_owned();
        start(&ContainerId("one".to_owned()), Error::DockerResponseServerError { status_code: 500, message })
    }

    #[test]
    fn a_taken_port_is_told_as_the_socket_alone() {
        let messages = [
            (
                "driver failed programming external connectivity on endpoint one (0a1b): Error starting userland proxy: \
                 listen udp4 127.0.0.1:27960: bind: address already in use",
                "listen udp4 127.0.0.1:27960: bind: address already in use",
            ),
            (
                "driver failed programming external connectivity on endpoint one (0a1b): Bind for 127.0.0.1:27960 failed: \
                 port is already allocated",
                "Bind for 127.0.0.1:27960 failed: port is already allocated",
            ),
            ("address already in use", "address already in use"),
        ];
        for (said, told) in messages {
            match start_failure(said) {
                RuntimeError::PortTaken { message } => assert_eq!(message, told),
                other => panic!("{said} became {other:?}"),
            }
        }
    }
}
