//! What a running game said, and what a plugin says when it refuses.
//!
//! Texts come from the game and its players, so they are cleaned and cut; numbers come from the plugin's arithmetic, so
//! nonsense among them is the plugin's error.

use std::time::Duration;

use gantry_types::sample::{ConsoleEvent, Player, Sample, Series};

use super::{Checked, check, text};
use crate::bindings::{collector as wit, console_events as console, types};
use crate::error::PluginFailure;

const PLAYERS: usize = 1_024;
const SERIES: usize = 64;
const NAME: usize = 128;
const LINE: usize = 256;
const CHAT: usize = 1_024;
/// One line can mean several things, but not arbitrarily many.
const EVENTS_PER_LINE: usize = 4;

/// Checks what a collector answered.
pub(crate) fn sample(given: wit::Sample) -> Checked<Sample> {
    let line = |text: Option<String>| text.map(|text| text::cleaned(&text, LINE));
    if given.latency_ms.is_some_and(|latency| !latency.is_finite() || latency < 0.0) {
        return Err("the sample's latency must be a number that is not negative".to_owned());
    }
    let series = check::count("the sample's series", given.series, SERIES)?;
    check::unique("the sample's series", series.iter().map(|each| each.name.as_str()))?;
    Ok(Sample {
        name: line(given.name),
        map: line(given.map),
        version: line(given.version),
        players: given.players,
        // No more than there are.
        bots: given.bots.zip(given.players).map(|(bots, players)| bots.min(players)),
        max_players: given.max_players,
        // A list that is cut is complete no longer.
        lists_players: given.lists_players && given.player_list.len() <= PLAYERS,
        player_list: given.player_list.into_iter().take(PLAYERS).map(player).collect(),
        latency_ms: given.latency_ms,
        series: series.into_iter().map(self::series).collect::<Checked<_>>()?,
    })
}

fn player(given: wit::Player) -> Player {
    Player {
        name: text::cleaned(&given.name, NAME),
        id: given.id.map(|id| text::cleaned(&id, NAME)),
        score: given.score,
        ping_ms: given.ping_ms,
        seconds_online: given.seconds_online,
    }
}

fn series(given: wit::Series) -> Checked<Series> {
    let name = check::key("series", given.name)?;
    if !given.value.is_finite() {
        return Err(format!("series {name}: the value must be a finite number"));
    }
    let unit = check::line(&format!("series {name}: unit"), given.unit, 0, 16)?;
    Ok(Series { name, unit, value: given.value })
}

/// Checks what a batch of `lines` lines meant.
pub(crate) fn console_events(given: Vec<console::Found>, lines: usize) -> Checked<Vec<(u32, ConsoleEvent)>> {
    let given = check::count("the list of console events", given, lines.saturating_mul(EVENTS_PER_LINE))?;
    let convert = |found: console::Found| {
        if found.line as usize >= lines {
            return Err(format!("an event names line {}; the batch has {lines}", found.line));
        }
        Ok((found.line, event(found.event)))
    };
    given.into_iter().map(convert).collect()
}

fn event(given: console::Event) -> ConsoleEvent {
    let name = |player: String| text::cleaned(&player, NAME);
    let words = |words: String| text::cleaned(&words, CHAT);
    match given {
        console::Event::Ready => ConsoleEvent::Ready,
        console::Event::Joined(player) => ConsoleEvent::Joined { player: name(player) },
        console::Event::Left(player) => ConsoleEvent::Left { player: name(player) },
        console::Event::Chat((player, text)) => {
            ConsoleEvent::Chat { player: name(player), text: words(text) }
        }
        console::Event::Warning(text) => ConsoleEvent::Warning { text: words(text) },
        console::Event::CrashCause(given) => {
            ConsoleEvent::CrashCause { text: words(given.cause), remedy: given.remedy.map(words) }
        }
    }
}

/// A plugin's refusal, fit to show.
pub(crate) fn failure(given: &types::Failure) -> PluginFailure {
    PluginFailure {
        code: text::cleaned(&given.code, 64),
        message: text::escaped(&given.message, 2_048),
        retry_after: given.retry_after_ms.map(|ms| Duration::from_millis(ms.into())),
    }
}
