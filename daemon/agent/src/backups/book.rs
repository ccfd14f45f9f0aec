//! Which backups there are, and what may be done with each: rules without a clock, a disk or a game.

use crate::{ledger::KeptBackup, server::refusal};
use gantry_protocol::{Refusal, RefusalCode};
use gantry_types::{
    BackupId, ServerId,
    backup::{Backup, BackupCause, BackupState},
};
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// Failed backups of a server whose reasons are kept.
const FAILURES: usize = 5;

/// What is being done with a backup.
#[derive(Clone, Debug)]
pub(super) enum Use {
    Idle,
    /// It is being made, until this is cancelled.
    Making(CancellationToken),
    /// Its files are being put back.
    Restoring,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kept: KeptBackup,
    pub(super) at_work: Use,
    /// Somebody deleted it while it was being made: it goes once that has ended.
    pub(super) unwanted: bool,
}

impl Entry {
    pub(super) const fn idle(kept: KeptBackup) -> Self {
        Self { kept, at_work: Use::Idle, unwanted: false }
    }

    pub(super) const fn backup(&self) -> &Backup {
        &self.kept.backup
    }

    /// Whether it takes one of the server's places.
    const fn counts(&self) -> bool {
        match self.backup().state {
            BackupState::Running | BackupState::Ready => true,
            BackupState::Failed | BackupState::Deleted => false,
        }
    }

    /// Whether it goes by itself where a schedule or a drain makes a further one.
    fn goes_by_itself(&self) -> bool {
        let is_free = matches!(self.at_work, Use::Idle) && !self.backup().locked;
        comes_by_itself(&self.backup().cause) && is_free && self.backup().state == BackupState::Ready
    }
}

/// All backups of the node's servers, oldest first.
#[derive(Debug, Default)]
pub(super) struct Book(HashMap<ServerId, Vec<Entry>>);

