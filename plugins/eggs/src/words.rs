//! Text that people read, made fit for where it is shown.
//!
//! A host refuses names and labels in which something is not seen, turns the direction of reading or covers the lines around
//! it, and everything that is to be one line and is not. An egg says whatever it says; refusing it for that would help nobody.
//! So such characters are left out here, and those that are part of how a name is written (the joiners of emoji, the style of
//! a picture) are kept where they surely belong. What is kept is never more than a host takes.

use crate::source::Log;
use regex::Regex;
use std::sync::LazyLock;

/// Marks above and below one letter.
const MOST_MARKS: usize = 4;
const JOINER: char = '\u{200D}';
const STYLES: [char; 2] = ['\u{FE0E}', '\u{FE0F}'];
/// What makes a digit a key.
const KEYCAP: char = '\u{20E3}';

/// A text that fits, and what was lost of it.
pub(crate) struct Fitted {
    pub(crate) text: String,
    most: usize,
    is_cut: bool,
    odd: Option<char>,
}

impl Fitted {
    /// Whether something of it is lost.
    pub(crate) const fn is_whole(&self) -> bool {
        !self.is_cut && self.odd.is_none()
    }

    /// The text; what was lost is told with its place.
    pub(crate) fn told(self, log: &Log, at: &str) -> String {
        if let Some(odd) = self.odd {
            let what = format!(
                "It has characters that are not seen, or turn or cover others, such as U+{:04X}.",
                u32::from(odd)
            );
            log.different("text", at, what, "They are left out.");
        }
        if self.is_cut {
            let what = format!("The text is longer than {} characters.", self.most);
            log.different("text", at, what, "Its beginning is kept.");
        }
        self.text
    }
}

/// Whether a character ends a line or says something to a terminal.
pub(crate) fn leaves_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// A set of characters, by their properties.
struct Set(LazyLock<Regex>);

impl Set {
    fn has(&self, letter: char) -> bool {
        self.0.is_match(letter.encode_utf8(&mut [0; 4]))
    }
}

macro_rules! set {
    ($name:ident, $pattern:literal) => {
        static $name: Set = Set(LazyLock::new(|| Regex::new($pattern).expect("a set of characters")));
    };
}

set!(UNSEEN, r"[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u{2800}\u{FFF9}-\u{FFFB}]");
// What has no meaning yet may be given that of a mark.
set!(MARK, r"[\p{Mn}\p{Me}[\p{Cn}--\p{Extended_Pictographic}]]");
set!(EMOJI, r"\p{Emoji}");
set!(PICTURE, r"\p{Extended_Pictographic}");
set!(SKIN, r"\p{Emoji_Modifier}");

/// One line of at most `most` characters: a name, a title, a label.
pub(crate) fn line(text: &str, most: usize) -> Fitted {
    // More is not looked at, so that a long text costs no more than a short one.
    let (given, is_longer) = beginning(text.trim(), most);
    let mut kept: Vec<char> = Vec::new();
    let (mut marks, mut odd) = (0, None);
    for (at, letter) in given.iter().copied().enumerate() {
        let next = given.get(at + 1).copied();
        let letter = if leaves_line(letter) { ' ' } else { letter };
        if letter.is_whitespace() && kept.is_empty() {
            continue;
        }
        let is_mark = !letter.is_ascii() && MARK.has(letter);
        let is_piled = is_mark && (marks == MOST_MARKS || kept.is_empty());
        if is_piled || !is_in_place(letter, kept.last().copied(), next) {
            odd.get_or_insert(letter);
            continue;
        }
        marks = match letter {
            _ if is_mark => marks + 1,
            JOINER => marks,
            _ => 0,
        };
        kept.push(letter);
    }
    let is_cut = is_longer || kept.len() > most;
    kept.truncate(most);
    // What they belong to may be cut off.
    while kept.last().is_some_and(|last| *last == JOINER || STYLES.contains(last) || last.is_whitespace()) {
        if kept.last().is_some_and(|last| STYLES.contains(last)) && !is_cut {
            break;
        }
        kept.pop();
    }
    Fitted { text: kept.into_iter().collect(), most, is_cut, odd }
}

