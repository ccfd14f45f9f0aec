//! On which terms people may work on a server's files.
//!
//! The supervisor tells them anew with every step, before it acts on it; whoever comes with files reads them and asks
//! nobody, because a program over SFTP needs them several times for each small file.

use crate::ledger::ServerRecord;
use gantry_files::Protected;
use gantry_lifecycle::Phase;
use gantry_types::{
    action::Availability,
    server::{Desired, Observed, SystemUser},
};

/// Why what somebody has done beside the game cannot begin, or ends where it is. Installing, restoring and deleting have the
/// server to themselves, a hold forbids what would be typed, and otherwise what was offered for some states ends with them.
pub(super) fn excluded(record: &ServerRecord, available: Availability) -> Option<&'static str> {
    if let Some(closed) = closed(record) {
        return Some(closed);
    }
    if record.state.is_held() {
        return Some("The server is on hold.");
    }
    match (available, record.state.phase.observed()) {
        (_, Observed::Uninstalled | Observed::Deleted) => Some("The game is not installed."),
        (Availability::Always, _)
        | (Availability::Running, Observed::Running)
        | (Availability::Stopped, Observed::Offline | Observed::Crashed) => None,
        (Availability::Running, _) => Some("The game does not run."),
        (Availability::Stopped, _) => Some("The server is not stopped."),
    }
}

/// The terms of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileTerms {
    /// Whom they belong to.
    pub(crate) user: SystemUser,
    /// Zero is no limit.
    pub(crate) disk_mib: u32,
    /// Why nothing may be changed.
    pub(crate) closed: Option<&'static str>,
    /// What people may not change.
    pub(crate) protected: Protected,
}

impl FileTerms {
    pub(crate) fn of(record: &ServerRecord) -> Self {
        let mut terms =
            Self { user: record.user, disk_mib: 0, closed: None, protected: Protected::default() };
        terms.follow(record);
        terms
    }

    /// The same, at a later moment.
    pub(crate) fn follow(&mut self, record: &ServerRecord) {
        let protected = Protected::or_as_before(&record.desired.blueprint.protected_files, &self.protected);
        let disk_mib = record.desired.limits.disk_mib;
        *self = Self { user: record.user, disk_mib, closed: closed(record), protected };
    }
}

/// Installing, restoring and deleting have the files to themselves.
pub(super) fn closed(record: &ServerRecord) -> Option<&'static str> {
    let deleted = record.desired.desired == Desired::Deleted;
    match record.state.phase {
        Phase::Installing(_) | Phase::AbortingInstall => Some("The server is being installed."),
        Phase::Restoring { .. } | Phase::AbortingRestore { .. } => Some("A backup is being restored."),
        Phase::Removing | Phase::Deleted => Some("The server is being deleted."),
        Phase::Uninstalled
        | Phase::Offline
        | Phase::Preparing
        | Phase::AbortingStart
        | Phase::Starting
        | Phase::Running
        | Phase::Stopping { .. }
        | Phase::Killing { .. }
        | Phase::BackingOff { .. }
        | Phase::GivenUp => deleted.then_some("The server is being deleted."),
    }
}