impl Book {
    pub(super) fn of(&self, server: ServerId) -> &[Entry] {
        self.0.get(&server).map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (ServerId, &Entry)> {
        self.0.iter().flat_map(|(server, entries)| entries.iter().map(|entry| (*server, entry)))
    }

    pub(super) fn find(&self, server: ServerId, id: BackupId) -> Result<&Entry, Refusal> {
        let found = self.of(server).iter().find(|entry| entry.backup().id == id);
        found.ok_or_else(|| refusal(RefusalCode::UnknownBackup, "the server has no such backup on this node"))
    }

    pub(super) fn find_mut(&mut self, server: ServerId, id: BackupId) -> Option<&mut Entry> {
        self.0.get_mut(&server)?.iter_mut().find(|entry| entry.backup().id == id)
    }

    /// Adds one, or puts one in place of what it was.
    pub(super) fn put(&mut self, server: ServerId, entry: Entry) {
        match self.find_mut(server, entry.backup().id) {
            Some(there) => *there = entry,
            None => {
                let entries = self.0.entry(server).or_default();
                entries.push(entry);
                entries.sort_by_key(|entry| (entry.backup().created_at, entry.backup().id));
            }
        }
    }

    pub(super) fn remove(&mut self, server: ServerId, id: BackupId) {
        if let Some(entries) = self.0.get_mut(&server) {
            entries.retain(|entry| entry.backup().id != id);
        }
    }

    /// Forgets a server, and ends what is being made of it.
    pub(super) fn forget(&mut self, server: ServerId) {
        for entry in self.0.remove(&server).unwrap_or_default() {
            if let Use::Making(called_off) = entry.at_work {
                called_off.cancel();
            }
        }
    }

    /// Why none can be made while one is.
    pub(super) fn is_making(&self, server: ServerId) -> Option<Refusal> {
        let making = self.of(server).iter().any(|entry| matches!(entry.at_work, Use::Making(_)));
        making.then(|| refusal(RefusalCode::BackupInUse, "another backup of the server is being made"))
    }

    /// Why a further one cannot be made for this cause, of a server that may have so many.
    pub(super) fn refuses(&self, server: ServerId, cause: &BackupCause, most: u32) -> Option<Refusal> {
        if let Some(refusal) = self.is_making(server) {
            return Some(refusal);
        }
        let entries = self.of(server);
        if most == 0 {
            return Some(refusal(RefusalCode::TooManyBackups, "the server may have no backups"));
        }
        let count = entries.iter().filter(|entry| entry.counts()).count();
        let makes_room = comes_by_itself(cause) && entries.iter().any(Entry::goes_by_itself);
        if count < most as usize || makes_room {
            return None;
        }
        let why = format!("the server has {count} backups, and may have {most}");
        Some(refusal(RefusalCode::TooManyBackups, why))
    }

    /// What goes now that a schedule or a drain has made a further one, oldest first.
    pub(super) fn rotated_out(&self, server: ServerId, new: BackupId, most: u32) -> Vec<BackupId> {
        let entries = self.of(server);
        let surplus = entries.iter().filter(|entry| entry.counts()).count().saturating_sub(most as usize);
        let may_go = entries.iter().filter(|entry| entry.goes_by_itself() && entry.backup().id != new);
        may_go.take(surplus).map(|entry| entry.backup().id).collect()
    }

    /// Failures beyond those that are kept, oldest first.
    pub(super) fn old_failures(&self, server: ServerId) -> Vec<BackupId> {
        let failed = self.of(server).iter().filter(|entry| entry.backup().state == BackupState::Failed);
        let failed: Vec<_> = failed.map(|entry| entry.backup().id).collect();
        failed[..failed.len().saturating_sub(FAILURES)].to_vec()
    }
}

/// Whether it is made without anybody who looks whether there is room for it.
pub(super) const fn comes_by_itself(cause: &BackupCause) -> bool {
    match cause {
        BackupCause::Schedule { .. } | BackupCause::Drain { .. } => true,
        BackupCause::Person { .. } => false,
    }
}

/// Why a backup cannot be deleted at this moment.
pub(super) fn keeps(entry: &Entry) -> Option<&'static str> {
    match entry.at_work {
        Use::Restoring => Some("the backup is being restored"),
        Use::Idle | Use::Making(_) if entry.backup().locked => Some("the backup is locked"),
        Use::Idle | Use::Making(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta, Utc};
    use gantry_types::ScheduleId;
    use uuid::Uuid;

    const SERVER: ServerId = ServerId::new(Uuid::nil());

    fn id(n: u128) -> BackupId {
        BackupId::new(Uuid::from_u128(n))
    }

    fn person() -> BackupCause {
        BackupCause::Person { name: "ada".to_owned() }
    }

    fn schedule() -> BackupCause {
        BackupCause::Schedule { schedule_id: ScheduleId::new(Uuid::nil()), name: "Nightly".to_owned() }
    }

    fn backup(n: u128, cause: BackupCause) -> Backup {
        Backup {
            id: id(n),
            revision: 1,
            name: "Backup".to_owned(),
            cause,
            state: BackupState::Ready,
            locked: false,
            created_at: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::hours(i64::try_from(n).unwrap()),
            ended_at: None,
            progress: None,
            quiesce: None,
            archive_bytes: 1,
            content_bytes: 1,
            entries: 1,
            left_out: 0,
            changed: 0,
            reason: None,
        }
    }

    fn book(backups: impl IntoIterator<Item = Backup>) -> Book {
        let mut book = Book::default();
        for backup in backups {
            book.put(SERVER, Entry::idle(KeptBackup { backup, quiet: false }));
        }
        book
    }

    #[test]
    fn a_server_has_as_many_as_it_may_and_failures_do_not_count() {
        let failed = Backup { state: BackupState::Failed, ..backup(2, person()) };
        let two = book([backup(1, person()), failed]);
        assert!(two.refuses(SERVER, &person(), 2).is_none());
        assert!(two.refuses(SERVER, &person(), 1).is_some());
        assert!(two.refuses(SERVER, &person(), 0).is_some());
    }

    #[test]
    fn a_schedule_makes_room_for_itself_out_of_its_own_that_nobody_locked() {
        let locked = Backup { locked: true, ..backup(1, schedule()) };
        let mut full = book([locked, backup(2, person()), backup(3, schedule()), backup(4, schedule())]);
        assert!(full.refuses(SERVER, &person(), 4).is_some());
        assert!(full.refuses(SERVER, &schedule(), 4).is_none());
        full.put(SERVER, Entry::idle(KeptBackup { backup: backup(5, schedule()), quiet: false }));
        assert_eq!(full.rotated_out(SERVER, id(5), 4), [id(3)]);
        // A limit that was lowered takes them one after the other, and never what was made just now.
        assert_eq!(full.rotated_out(SERVER, id(5), 1), [id(3), id(4)]);
        let of_people = book([backup(1, person())]);
        assert!(of_people.refuses(SERVER, &schedule(), 1).is_some());
    }

    #[test]
    fn one_is_made_at_a_time_and_what_is_locked_or_restored_stays() {
        let mut one = book([backup(1, person())]);
        assert!(keeps(one.find(SERVER, id(1)).unwrap()).is_none());
        one.find_mut(SERVER, id(1)).unwrap().at_work = Use::Making(CancellationToken::new());
        assert!(one.refuses(SERVER, &person(), 9).is_some());
        one.find_mut(SERVER, id(1)).unwrap().at_work = Use::Restoring;
        assert!(keeps(one.find(SERVER, id(1)).unwrap()).is_some());
        let entry = one.find_mut(SERVER, id(1)).unwrap();
        (entry.at_work, entry.kept.backup.locked) = (Use::Idle, true);
        assert!(keeps(entry).is_some());
    }

    #[test]
    fn the_last_failures_are_kept() {
        let failed = |n| Backup { state: BackupState::Failed, ..backup(n, person()) };
        let many = book((1..=7).rev().map(failed));
        assert_eq!(many.old_failures(SERVER), [id(1), id(2)]);
    }
}
