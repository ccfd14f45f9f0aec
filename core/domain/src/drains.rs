//! Drains of nodes: what an administrator may ask for, and what it comes to.

use crate::{problem, text};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_types::{
    DrainId,
    blueprint::FieldProblem,
    drain::{Drain, MAX_MESSAGE, MAX_WAIT},
};

/// Seconds that players have to leave where nobody says how many.
pub const WAIT: u32 = 30 * 60;
/// What they are told where nobody says what.
pub const MESSAGE: &str = "This machine is being serviced. The server stops in {time}.";

/// What is asked; what is left out stays as it is, or is as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainWish {
    pub wait_seconds: Option<u32>,
    pub message: Option<String>,
    pub backup: Option<bool>,
}

/// A drain that begins.
pub fn begin(id: DrainId, wish: DrainWish, by: &str, now: DateTime<Utc>) -> Result<Drain, Vec<FieldProblem>> {
    let usual = Drain {
        id,
        message: MESSAGE.to_owned(),
        deadline: now + TimeDelta::seconds(WAIT.into()),
        backup: false,
        by: by.to_owned(),
        began_at: now,
    };
    change(usual, wish, now)
}

/// A drain as it is from here on. The time that players have counts from now.
pub fn change(present: Drain, wish: DrainWish, now: DateTime<Utc>) -> Result<Drain, Vec<FieldProblem>> {
    let DrainWish { wait_seconds, message, backup } = wish;
    let mut problems = Vec::new();
    if wait_seconds.is_some_and(|seconds| seconds > MAX_WAIT) {
        problems.push(problem("waitSeconds", "Nobody waits so long.", format!("Use at most {MAX_WAIT}.")));
    }
    let message = message.map(|message| message.trim().to_owned());
    if let Some(message) = &message {
        let is_line = text::bounded("message", message, MAX_MESSAGE)
            .and_then(|()| text::shown_as_written("message", message));
        problems.extend(is_line.err());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let deadline = wait_seconds.map(|seconds| now + TimeDelta::seconds(seconds.into()));
    Ok(Drain {
        message: message.unwrap_or(present.message),
        deadline: deadline.unwrap_or(present.deadline),
        backup: backup.unwrap_or(present.backup),
        ..present
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn begun(wish: DrainWish) -> Result<Drain, Vec<FieldProblem>> {
        begin(DrainId::new(Uuid::nil()), wish, "Ada", NOW)
    }

    #[test]
    fn what_nobody_says_is_as_usual_and_stays_as_it_was() {
        let usual = begun(DrainWish::default()).unwrap();
        assert_eq!(
            (usual.message.as_str(), usual.deadline, usual.backup),
            (MESSAGE, NOW + TimeDelta::minutes(30), false)
        );
        let wish =
            DrainWish { backup: Some(true), message: Some("  Bye!  ".to_owned()), ..DrainWish::default() };
        let later = NOW + TimeDelta::minutes(5);
        let changed = change(usual.clone(), wish, later).unwrap();
        let expected = Drain { message: "Bye!".to_owned(), backup: true, ..usual };
        assert_eq!(changed, expected);
        let now =
            change(changed, DrainWish { wait_seconds: Some(0), ..DrainWish::default() }, later).unwrap();
        assert_eq!(now, Drain { deadline: later, ..expected });
    }

    #[test]
    fn what_is_out_of_bounds_is_told_at_its_field() {
        let wish = DrainWish {
            wait_seconds: Some(MAX_WAIT + 1),
            message: Some("x".repeat(MAX_MESSAGE + 1)),
            backup: None,
        };
        let keys: Vec<_> = begun(wish).unwrap_err().into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["waitSeconds", "message"]);
        let lines = DrainWish { message: Some("two\nlines".to_owned()), ..DrainWish::default() };
        assert_eq!(begun(lines).unwrap_err().len(), 1);
        let nobody = DrainWish { message: Some(String::new()), ..DrainWish::default() };
        assert_eq!(begun(nobody).unwrap().message, "");
    }
}
