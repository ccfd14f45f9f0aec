//! Untrusted text, made fit for a line.

/// What a terminal would show of a line in which the cursor went back to its beginning.
pub fn settled(line: &str) -> &str {
    let line = line.strip_suffix('\r').unwrap_or(line);
    line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or("")
}

/// The beginning of a text, at most so many bytes, cut between characters.
pub fn bounded(text: &str, max_bytes: usize) -> &str {
    if text.len() <= max_bytes {
        return text;
    }
    let cut = (0..=max_bytes).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
    &text[..cut]
}

/// Without escape sequences (ECMA-48) and other control characters.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut characters),
            '\u{9b}' => skip_control_sequence(&mut characters),
            '\t' => plain.push(' '),
            other if other.is_control() => {}
            other => plain.push(other),
        }
    }
    plain
}

fn skip_sequence(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match characters.next() {
        Some('[') => skip_control_sequence(characters),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(characters),
        // An intermediate byte: one final byte follows.
        Some(' '..='/') => drop(characters.next()),
        Some(_) | None => {}
    }
}

fn skip_control_sequence(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    for character in characters.by_ref() {
        if ('@'..='~').contains(&character) {
            return;
        }
    }
}

/// A string such as a window title, up to its terminator.
fn skip_string(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(character) = characters.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                characters.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_titles_and_bells_are_removed() {
        let text = "\u{1b}[1;32mServer\u{1b}[0m \u{1b}]0;title\u{7}ready\u{7}\u{1b}(B!";
        assert_eq!(plain(text), "Server ready!");
    }

    #[test]
    fn a_line_that_was_written_over_shows_its_last_state() {
        assert_eq!(settled("10 %\r50 %\r100 %\r"), "100 %");
        assert_eq!(settled("plain"), "plain");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(bounded("aé", 2), "a");
    }
}