/// Text of lines, of at most `most` characters.
pub(crate) fn prose(text: &str, most: usize) -> Fitted {
    let (given, is_longer) = beginning(text.trim(), most);
    let mut kept: Vec<char> = Vec::new();
    let mut odd = None;
    for (at, letter) in given.iter().copied().enumerate() {
        match letter {
            '\r' if given.get(at + 1) == Some(&'\n') => {}
            '\r' | '\u{2028}' | '\u{2029}' => kept.push('\n'),
            '\n' | '\t' => kept.push(letter),
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                odd.get_or_insert(letter);
            }
            '\u{FEFF}' => {}
            _ if letter.is_control() => {}
            _ => kept.push(letter),
        }
    }
    let is_cut = is_longer || kept.len() > most;
    kept.truncate(most);
    let text: String = kept.into_iter().collect();
    Fitted { text: text.trim().to_owned(), most, is_cut, odd }
}

/// The beginning of a text, of which something may be left out, and whether there is more.
fn beginning(text: &str, most: usize) -> (Vec<char>, bool) {
    let looked = most * 2 + 64;
    let mut letters = text.chars();
    let given: Vec<char> = letters.by_ref().take(looked).collect();
    (given, letters.next().is_some())
}

/// Whether a character is seen, or belongs between these.
fn is_in_place(letter: char, before: Option<char>, after: Option<char>) -> bool {
    if letter.is_ascii() {
        return true;
    }
    match (letter, before) {
        (JOINER, Some(before)) => {
            (before == '\u{FE0F}' || PICTURE.has(before) || SKIN.has(before))
                && after.is_some_and(|after| PICTURE.has(after))
        }
        ('\u{FE0E}' | '\u{FE0F}', Some(before)) => {
            EMOJI.has(before) && (!before.is_ascii() || after == Some(KEYCAP))
        }
        _ => !UNSEEN.has(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::names;

    #[test]
    fn names_are_kept_as_they_are() {
        for name in [
            "Minecraft: Java",
            "Übung für Ñandú",
            "天空方块 サーバー",
            "שרת ראשי",
            "☕ Java 21",
            "⚔\u{FE0F} War \u{1F469}\u{200D}\u{1F680}",
            "1\u{FE0F}\u{20E3} first",
            "❤\u{FE0F}",
        ] {
            let fitted = line(name, 128);
            assert!(fitted.is_whole() && fitted.text == name, "{name:?} became {:?}", fitted.text);
            assert_eq!(names::oddity(&fitted.text), None, "{name:?}");
        }
    }

    #[test]
    fn lines_end_where_they_should() {
        assert_eq!(line(" a\u{2028}b\nc\u{1b}[31m ", 64).text, "a b c [31m");
        assert_eq!(line("a\u{202E}b", 64).text, "ab");
        assert!(!line("a\u{202E}b", 64).is_whole() && line("a\nb", 64).is_whole());
        assert_eq!((line("abc", 2).text.as_str(), line("abc", 2).is_whole()), ("ab", false));
        assert_eq!(line("\u{200B}\u{202E}\0", 64).text, "");
        assert_eq!(prose("a\r\nb\rc\u{2028}d\0e\u{202E}f", 64).text, "a\nb\nc\ndef");
        assert!(!prose(&"x".repeat(100_000), 64).is_whole());
    }

    #[test]
    fn no_character_makes_a_line_that_is_refused() {
        let refused = |text: &str| names::oddity(text).is_some() || text.contains(names::leaves_line);
        // Without the ideographs and syllables, which are many and alike.
        let all = ('\0'..'\u{3400}').chain('\u{A000}'..'\u{AC00}').chain('\u{F900}'..'\u{20000}');
        for letter in all.chain('\u{E0000}'..'\u{E0200}') {
            for text in [
                format!("{letter}a"),
                format!("a{letter}b"),
                format!("\u{1F469}{letter}\u{1F680}"),
                format!("a{}", String::from(letter).repeat(6)),
            ] {
                let fitted = line(&text, 2).text;
                assert!(!refused(&fitted) && fitted.chars().count() <= 2, "{text:?} became {fitted:?}");
                let fitted = line(&text, 64).text;
                assert!(!refused(&fitted), "{text:?} became {fitted:?}");
            }
        }
    }
}
