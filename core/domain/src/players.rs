//! Who played when, and what.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Characters of a name. Names come from games.
const NAME: usize = 128;

/// From a player's coming to the leaving, or the game's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayerSession {
    /// In the order of `since`.
    pub id: Uuid,
    pub player: String,
    pub since: DateTime<Utc>,
    /// None while the player is there.
    pub until: Option<DateTime<Utc>>,
}

/// What was played from a time on, as the game told it. Where it says neither, nothing was: the game did not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    pub at: DateTime<Utc>,
    pub map: Option<String>,
    pub version: Option<String>,
}

/// A name as it is kept: on one line, and bounded. None if nothing is left of it.
pub fn name(told: &str) -> Option<String> {
    let visible = told.chars().filter(|letter| !gantry_types::names::leaves_line(*letter));
    let name: String = visible.take(NAME).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line_or_none() {
        assert_eq!(name(" ann\n\u{7} "), Some("ann".to_owned()));
        assert_eq!(name(&"ä".repeat(1_000)).unwrap().chars().count(), NAME);
        assert_eq!((name(""), name(" \n")), (None, None));
    }
}
