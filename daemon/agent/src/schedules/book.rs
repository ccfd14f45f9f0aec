//! When which schedule is due: kept in the order of their times, so that nobody looks at those that are not.
//!
//! It reads no clock and writes nothing. What it must remember beyond the daemon's life it answers with each change.

use crate::ledger::Dealt;
use chrono::{DateTime, TimeDelta, Utc};
use gantry_timetable::Timetable;
use gantry_types::{ScheduleId, ServerId, schedule::Schedule};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// A time that was missed by less is made up for.
pub(super) const MADE_UP_FOR: TimeDelta = TimeDelta::minutes(5);

/// A clock that is set back by more was wrong before, and times are counted from it again.
const SET_BACK: TimeDelta = TimeDelta::minutes(10);

/// A schedule of a server.
pub(super) type Key = (ServerId, ScheduleId);

/// What has to be written down of a schedule; none is to be forgotten.
pub(super) type Note = (Key, Option<Dealt>);

/// A schedule whose time has come.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) server: ServerId,
    pub(super) schedule: Arc<Schedule>,
    /// The latest of its times.
    pub(super) at: DateTime<Utc>,
    /// It is too late for it.
    pub(super) missed: bool,
}

struct Entry {
    schedule: Arc<Schedule>,
    /// None of one that is off, or whose times cannot be read.
    table: Option<Timetable>,
    until: DateTime<Utc>,
    next: Option<DateTime<Utc>>,
}

/// All schedules of a node.
#[derive(Default)]
pub(super) struct Book {
    entries: HashMap<ServerId, HashMap<ScheduleId, Entry>>,
    queue: BTreeSet<(DateTime<Utc>, ServerId, ScheduleId)>,
    /// What a former daemon dealt with, until its schedule is heard of.
    former: HashMap<Key, Dealt>,
    /// What the clock said last.
    looked: Option<DateTime<Utc>>,
}

impl Book {
    pub(super) fn new(former: impl IntoIterator<Item = (Key, Dealt)>) -> Self {
        Self { former: former.into_iter().collect(), ..Self::default() }
    }

    /// A server's schedule.
    pub(super) fn find(&self, server: ServerId, id: ScheduleId) -> Option<Arc<Schedule>> {
        Some(Arc::clone(&self.entries.get(&server)?.get(&id)?.schedule))
    }

