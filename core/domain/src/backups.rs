//! Backups of a server: when one can be made, which can be put back, what one is called, and what a node is believed of one.
//!
//! The node decides in the end, for it alone knows which there are. What is decided here beforehand is what people are told on
//! their page, in the same words that refuse them.

use crate::{
    actions::{NotPossible, Situation, gone, held, not, replaces_files},
    servers::ServerAction,
    text,
};
use chrono::{DateTime, Utc};
use gantry_types::{
    backup::{Backup, BackupCause, BackupState, MAX_NAME},
    blueprint::FieldProblem,
    operation::OperationKind,
    problem::Code,
    server::{Desired, Observed},
};

/// What a backup is called that nobody named.
pub const USUAL_NAME: &str = "Backup";
/// Backups of one server that are stored, whatever its node tells: those that it may have, and some that failed.
pub const MAX_KEPT: u64 = 500;
/// The longest that a node says of one, in bytes of JSON.
pub const MAX_TOLD: usize = 16 * 1024;
/// The longest name of a file that a backup is downloaded as, in characters of the server's name.
const MAX_FILE: usize = 60;

/// Whether one more can be made of a server that may have `most` and has `present`. Rights are another matter.
pub fn check_make(situation: Situation<'_>, most: u32, present: &[Backup]) -> Result<(), NotPossible> {
    check_change(situation)?;
    if let Some(because) = situation.operation.and_then(replaces_files) {
        return not(Code::OperationInProgress, because);
    }
    match situation.observed {
        Observed::Deleted => return gone(),
        Observed::Uninstalled => return not(Code::NotInstalled, "The game is not installed."),
        Observed::Offline
        | Observed::Starting
        | Observed::Running
        | Observed::Stopping
        | Observed::Crashed => {}
    }
    check_room(most, present)?;
    if situation.connected {
        return Ok(());
    }
    not(Code::NodeUnreachable, "The node is not connected, and backups are made there.")
}

fn check_room(most: u32, present: &[Backup]) -> Result<(), NotPossible> {
    if most == 0 {
        return not(Code::TooManyBackups, "The server's limits allow no backups.");
    }
    let count = present.iter().filter(|backup| takes_a_place(backup.state)).count();
    if count >= most as usize {
        let reason = format!("{count} of {most} backups are there; delete one to make room.");
        return not(Code::TooManyBackups, reason);
    }
    if present.iter().any(|backup| backup.state == BackupState::Running) {
        return not(Code::BackupInUse, "Another backup is being made.");
    }
    Ok(())
}

/// Whether backups can be named, locked and deleted.
pub fn check_change(situation: Situation<'_>) -> Result<(), NotPossible> {
    if situation.desired == Desired::Deleted || situation.operation == Some(OperationKind::Delete) {
        return not(Code::Conflict, "The server is being deleted, and its backups with it.");
    }
    // Whoever suspends a server wants it as it is.
    held(situation, ServerAction::Restore)
}

/// Whether there is something in it to be put back or downloaded.
pub fn check_content(backup: &Backup) -> Result<(), NotPossible> {
    match backup.state {
        BackupState::Ready => Ok(()),
        BackupState::Running => not(Code::BackupInUse, "The backup is still being made."),
        BackupState::Failed => not(Code::Conflict, "The backup failed: there is nothing in it."),
        BackupState::Deleted => not(Code::NotFound, "The backup was deleted."),
    }
}

/// Of a failed one there is nothing but the reason.
const fn takes_a_place(state: BackupState) -> bool {
    match state {
        BackupState::Running | BackupState::Ready => true,
        BackupState::Failed | BackupState::Deleted => false,
    }
}

/// A backup's name, as somebody gave it.
pub fn name(given: &str) -> Result<String, FieldProblem> {
    let given = given.trim();
    if given.is_empty() {
        return Ok(USUAL_NAME.to_owned());
    }
    text::bounded("name", given, MAX_NAME)?;
    text::shown_as_written("name", given)?;
    Ok(given.to_owned())
}

/// What a download of it is called: the server's letters and digits, and when it was made.
pub fn file_name(server: &str, created_at: DateTime<Utc>) -> String {
    let words: Vec<&str> =
        server.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(MAX_FILE).collect();
    let name = if name.is_empty() { "server" } else { name.as_str() };
    format!("{name}-{}.tar.zst", created_at.format("%Y-%m-%d-%H%M"))
}

/// Why what a node told of a backup cannot be kept, for the log; none if it can.
pub fn incredible(backup: &Backup) -> Option<&'static str> {
    let length = serde_json::to_vec(backup).map_or(usize::MAX, |told| told.len());
    if length > MAX_TOLD {
        return Some("it is too long");
    }
    // The database counts to there.
    if i64::try_from(backup.revision).is_err() {
        return Some("its revision cannot be");
    }
    if !(0..=LATEST).contains(&backup.created_at.timestamp()) {
        return Some("the time that it says cannot be");
    }
    let cause = match &backup.cause {
        BackupCause::Person { name } | BackupCause::Schedule { name, .. } | BackupCause::Drain { name } => {
            name
        }
    };
    let texts = [Some(&backup.name), Some(cause), backup.reason.as_ref()];
    texts.into_iter().flatten().any(|text| text.contains('\0')).then_some("it has a zero byte in a text")
}

/// The end of the year 9999, in seconds.
const LATEST: i64 = 253_402_300_799;

#[cfg(test)]
#[path = "backups_tests.rs"]
mod tests;
