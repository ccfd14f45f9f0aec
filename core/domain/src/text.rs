//! Short texts that people type: names and descriptions.
//!
//! Trimmed, bounded, one line where a line is meant, and free of characters that change how their neighbours are shown
//! (controls and bidirectional overrides), because one person's name stands in another person's list.

use gantry_types::blueprint::FieldProblem;

/// Longest name of anything, in characters.
pub const MAX_NAME: usize = 64;
/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 500;

/// A name: one line, 1 to 64 characters.
pub fn name(key: &str, text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(crate::problem(key, "A name is needed.", "Enter 1 to 64 characters."));
    }
    bounded(key, text, MAX_NAME)?;
    if text.chars().any(char::is_control) {
        return Err(crate::problem(
            key,
            "The name has characters that cannot be shown.",
            "Use one plain line.",
        ));
    }
    if text.chars().all(is_invisible) {
        return Err(crate::problem(
            key,
            "The name shows nothing.",
            "Enter 1 to 64 characters that can be seen.",
        ));
    }
    shown_as_written(key, text)?;
    Ok(text.to_owned())
}

/// Characters of no width: some join others, as in emoji, but none is a name by itself.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{FEFF}')
}

/// A description: may be empty, may have lines.
pub fn description(key: &str, text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    bounded(key, text, MAX_DESCRIPTION)?;
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(crate::problem(key, "The text has characters that cannot be shown.", "Use plain text."));
    }
    shown_as_written(key, text)?;
    Ok(text.to_owned())
}

fn bounded(key: &str, text: &str, most: usize) -> Result<(), FieldProblem> {
    let count = text.chars().count();
    if count <= most {
        return Ok(());
    }
    Err(crate::problem(key, format!("It has {count} characters."), format!("Use at most {most}.")))
}

fn shown_as_written(key: &str, text: &str) -> Result<(), FieldProblem> {
    let overrides =
        |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    if text.chars().any(overrides) {
        return Err(crate::problem(key, "It has characters that reorder text.", "Remove them."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name("name", "  Skyblock  ").unwrap(), "Skyblock");
        assert!(name("name", "   ").is_err());
        assert!(name("name", "\u{200B}\u{FEFF}").is_err());
        assert!(name("name", "\u{1F469}\u{200D}\u{1F680}").is_ok());
        assert!(name("name", &"x".repeat(65)).is_err());
        assert!(name("name", &"ü".repeat(64)).is_ok());
    }

    #[test]
    fn a_name_cannot_rearrange_a_list() {
        assert!(name("name", "a\nb").is_err());
        assert!(name("name", "safe\u{202E}exe").is_err());
        assert!(description("description", "two\nlines").is_ok());
    }
}