    /// When the next is due.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.queue.first().map(|(at, ..)| *at)
    }

    /// Takes all schedules of a server in place of those that it had. One that has just come, whose times are others or that was
    /// switched on counts from now.
    pub(super) fn replace(
        &mut self,
        server: ServerId,
        schedules: Vec<Schedule>,
        now: DateTime<Utc>,
    ) -> Vec<Note> {
        let mut before = self.entries.remove(&server).unwrap_or_default();
        let mut after = HashMap::new();
        let mut notes = Vec::new();
        for schedule in schedules {
            let key = (server, schedule.id);
            let former = match before.remove(&schedule.id) {
                Some(entry) => {
                    self.dequeue(key, &entry);
                    entry.table.is_some().then(|| dealt(&entry))
                }
                None => self.former.remove(&key),
            };
            let entry = self.entry(schedule, former.as_ref(), now);
            match &entry.table {
                Some(_) if former.as_ref() != Some(&dealt(&entry)) => {
                    notes.push((key, Some(dealt(&entry))));
                }
                Some(_) => {}
                None if former.is_some() => notes.push((key, None)),
                None => {}
            }
            if let Some(next) = entry.next {
                self.queue.insert((next, server, entry.schedule.id));
            }
            after.insert(entry.schedule.id, entry);
        }
        for (id, entry) in before {
            self.dequeue((server, id), &entry);
            notes.push(((server, id), None));
        }
        if !after.is_empty() {
            self.entries.insert(server, after);
        }
        notes
    }

    fn entry(&self, schedule: Schedule, former: Option<&Dealt>, now: DateTime<Utc>) -> Entry {
        let table = schedule.enabled.then(|| Timetable::parse(&schedule.cron, &schedule.time_zone));
        let table = table.and_then(|table| {
            table
                .inspect_err(|error| tracing::warn!(schedule.id = %schedule.id, %error, "a schedule's times cannot be read"))
                .ok()
        });
        let same = |former: &&Dealt| former.cron == schedule.cron && former.time_zone == schedule.time_zone;
        // A clock that went back a little does not bring times again.
        let until = former.filter(same).map_or(now, |former| former.until);
        let until = if until - now > SET_BACK { now } else { until };
        let next = table.as_ref().and_then(|table| table.after(until));
        Entry { schedule: Arc::new(schedule), table, until, next }
    }

    fn dequeue(&mut self, (server, id): Key, entry: &Entry) {
        if let Some(next) = entry.next {
            self.queue.remove(&(next, server, id));
        }
    }

    /// What was dealt with by a clock that was far ahead was not: else nothing would be due until that time comes.
    fn count_anew_if_set_back(&mut self, now: DateTime<Utc>) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.looked.replace(now).is_none_or(|last| last - now <= SET_BACK) {
            return notes;
        }
        for (server, entries) in &mut self.entries {
            for (id, entry) in entries.iter_mut().filter(|(_, entry)| entry.until - now > SET_BACK) {
                let Some(table) = &entry.table else { continue };
                if let Some(next) = entry.next {
                    self.queue.remove(&(next, *server, *id));
                }
                entry.until = now;
                entry.next = table.after(now);
                if let Some(next) = entry.next {
                    self.queue.insert((next, *server, *id));
                }
                notes.push(((*server, *id), Some(dealt(entry))));
            }
        }
        notes
    }

    /// Those whose time has come, each once, however many of its times passed.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> (Vec<Due>, Vec<Note>) {
        let mut due = Vec::new();
        let mut notes = self.count_anew_if_set_back(now);
        while let Some(&(first, server, id)) = self.queue.first().filter(|(at, ..)| *at <= now) {
            self.queue.pop_first();
            let Some(entry) = self.entries.get_mut(&server).and_then(|all| all.get_mut(&id)) else {
                continue;
            };
            let Some(table) = &entry.table else { continue };
            let at = table.latest(entry.until, now).unwrap_or(first);
            entry.until = now;
            entry.next = table.after(now);
            if let Some(next) = entry.next {
                self.queue.insert((next, server, id));
            }
            notes.push(((server, id), Some(dealt(entry))));
            let schedule = Arc::clone(&entry.schedule);
            due.push(Due { server, schedule, at, missed: now - at > MADE_UP_FOR });
        }
        (due, notes)
    }
}

