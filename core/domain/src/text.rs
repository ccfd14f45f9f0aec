//! Short texts that people type: names and descriptions.
//!
//! Trimmed, bounded, one line where a line is meant, and free of what hides or changes how its neighbours are shown
//! ([`names`]), because one person's name stands in another person's list.

use gantry_types::{blueprint::FieldProblem, names};

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
    shown_as_written(key, text)?;
    Ok(text.to_owned())
}

/// A description: may be empty, may have lines.
pub fn description(key: &str, text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    bounded(key, text, MAX_DESCRIPTION)?;
    text.split('\n').try_for_each(|line| shown_as_written(key, line))?;
    Ok(text.to_owned())
}

pub(crate) fn bounded(key: &str, text: &str, most: usize) -> Result<(), FieldProblem> {
    let count = text.chars().count();
    if count <= most {
        return Ok(());
    }
    Err(crate::problem(key, format!("It has {count} characters."), format!("Use at most {most}.")))
}

pub(crate) fn shown_as_written(key: &str, line: &str) -> Result<(), FieldProblem> {
    match names::oddity(line) {
        None => Ok(()),
        Some(oddity) => Err(crate::problem(key, format!("It has {oddity}."), "Type it without that.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(name("name", "  Skyblock  ").unwrap(), "Skyblock");
        assert!(name("name", "   ").is_err());
        assert!(name("name", "\u{200B}\u{FEFF}").is_err());
        assert!(name("name", "\u{1F469}\u{200D}\u{1F680} \u{2764}\u{FE0F}").is_ok());
        assert!(name("name", &"x".repeat(65)).is_err());
        assert!(name("name", &"ü".repeat(64)).is_ok());
    }

    #[test]
    fn a_name_cannot_rearrange_a_list() {
        assert!(name("name", "a\nb").is_err());
        assert!(name("name", "safe\u{202E}exe").is_err());
        assert!(name("name", &format!("a{}", "\u{30D}".repeat(20))).is_err());
        assert!(description("description", "two\nlines").is_ok());
        assert!(description("description", "two\n\u{202E}lines").is_err());
    }

    #[test]
    fn a_name_cannot_look_like_another() {
        for hidden in ['\u{AD}', '\u{200B}', '\u{200D}', '\u{2800}', '\u{3164}', '\u{FE0F}', '\u{E0041}'] {
            let refused = name("name", &format!("Sky{hidden}block")).unwrap_err();
            assert!(refused.message.contains(&format!("U+{:04X}", u32::from(hidden))), "{refused:?}");
        }
    }
}
