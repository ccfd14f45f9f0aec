//! Secrets that may come back in what a plugin or a node says of an action: taken out before anybody reads it.
//!
//! A plugin may put an answer into a pattern or into its words. So every spelling in which that comes back is looked for: as it
//! is, as a pattern that means it, and both as quoted text.

/// What stands in place of a secret.
const DOTS: &str = "\u{2022}\u{2022}\u{2022}";

/// Values that nobody is told.
#[derive(Clone, Debug, Default)]
pub struct Unsaid(Vec<String>);

impl Unsaid {
    /// Looks for each of these, in every spelling that counts.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all: Vec<String> =
            secrets.into_iter().filter(|secret| !secret.is_empty()).flat_map(spellings).collect();
        // The longest first: one secret may be part of another.
        all.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
        all.dedup();
        Self(all)
    }

    /// The text with dots in place of each secret.
    pub fn out_of(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), DOTS) } else { text }
        })
    }
}

fn spellings(secret: &str) -> [String; 4] {
    let quoted = |text: &str| text.escape_debug().to_string();
    let pattern: String = secret
        .chars()
        .flat_map(|letter| letter.is_ascii_punctuation().then_some('\\').into_iter().chain([letter]))
        .collect();
    [secret.to_owned(), quoted(secret), quoted(&pattern), pattern]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_however_it_is_spelled() {
        let unsaid = Unsaid::new(["hunter2", "hunter2-long", "a.\"b", ""]);
        let said = |text: &str| unsaid.out_of(text.to_owned());
        assert_eq!(
            said("no hunter2, no hunter2-long"),
            "no \u{2022}\u{2022}\u{2022}, no \u{2022}\u{2022}\u{2022}"
        );
        assert!(!said(&format!("matches {:?}", "^a\\.\\\"b$")).contains("\"b"), "as a pattern, quoted");
        assert_eq!(said(&format!("{:?}", "a.\"b")), "\"\u{2022}\u{2022}\u{2022}\"");
        assert_eq!(said("nothing"), "nothing");
    }
}
