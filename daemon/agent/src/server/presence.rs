//! Who came and who left, as it is told for history: by what the console says, or, of a game that says nothing there, by
//! comparing the lists of its collector.
//!
//! Both may tell of the same player, a list later than the console, since games keep their answers for some seconds. So a
//! game whose console has told of anybody is believed there alone.

use super::telemetry::Hearing;
use gantry_protocol::Event;
use gantry_types::sample::{ConsoleEvent, Sample};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

/// More are not remembered: names come from the game.
const PLAYERS: usize = 1_000;
/// For so long somebody is missing from lists before that is a leave: games list nobody for a moment as they load a map.
const MISSED: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct Presence {
    there: HashMap<String, Seen>,
    /// The console tells of coming and going.
    speaks: bool,
    /// Set while it is unknown who was there before: those of them who were heard to leave.
    left: Option<HashSet<String>>,
}

#[derive(Debug)]
struct Seen {
    by: Witness,
    missing_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Witness {
    Console,
    List,
}

impl Seen {
    const fn by(by: Witness) -> Self {
        Self { by, missing_since: None }
    }
}

impl Presence {
    pub(super) fn new(hearing: Hearing) -> Self {
        let left = (hearing == Hearing::Midway).then(HashSet::new);
        Self { there: HashMap::new(), speaks: false, left }
    }

    /// Takes what the console said; false if a list told the same before.
    pub(super) fn hear(&mut self, event: &ConsoleEvent) -> bool {
        match event {
            ConsoleEvent::Joined { player } => {
                self.speaks = true;
                if let Some(left) = &mut self.left {
                    left.remove(player);
                }
                self.come(player, Witness::Console).is_none_or(|before| before != Witness::List)
            }
            ConsoleEvent::Left { player } => {
                self.speaks = true;
                self.there.remove(player);
                if let Some(left) = self.left.as_mut().filter(|left| left.len() < PLAYERS) {
                    left.insert(player.clone());
                }
                true
            }
            ConsoleEvent::Ready
            | ConsoleEvent::Chat { .. }
            | ConsoleEvent::Warning { .. }
            | ConsoleEvent::CrashCause { .. } => true,
        }
    }

    /// Takes a collector's answer, and says what it tells that nobody told before.
    pub(super) fn list(&mut self, sample: &Sample, now: Instant) -> Vec<Event> {
        // Who is on an empty server needs no list.
        if !sample.lists_players && sample.players != Some(0) {
            return Vec::new();
        }
        let listed = sample.player_list.iter().map(|player| player.name.as_str());
        let listed: HashSet<_> = listed.filter(|name| !name.trim().is_empty()).take(PLAYERS).collect();
        if let Some(left) = self.left.take() {
            return vec![self.begin(listed.into_iter().filter(|name| !left.contains(*name)))];
        }
        let mut events = self.missed(&listed, now);
        if !self.speaks {
            for name in listed {
                if !self.there.contains_key(name) && self.there.len() < PLAYERS {
                    self.come(name, Witness::List);
                    events.push(Event::Console { event: ConsoleEvent::Joined { player: name.to_owned() } });
                }
            }
        }
        events
    }

    /// Whoever is there without having been seen to come.
    fn begin<'a>(&mut self, listed: impl Iterator<Item = &'a str>) -> Event {
        for name in listed {
            if !self.there.contains_key(name) {
                self.come(name, Witness::List);
            }
        }
        Event::Present { players: self.there.keys().cloned().collect() }
    }

    fn come(&mut self, name: &str, by: Witness) -> Option<Witness> {
        let room = self.there.len() < PLAYERS || self.there.contains_key(name);
        room.then(|| self.there.insert(name.to_owned(), Seen::by(by)))?.map(|before| before.by)
    }

