//! Text from inside the sandbox, made safe to show on one line of a log or a page.

/// Cuts to `most` characters and writes control characters, bidirectional overrides and line separators as escapes,
/// so that text can neither forge a second line nor move a terminal's cursor nor change what people read.
pub(crate) fn escaped(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(most));
    for (index, character) in text.chars().enumerate() {
        if index == most {
            safe.push('…');
            break;
        }
        if is_dangerous(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Cuts to `most` characters and leaves out what [`escaped`] would write as an escape: for names that a game chose.
pub(crate) fn cleaned(text: &str, most: usize) -> String {
    text.chars().filter(|character| !is_dangerous(*character)).take(most).collect()
}

fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
