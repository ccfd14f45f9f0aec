//! When a schedule is due: cron expressions, read in a time zone.
//!
//! The control plane checks an expression and shows when it comes next, the node follows it: both ask this crate, so that they
//! never differ. It has no clock. Expressions have five fields, as in POSIX, with names of months and days, `L`, `W` and `#`, and
//! `@daily` and its like; seconds and years are not taken. Where clocks go forward, what falls into the hour that is left out
//! is due when it is over; where they go back, a fixed time is due once.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

/// The longest expression, in bytes.
pub const EXPRESSION_BYTES: usize = 200;

/// An expression in a zone.
#[derive(Clone, Debug)]
pub struct Timetable {
    cron: Cron,
    zone: Tz,
}

/// Why there is no timetable, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// No zone of the IANA database.
    #[error("{0:?} is no time zone, such as Europe/Berlin")]
    Zone(String),
    #[error("an expression has at most {EXPRESSION_BYTES} bytes")]
    Long,
    #[error("{0}")]
    Expression(String),
    /// Such as the thirtieth of February.
    #[error("there is no such day: it never comes")]
    Never,
}

impl Timetable {
    /// Reads an expression that comes at all. Some take a tenth of a second of searching, as every question for their times does.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, TimetableError> {
        let table = Self::read(expression, zone)?;
        // Any moment does: a day that comes at all comes again within decades, and the search goes on for longer.
        table.after(DateTime::UNIX_EPOCH).map(|_| table).ok_or(TimetableError::Never)
    }

    fn read(expression: &str, zone: &str) -> Result<Self, TimetableError> {
        let zone = zone.parse().map_err(|_| TimetableError::Zone(zone.to_owned()))?;
        if expression.len() > EXPRESSION_BYTES {
            return Err(TimetableError::Long);
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression.trim());
        let cron = cron.map_err(|error| TimetableError::Expression(error.to_string()))?;
        Ok(Self { cron, zone })
    }

    /// The first time after a moment, where there is one.
    pub fn after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&moment.with_timezone(&self.zone), false);
        next.ok().map(|next| next.with_timezone(&Utc))
    }

    /// The latest time after one moment and not after another, where there is one.
    pub fn latest(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let latest = self.cron.find_previous_occurrence(&until.with_timezone(&self.zone), true);
        latest.ok().map(|latest| latest.with_timezone(&Utc)).filter(|latest| *latest > after)
    }

    /// In words.
    pub fn describe(&self) -> String {
        self.cron.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let table = Timetable::parse(expression, zone).unwrap();
        let next = |moment: &DateTime<Utc>| table.after(*moment);
        let all = std::iter::successors(next(&at(from)), next);
        all.take(count).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).collect()
    }

    #[test]
    fn a_time_is_read_in_its_zone() {
        assert_eq!(times("0 4 * * *", "Europe/Berlin", "2026-01-10T12:00:00Z", 1), ["2026-01-11T03:00:00Z"]);
        assert_eq!(times("0 4 * * *", "Europe/Berlin", "2026-07-10T12:00:00Z", 1), ["2026-07-11T02:00:00Z"]);
        assert_eq!(times("@daily", "UTC", "2026-07-10T12:00:00Z", 1), ["2026-07-11T00:00:00Z"]);
    }

    #[test]
    fn nothing_is_lost_where_clocks_go_forward_and_nothing_doubled_where_they_go_back() {
        // In Berlin there was no half past two on the 29th of March, and two of them on the 25th of October.
        let spring = times("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(spring, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        let autumn = times("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn an_hour_that_clocks_repeat_has_its_minutes_twice_for_what_comes_all_the_time() {
        let times = times("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 5);
        assert_eq!(
            times,
            [
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:00:00Z"
            ]
        );
    }

    #[test]
    fn what_was_missed_is_found_from_behind() {
        let table = Timetable::parse("0 * * * *", "UTC").unwrap();
        let latest = |after: &str, until: &str| table.latest(at(after), at(until));
        assert_eq!(latest("2026-01-10T12:00:00Z", "2026-01-10T15:20:00Z"), Some(at("2026-01-10T15:00:00Z")));
        assert_eq!(latest("2026-01-10T15:00:00Z", "2026-01-10T15:20:00Z"), None);
    }

    #[test]
    fn what_is_no_expression_is_refused_with_the_reason() {
        let refused = |expression: &str, zone: &str| Timetable::parse(expression, zone).unwrap_err();
        assert_eq!(refused("0 0 30 2 *", "UTC"), TimetableError::Never);
        assert_eq!(refused("0 0 * * *", "Mars/Base"), TimetableError::Zone("Mars/Base".to_owned()));
        assert_eq!(refused(&"1,".repeat(150), "UTC"), TimetableError::Long);
        for wrong in
            ["", "61 * * * *", "* * * *", "* * * * * *", "0 0 * * * 2027", "every day", "*/0 * * * *"]
        {
            assert!(matches!(refused(wrong, "UTC"), TimetableError::Expression(_)), "{wrong:?}");
        }
    }

    #[test]
    fn it_is_told_in_words() {
        let told = |expression| Timetable::parse(expression, "UTC").unwrap().describe();
        assert_eq!(told("0 4 * * *"), "At 04:00.");
        assert_eq!(told("*/15 * * * SAT,SUN"), "At every 15 minutes, on Sunday and Saturday.");
    }
}
