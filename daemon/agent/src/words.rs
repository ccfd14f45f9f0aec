//! Words for people about what was done or not: as they stand alone, and not too many.

use gantry_protocol::Refusal;

/// Why something was not done, as it stands alone.
pub(crate) struct Why(pub(crate) String);

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self(sentence(&refusal.message))
    }
}

/// A text of at most so many characters, and a sign where it was longer.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// As it stands alone: with a capital and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let dot = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{dot}", letters.as_str())
}
