//! What console lines mean, by the game's own rules, and what means the same in all of them.

use crate::games::Game;
use gantry_plugin::prelude::*;

pub(crate) fn parse(game: &Game, lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        let event = common(line).or_else(|| (game.event)(line))?;
        Some(Found { line: u32::try_from(index).ok()?, event })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn common(line: &str) -> Option<Event> {
    // What the loader says begins with the program's whole path, which is longer than what a player may be called.
    let (program, _) = line.split_once(": error while loading shared libraries: ")?;
    (program.starts_with("/data/server/") && !program.contains(char::is_whitespace)).then(|| {
        Event::CrashCause(CrashCause {
            cause: "The game wants a library that its image does not have.".to_owned(),
            remedy: Some(
                "Reinstall the server. If that does not help, the plugin's image lacks it.".to_owned(),
            ),
        })
    })
}
