//! One edit, made ready: what is to be written over what stands, where anything is.
//!
//! Whatever an edit writes is handed out here and counted, since one edit may have many places and a value is as long as
//! its maker likes: an edit that would make the file too large ends before its text is made.

use super::{EditError, MAX_BYTES};
use gantry_types::{
    page::PlaceValue,
    plan::{Condition, Edit, Notation},
};
use regex::{Regex, RegexBuilder};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
};

/// Compiled size of a pattern.
const PATTERN_BYTES: usize = 1 << 20;
/// The longest value that who looks is shown, in bytes.
const SHOWN_BYTES: usize = 16 << 10;

pub(super) struct Rule<'a> {
    pub(super) at: &'a str,
    pub(super) notation: Notation,
    value: &'a str,
    when: When<'a>,
    /// What readers of the format see of a text.
    seen: fn(&str) -> &str,
    handed_out: Cell<usize>,
}

enum When<'a> {
    Always,
    Absent,
    Present,
    Equals(&'a str),
    Matches(Regex),
    /// Nothing is written: what stands there is remembered.
    Look(RefCell<Option<PlaceValue>>),
}

impl<'a> Rule<'a> {
    pub(super) fn of(edit: &'a Edit) -> Result<Self, EditError> {
        Self::seen_as(edit, |text| text)
    }

    /// For formats whose readers leave some of a text out.
    pub(super) fn seen_as(edit: &'a Edit, seen: fn(&str) -> &str) -> Result<Self, EditError> {
        let when = match &edit.condition {
            Condition::Always => When::Always,
            Condition::Absent => When::Absent,
            Condition::Present => When::Present,
            Condition::Equals(value) => When::Equals(seen(value)),
            Condition::Matches(pattern) => {
                let pattern = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
                let why = |error: regex::Error| EditError::Condition {
                    at: edit.at.clone(),
                    why: Cow::Owned(format!("its pattern is not valid: {error}")),
                };
                When::Matches(pattern.map_err(why)?)
            }
        };
        let handed_out = Cell::new(0);
        Ok(Self { at: &edit.at, notation: edit.notation, value: seen(&edit.value), when, seen, handed_out })
    }

    /// For who only looks. It finds its places as an edit does, and writes nothing.
    pub(super) fn look(at: &'a str) -> Self {
        let when = When::Look(RefCell::default());
        Self {
            at,
            notation: Notation::LikeThere,
            value: "",
            when,
            seen: |text| text,
            handed_out: Cell::new(0),
        }
    }

    /// What stood where it looked.
    pub(super) fn found(self) -> PlaceValue {
        match self.when {
            When::Look(found) => found.into_inner().unwrap_or(PlaceValue::Nothing),
            When::Always | When::Absent | When::Present | When::Equals(_) | When::Matches(_) => {
                PlaceValue::Nothing
            }
        }
    }

    /// Whether it only looks, and this is what it sees.
    fn sees(&self, what: impl FnOnce() -> PlaceValue) -> bool {
        let When::Look(found) = &self.when else { return false };
        let what = what();
        let mut found = found.borrow_mut();
        *found = Some(match found.take() {
            Some(before) if before != what => PlaceValue::Several,
            _ => what,
        });
        true
    }

    /// Whether something is made where nothing stands.
    pub(super) fn makes(&self) -> bool {
        matches!(self.when, When::Always | When::Absent)
    }

    /// Whether it matters nothing what stands there.
    pub(super) fn is_always(&self) -> bool {
        matches!(self.when, When::Always)
    }