    /// Those who have been missing for long enough. An empty server is believed whatever the console says.
    fn missed(&mut self, listed: &HashSet<&str>, now: Instant) -> Vec<Event> {
        let believed = !self.speaks || listed.is_empty();
        let mut events = Vec::new();
        self.there.retain(|name, seen| {
            if !believed || listed.contains(name.as_str()) {
                seen.missing_since = None;
                return true;
            }
            let since = *seen.missing_since.get_or_insert(now);
            let is_there = now.duration_since(since) < MISSED;
            if !is_there {
                events.push(Event::Console { event: ConsoleEvent::Left { player: name.clone() } });
            }
            is_there
        });
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::sample::Player;

    fn joined(name: &str) -> ConsoleEvent {
        ConsoleEvent::Joined { player: name.to_owned() }
    }

    fn left(name: &str) -> ConsoleEvent {
        ConsoleEvent::Left { player: name.to_owned() }
    }

    fn answer(names: &[&str]) -> Sample {
        let player = |name: &&str| Player {
            name: (*name).to_owned(),
            id: None,
            score: None,
            ping_ms: None,
            seconds_online: None,
        };
        let players = u32::try_from(names.len()).ok();
        let player_list = names.iter().map(player).collect();
        Sample { players, lists_players: true, player_list, ..Sample::default() }
    }

    /// What answers at these seconds tell, in any order of names.
    fn told(presence: &mut Presence, from: Instant, answers: &[(u64, &[&str])]) -> Vec<ConsoleEvent> {
        let tell = |(second, names): &(u64, &[&str])| {
            let events = presence.list(&answer(names), from + Duration::from_secs(*second));
            let event = |event| match event {
                Event::Console { event } => event,
                other => panic!("{other:?}"),
            };
            events.into_iter().map(event).collect::<Vec<_>>()
        };
        answers.iter().flat_map(tell).collect()
    }

    #[test]
    fn lists_of_a_game_that_says_nothing_tell_who_came_and_after_a_while_who_left() {
        let (mut presence, now) = (Presence::new(Hearing::FromTheStart), Instant::now());
        assert_eq!(told(&mut presence, now, &[(0, &["ann"]), (1, &["ann"])]), [joined("ann")]);
        assert_eq!(told(&mut presence, now, &[(2, &["ann", "bob"])]), [joined("bob")]);
        assert_eq!(told(&mut presence, now, &[(3, &["bob"]), (17, &["bob"])]), []);
        assert_eq!(told(&mut presence, now, &[(18, &["bob"])]), [left("ann")]);
        // A map is loaded.
        assert_eq!(told(&mut presence, now, &[(20, &[]), (34, &[]), (35, &["bob"]), (50, &["bob"])]), []);
        // Where nobody plays no list is needed, and players without names are no news.
        let empty = Sample { players: Some(0), ..Sample::default() };
        assert_eq!(presence.list(&empty, now + Duration::from_secs(60)), []);
        let event = Event::Console { event: left("bob") };
        assert_eq!(presence.list(&empty, now + Duration::from_secs(75)), [event]);
        assert_eq!(told(&mut presence, now, &[(80, &["", " "])]), []);
    }

    #[test]
    fn a_game_that_speaks_is_believed_on_its_console() {
        let (mut presence, now) = (Presence::new(Hearing::FromTheStart), Instant::now());
        assert!(presence.hear(&joined("ann")));
        assert_eq!(told(&mut presence, now, &[(0, &["eve"]), (20, &["eve"])]), []);
        assert!(presence.hear(&left("ann")));
        // It said nothing when the connection of the next broke.
        assert!(presence.hear(&joined("bob")));
        assert_eq!(told(&mut presence, now, &[(30, &[]), (40, &["eve"]), (44, &[]), (58, &[])]), []);
        assert_eq!(told(&mut presence, now, &[(59, &[])]), [left("bob")]);
    }

    #[test]
    fn what_a_list_told_first_is_not_told_again() {
        let (mut presence, now) = (Presence::new(Hearing::FromTheStart), Instant::now());
        assert_eq!(told(&mut presence, now, &[(0, &["ann"])]), [joined("ann")]);
        assert!(!presence.hear(&joined("ann")), "the list was quicker");
        assert!(presence.hear(&joined("ann")), "and a leave between the two was missed");
    }

    #[test]
    fn a_daemon_that_comes_later_tells_once_who_is_there() {
        let (mut presence, now) = (Presence::new(Hearing::Midway), Instant::now());
        let unlisted = Sample { players: Some(2), ..answer(&["ann"]) };
        let unlisted = Sample { lists_players: false, ..unlisted };
        assert_eq!(presence.list(&unlisted, now), [], "others are not listed");
        assert!(presence.hear(&joined("cid")) && presence.hear(&left("bob")));
        let told_first = presence.list(&answer(&["ann", "bob"]), now);
        let [Event::Present { players }] = told_first.as_slice() else { panic!("{told_first:?}") };
        let players: HashSet<_> = players.iter().map(String::as_str).collect();
        assert_eq!(players, ["ann", "cid"].into(), "answers are older than the console");
        assert_eq!(told(&mut presence, now, &[(1, &["dan"])]), [], "it speaks");
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let (mut presence, now) = (Presence::new(Hearing::FromTheStart), Instant::now());
        let names: Vec<_> = (0..PLAYERS + 5).map(|n| n.to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(told(&mut presence, now, &[(0, &names)]).len(), PLAYERS);
        let others: Vec<_> = names.iter().map(|name| format!("x{name}")).collect();
        let others: Vec<_> = others.iter().map(String::as_str).collect();
        assert_eq!(told(&mut presence, now, &[(1, &others)]), [], "those who left are still among them");
    }
}
