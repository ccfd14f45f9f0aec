//! What people read when something did not go as asked.

use crate::{Exit, Outcome};
use gantry_types::{operation::OperationFailure, problem::Code, server::Hold};

pub(super) fn fail(code: Code, message: &str) -> OperationFailure {
    OperationFailure {
        code: code.as_str().to_owned(),
        message: message.to_owned(),
        remedy: Some(code.remedy().to_owned()),
        call: None,
        step: None,
        log_tail: Vec::new(),
    }
}

pub(super) fn held(holds: &[Hold]) -> OperationFailure {
    let reasons: Vec<_> = holds.iter().map(|hold| format!("{} ({})", hold.reason, hold.by)).collect();
    fail(Code::ServerHeld, &format!("the server may not run: {}", reasons.join("; ")))
}

pub(super) fn gone() -> Outcome {
    Outcome::Failed(fail(Code::Conflict, "the server is being deleted"))
}

pub(super) fn not_installed() -> Outcome {
    Outcome::Failed(fail(Code::NotInstalled, "the server is not installed"))
}

/// How a process ended, in a few words.
pub(super) fn describe(exit: &Exit) -> String {
    if exit.out_of_memory {
        format!("out of memory, exit code {}", exit.code)
    } else {
        format!("exit code {}", exit.code)
    }
}

/// What is said of a process that ended by itself: what the plugin made of its last words, or its code.
pub(super) fn lament(exit: &Exit) -> String {
    let code = describe(exit);
    match &exit.cause {
        Some(cause) => format!("The process ended by itself: {} ({code})", cause.text.trim_end_matches('.')),
        None => format!("The process ended by itself: {code}"),
    }
}

pub(super) fn remedy_for(exit: &Exit) -> &str {
    if let Some(remedy) = exit.cause.as_ref().and_then(|cause| cause.remedy.as_deref()) {
        return remedy;
    }
    if exit.out_of_memory {
        "Give the server more memory, or have the game use less."
    } else {
        "The end of the console says why."
    }
}