    /// What is to be written where nothing stands.
    pub(super) fn fresh(&self) -> Result<Option<Cow<'a, str>>, EditError> {
        if self.makes() { self.hand_out(Cow::Borrowed(self.value)).map(Some) } else { Ok(None) }
    }

    /// What is to be written over this; nothing where it stays.
    pub(super) fn over(&self, there: &str) -> Result<Option<Cow<'a, str>>, EditError> {
        let shown = || match there.len() {
            0..=SHOWN_BYTES => PlaceValue::Text { text: there.to_owned() },
            _ => PlaceValue::TooLong,
        };
        if self.sees(shown) {
            return Ok(None);
        }
        let value = match &self.when {
            When::Always | When::Present => Cow::Borrowed(self.value),
            When::Equals(value) if *value == there => Cow::Borrowed(self.value),
            When::Matches(pattern) => match self.replace(pattern, there)? {
                Some(value) => Cow::Owned(value),
                None => return Ok(None),
            },
            When::Absent | When::Equals(_) | When::Look(_) => return Ok(None),
        };
        self.hand_out(value).map(Some)
    }

    /// The same where a whole tree stands.
    pub(super) fn over_tree(&self, there: &str) -> Result<Option<Cow<'a, str>>, EditError> {
        if self.sees(|| PlaceValue::Tree) { Ok(None) } else { self.over(there) }
    }

    /// The same where a word stands that means nothing.
    pub(super) fn over_nothing(&self, there: &str) -> Result<Option<Cow<'a, str>>, EditError> {
        if self.sees(|| PlaceValue::Nothing) { Ok(None) } else { self.over(there) }
    }

    fn replace(&self, pattern: &Regex, there: &str) -> Result<Option<String>, EditError> {
        let mut replaced = String::new();
        let mut end = None;
        for found in pattern.find_iter(there) {
            replaced.push_str(&there[end.unwrap_or(0)..found.start()]);
            replaced.push_str(self.value);
            end = Some(found.end());
            if replaced.len() as u64 > MAX_BYTES {
                return Err(EditError::TooLarge);
            }
        }
        let Some(end) = end else { return Ok(None) };
        replaced.push_str(&there[end..]);
        Ok(Some((self.seen)(&replaced).to_owned()))
    }

    fn hand_out(&self, value: Cow<'a, str>) -> Result<Cow<'a, str>, EditError> {
        let sum = self.handed_out.get() + value.len();
        self.handed_out.set(sum);
        if sum as u64 > MAX_BYTES { Err(EditError::TooLarge) } else { Ok(value) }
    }

    pub(super) fn no_place(&self, why: &'static str) -> EditError {
        EditError::NoPlace { at: self.at.to_owned(), why: why.into() }
    }

    pub(super) fn unrepresentable(&self) -> EditError {
        EditError::Unrepresentable { at: self.at.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(condition: Condition, value: &str, there: &str) -> Result<Option<String>, EditError> {
        let edit = Edit { condition, ..Edit::new("a", value) };
        Ok(Rule::of(&edit)?.over(there)?.map(Cow::into_owned))
    }

    fn matches(pattern: &str, value: &str, there: &str) -> Result<Option<String>, EditError> {
        over(Condition::Matches(pattern.to_owned()), value, there)
    }

    #[test]
    fn only_what_matched_is_replaced_and_literally() {
        assert_eq!(matches("^(localhost)(:|$)", "$1:", "localhost:1").unwrap().unwrap(), "$1:1");
        assert_eq!(matches("b", "x", "abab").unwrap().unwrap(), "axax");
        assert_eq!(matches("c", "x", "abab"), Ok(None));
    }

    #[test]
    fn patterns_that_are_wrong_or_too_large_are_told() {
        for pattern in ["(", "(?:a{1000}){1000}"] {
            let refused = matches(pattern, "x", "a");
            assert!(matches!(refused, Err(EditError::Condition { .. })), "{pattern}: {refused:?}");
        }
    }

    #[test]
    fn what_is_handed_out_is_bounded() {
        let value = "x".repeat(1 << 20);
        let edit = Edit::new("a", value);
        let rule = Rule::of(&edit).unwrap();
        let given = (0..5).map(|_| rule.over("")).filter(Result::is_ok).count();
        assert_eq!((given, rule.over("")), (4, Err(EditError::TooLarge)));
        let long = "y".repeat(4 << 20);
        assert_eq!(matches("y", &"x".repeat(1000), &long), Err(EditError::TooLarge));
    }
}
