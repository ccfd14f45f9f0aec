//! What is played: the map and the version of the game, told for history whenever one of them changes.

use gantry_protocol::Event;
use gantry_types::sample::Sample;
use std::time::{Duration, Instant};

/// Changes are not told more often than this. The last of them is.
const AT_MOST_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Played {
    map: Option<String>,
    version: Option<String>,
    told: Option<Told>,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    map: Option<String>,
    version: Option<String>,
}

impl Played {
    /// Takes an answer. What it leaves out is as it was.
    pub(super) fn note(&mut self, sample: &Sample, now: Instant) -> Option<Event> {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        self.map = said(&sample.map).or(self.map.take());
        self.version = said(&sample.version).or(self.version.take());
        let (map, version) = (self.map.clone(), self.version.clone());
        let is_news = match &self.told {
            None => map.is_some() || version.is_some(),
            Some(told) => {
                (&told.map, &told.version) != (&map, &version) && now.duration_since(told.at) >= AT_MOST_EVERY
            }
        };
        is_news.then(|| {
            self.told = Some(Told { at: now, map: map.clone(), version: version.clone() });
            Event::Game { map, version }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(map: Option<&str>, version: Option<&str>) -> Sample {
        Sample { map: map.map(str::to_owned), version: version.map(str::to_owned), ..Sample::default() }
    }

    fn game(map: Option<&str>, version: Option<&str>) -> Option<Event> {
        Some(Event::Game { map: map.map(str::to_owned), version: version.map(str::to_owned) })
    }

    #[test]
    fn a_change_is_told_once_and_what_an_answer_leaves_out_is_none() {
        let (mut played, now) = (Played::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(played.note(&answer(None, Some(" ")), at(0)), None);
        assert_eq!(played.note(&answer(Some("dm1"), None), at(1)), game(Some("dm1"), None));
        assert_eq!(played.note(&answer(Some("dm1"), None), at(12)), None);
        assert_eq!(played.note(&answer(None, Some("1.36")), at(13)), game(Some("dm1"), Some("1.36")));
        assert_eq!(played.note(&answer(None, None), at(30)), None);
    }

    #[test]
    fn of_changes_in_quick_succession_the_last_is_told() {
        let (mut played, now) = (Played::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(played.note(&answer(Some("a"), None), at(0)), game(Some("a"), None));
        assert_eq!(played.note(&answer(Some("b"), None), at(1)), None);
        assert_eq!(played.note(&answer(Some("c"), None), at(2)), None);
        assert_eq!(played.note(&answer(Some("c"), None), at(10)), game(Some("c"), None));
        assert_eq!(played.note(&answer(Some("c"), None), at(20)), None);
    }
}
