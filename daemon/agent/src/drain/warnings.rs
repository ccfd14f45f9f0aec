//! What players are told of a drain, and when.

use chrono::TimeDelta;
use gantry_types::drain::TIME_LEFT;

/// Seconds before the deadline at which players are told once more.
const MARKS: [i64; 10] = [86_400, 3_600, 1_800, 900, 600, 300, 120, 60, 30, 10];

/// The next time to tell them, as what is left then; nothing once it is all over but the waiting.
pub(super) fn next(left: TimeDelta) -> Option<TimeDelta> {
    MARKS.iter().map(|seconds| TimeDelta::seconds(*seconds)).find(|mark| *mark < left)
}

/// What they are told so long before the deadline.
pub(super) fn text(message: &str, left: TimeDelta) -> String {
    message.replace(TIME_LEFT, &spoken(left))
}

/// To the minute, or to the second in the last two minutes.
fn spoken(left: TimeDelta) -> String {
    let seconds = left.num_milliseconds().max(0).saturating_add(500) / 1_000;
    let minutes = (seconds + 30) / 60;
    let (count, unit) = match seconds {
        ..120 if seconds != 60 => (seconds, "second"),
        _ if minutes % 60 == 0 => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_told_as_people_say_it() {
        let said = |seconds: i64| spoken(TimeDelta::seconds(seconds));
        assert_eq!(
            [
                said(-3),
                said(1),
                said(60),
                said(90),
                said(121),
                said(1_799),
                said(3_600),
                said(5_400),
                said(86_399)
            ],
            [
                "0 seconds",
                "1 second",
                "1 minute",
                "90 seconds",
                "2 minutes",
                "30 minutes",
                "1 hour",
                "90 minutes",
                "24 hours"
            ]
        );
        assert_eq!(text("Down in {time}!", TimeDelta::seconds(30)), "Down in 30 seconds!");
        assert_eq!(text("Bye.", TimeDelta::seconds(30)), "Bye.");
    }

    #[test]
    fn players_are_told_more_often_towards_the_end() {
        let mut left = TimeDelta::minutes(16);
        let mut told = Vec::new();
        while let Some(mark) = next(left) {
            told.push(mark.num_seconds());
            left = mark;
        }
        assert_eq!(told, [900, 600, 300, 120, 60, 30, 10]);
        assert_eq!(next(TimeDelta::seconds(10)), None);
        assert_eq!(next(TimeDelta::seconds(-10)), None);
    }
}