fn dealt(entry: &Entry) -> Dealt {
    let Schedule { cron, time_zone, .. } = &*entry.schedule;
    Dealt { cron: cron.clone(), time_zone: time_zone.clone(), until: entry.until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::action::Availability;
    use uuid::Uuid;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-05-01T{text}:00Z").parse().unwrap()
    }

    fn schedule(id: u128, cron: &str) -> Schedule {
        Schedule {
            id: ScheduleId::new(Uuid::from_u128(id)),
            name: "Hourly".to_owned(),
            cron: cron.to_owned(),
            time_zone: "UTC".to_owned(),
            enabled: true,
            when: Availability::Always,
            steps: vec![],
        }
    }

    fn server() -> ServerId {
        ServerId::new(Uuid::from_u128(7))
    }

    fn times(book: &mut Book, now: &str) -> Vec<(DateTime<Utc>, bool)> {
        book.due(at(now)).0.into_iter().map(|due| (due.at, due.missed)).collect()
    }

    #[test]
    fn what_has_just_come_counts_from_now_and_comes_once_each_time() {
        let mut book = Book::default();
        book.replace(server(), vec![schedule(1, "0 * * * *")], at("10:30"));
        assert_eq!(book.next(), Some(at("11:00")));
        assert_eq!(times(&mut book, "10:59"), []);
        assert_eq!(times(&mut book, "11:00"), [(at("11:00"), false)]);
        assert_eq!(times(&mut book, "11:01"), []);
        assert_eq!(book.next(), Some(at("12:00")));
    }

    #[test]
    fn many_times_that_were_missed_count_once_by_the_latest() {
        let mut book = Book::default();
        book.replace(server(), vec![schedule(1, "0 * * * *")], at("10:30"));
        assert_eq!(times(&mut book, "14:04"), [(at("14:00"), false)]);
        assert_eq!(times(&mut book, "17:30"), [(at("17:00"), true)]);
    }

    #[test]
    fn a_daemon_goes_on_where_the_former_one_was() {
        let mut before = Book::default();
        let notes = before.replace(server(), vec![schedule(1, "0 * * * *")], at("10:30"));
        let [(key, Some(dealt))] = notes.as_slice() else { panic!("{notes:?}") };
        let mut book = Book::new([(*key, dealt.clone())]);
        assert_eq!(book.replace(server(), vec![schedule(1, "0 * * * *")], at("12:02")), []);
        assert_eq!(times(&mut book, "12:02"), [(at("12:00"), false)]);
        let mut book = Book::new([(*key, dealt.clone())]);
        book.replace(server(), vec![schedule(1, "30 * * * *")], at("12:02"));
        assert_eq!(times(&mut book, "12:02"), [], "other times begin anew");
    }

    #[test]
    fn a_change_of_something_else_than_times_loses_none() {
        let mut book = Book::default();
        book.replace(server(), vec![schedule(1, "0 * * * *")], at("10:30"));
        let renamed = Schedule { name: "Other".to_owned(), ..schedule(1, "0 * * * *") };
        assert_eq!(book.replace(server(), vec![renamed], at("11:03")), []);
        assert_eq!(times(&mut book, "11:03"), [(at("11:00"), false)]);
    }

    #[test]
    fn what_is_off_or_gone_is_never_due_and_what_is_switched_on_counts_from_then() {
        let mut book = Book::default();
        book.replace(server(), vec![schedule(1, "0 * * * *"), schedule(2, "5 * * * *")], at("10:30"));
        let off = Schedule { enabled: false, ..schedule(1, "0 * * * *") };
        let notes = book.replace(server(), vec![off], at("10:40"));
        assert_eq!(notes.len(), 2, "both are forgotten: {notes:?}");
        assert_eq!(times(&mut book, "23:00"), []);
        assert!(book.find(server(), schedule(1, "").id).is_some(), "it can be run by hand");
        book.replace(server(), vec![schedule(1, "0 * * * *")], at("23:10"));
        assert_eq!(times(&mut book, "23:10"), []);
        book.replace(server(), vec![], at("23:11"));
        assert!(book.next().is_none() && book.find(server(), schedule(1, "").id).is_none());
    }

    #[test]
    fn a_clock_that_goes_back_brings_nothing_twice() {
        let mut book = Book::default();
        book.replace(server(), vec![schedule(1, "*/10 * * * *")], at("10:55"));
        assert_eq!(times(&mut book, "11:00"), [(at("11:00"), false)]);
        assert_eq!(times(&mut book, "10:58"), []);
        assert_eq!(times(&mut book, "11:00"), []);
        assert_eq!(times(&mut book, "11:10"), [(at("11:10"), false)]);
    }

    #[test]
    fn a_clock_that_was_hours_ahead_does_not_keep_schedules_waiting_for_hours() {
        let mut book = Book::default();
        book.replace(server(), vec![schedule(1, "0 * * * *")], at("10:30"));
        assert_eq!(times(&mut book, "20:30"), [(at("20:00"), true)]);
        assert_eq!(times(&mut book, "10:31"), []);
        assert_eq!(times(&mut book, "11:00"), [(at("11:00"), false)]);
        let mut notes = book.replace(server(), vec![schedule(1, "0 * * * *")], at("11:01"));
        assert_eq!(notes.pop(), None);
        let ahead = Dealt { cron: "0 * * * *".to_owned(), time_zone: "UTC".to_owned(), until: at("23:00") };
        let mut book = Book::new([((server(), schedule(1, "").id), ahead)]);
        book.replace(server(), vec![schedule(1, "0 * * * *")], at("11:30"));
        assert_eq!(book.next(), Some(at("12:00")));
    }
}
