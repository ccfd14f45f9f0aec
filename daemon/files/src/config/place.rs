//! Where an edit of a structured format is made, as its `at` says: keys and places in lists, joined by dots.

use super::{EditError, rule::Rule};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Key(&'a str),
    /// `[0]`: that place in a list.
    Place(usize),
    /// `*`: all that an object or a list holds.
    Each,
}

/// A whole way from the root. It is never empty.
pub(super) struct Way<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// Whether what is missing on it is made: not for conditions that look at what stands, and nothing for `*`.
    pub(super) makes: bool,
}

impl<'a> Way<'a> {
    pub(super) fn of(rule: &Rule<'a>) -> Result<Self, EditError> {
        let mut parts = Vec::new();
        for part in rule.at.split('.') {
            let (key, places) = split(part);
            match key {
                "" if places.is_empty() => return Err(rule.no_place("a key is empty")),
                "" => {}
                "*" => parts.push(Part::Each),
                key => parts.push(Part::Key(key)),
            }
            for place in places {
                let place = place.parse().map_err(|_| rule.no_place("no list is so long"))?;
                parts.push(Part::Place(place));
            }
        }
        let each = parts.iter().filter(|part| **part == Part::Each).count();
        if each > 1 {
            return Err(rule.no_place("only one * is possible"));
        }
        Ok(Self { parts, makes: rule.makes() && each == 0 })
    }

    /// What becomes of a place where the way cannot go on: an error, unless nothing would be made there.
    pub(super) fn blocked(&self, rule: &Rule<'_>, why: &'static str) -> Result<(), EditError> {
        if self.makes { Err(rule.no_place(why)) } else { Ok(()) }
    }
}

/// A key and the numbers in brackets behind it. What is no number in brackets is part of the key.
fn split(part: &str) -> (&str, Vec<&str>) {
    let (mut key, mut places) = (part, Vec::new());
    while let Some((before, place)) = key.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        if place.is_empty() || !place.bytes().all(|byte| byte.is_ascii_digit()) {
            break;
        }
        places.push(place);
        key = before;
    }
    places.reverse();
    (key, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::plan::Edit;

    #[test]
    fn ways_are_keys_places_and_one_star() {
        let edit = Edit::new("a[0][12].b[x].*.[3]", "");
        let rule = Rule::of(&edit).unwrap();
        let way = Way::of(&rule).unwrap();
        let expected =
            [Part::Key("a"), Part::Place(0), Part::Place(12), Part::Key("b[x]"), Part::Each, Part::Place(3)];
        assert_eq!((way.parts.as_slice(), way.makes), (expected.as_slice(), false));
    }

    #[test]
    fn what_is_no_way_is_refused() {
        for at in ["", "a.", ".a", "a..b", "*.*", "a[99999999999999999999]"] {
            let edit = Edit::new(at, "");
            let refused = Way::of(&Rule::of(&edit).unwrap());
            assert!(matches!(refused, Err(EditError::NoPlace { .. })), "{at}");
        }
    }
}
