//! Replacements in a text, made all at once so that none moves another.

use super::{EditError, MAX_BYTES};
use std::ops::Range;

#[derive(Default)]
pub(super) struct Splices {
    all: Vec<(Range<usize>, String)>,
    grown: usize,
}

impl Splices {
    /// They must not overlap, and come in the order of the text.
    pub(super) fn push(&mut self, range: Range<usize>, with: String) -> Result<(), EditError> {
        self.grown += with.len();
        self.all.push((range, with));
        // As large as two files: one is gone, one is made.
        if self.grown as u64 > 2 * MAX_BYTES { Err(EditError::TooLarge) } else { Ok(()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn apply(self, text: &str) -> String {
        let mut edited = String::with_capacity(text.len() + self.grown);
        let mut end = 0;
        for (range, with) in self.all {
            edited.push_str(&text[end..range.start]);
            edited.push_str(&with);
            end = range.end;
        }
        edited.push_str(&text[end..]);
        edited
    }
}
