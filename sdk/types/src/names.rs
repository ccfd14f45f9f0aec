//! Which characters a name may hold that somebody chooses and others read: of servers, people and places, and of files
//! that are made in the panel.
//!
//! Two names that look alike are two names that are confused. So what shows nothing is not part of one, nor what turns the
//! direction of reading, nor a pile of marks that covers the lines around it. Three kinds of invisible characters are part
//! of how names are written, each where it belongs and nowhere else:
//! - joiner and non-joiner between letters whose shape they change: after a virama, and the non-joiner between letters that
//!   would join (RFC 5892, appendices A.1 and A.2: Persian, the scripts of India);
//! - the joiner between the pictures of one emoji, as in families and professions (UTS #51, ED-16);
//! - the variation selectors 15 and 16 after what can be an emoji; after a digit only if it becomes a key (UTS #51, ED-20).
//!
//! Deliberately left out: the flags that are written in tag characters, variants of ideographs and Mongolian letters. Of each
//! the plain form can be used, and the same characters write messages that nobody sees.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        BidiControl, BinaryProperty, CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji,
        EmojiModifier, ExtendedPictographic, GeneralCategory, JoiningType,
    },
};
use std::fmt;

/// Marks above and below one letter; no orthography has more.
const MOST_MARKS: usize = 4;
const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';
/// What makes a digit a key.
const KEYCAP: char = '\u{20E3}';

/// What a name has that no name may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A character that shows nothing where it stands.
    Unseen(char),
    /// A character that turns the direction of reading.
    Reorders(char),
    /// More marks on one letter than anybody writes, or marks on nothing.
    Piled,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen(letter) => {
                write!(f, "a character that cannot be seen, U+{:04X}", u32::from(*letter))
            }
            Self::Reorders(letter) => {
                write!(f, "a character that reorders text, U+{:04X}", u32::from(*letter))
            }
            Self::Piled => f.write_str("too many accents on one letter, or one on none"),
        }
    }
}

/// Whether a character has no place in a single line: it would end the line, or say something to a terminal. A carriage return
/// types what stands before it.
pub fn leaves_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// The first thing in a text that no name may have.
pub fn oddity(text: &str) -> Option<Oddity> {
    let letters: Vec<char> = text.chars().collect();
    let mut marks = 0;
    for (at, letter) in letters.iter().copied().enumerate() {
        let (before, after) = (&letters[..at], &letters[at + 1..]);
        if !is_in_place(letter, before, after) {
            let reorders = CodePointSetData::new::<BidiControl>().contains(letter);
            return Some(if reorders { Oddity::Reorders(letter) } else { Oddity::Unseen(letter) });
        }
        if is_mark(letter) {
            marks += 1;
        } else if !matches!(letter, NON_JOINER | JOINER) {
            // A joiner leaves the pile as it is.
            marks = 0;
        }
        if marks > MOST_MARKS || marks > at {
            return Some(Oddity::Piled);
        }
    }
    None
}

/// Whether a character is seen, or belongs where it stands.
fn is_in_place(letter: char, before: &[char], after: &[char]) -> bool {
    match letter {
        NON_JOINER => follows_virama(before) || parts_joined_letters(before, after),
        JOINER => follows_virama(before) || joins_pictures(before, after),
        '\u{FE0E}' | '\u{FE0F}' => styles_picture(before, after),
        // The blank of Braille is a symbol to Unicode, and what annotates text is shown by nobody.
        '\u{2800}' | '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' => false,
        _ => {
            let unseen = letter.is_control()
                || has::<DefaultIgnorableCodePoint>(letter)
                || CodePointSetData::new::<BidiControl>().contains(letter);
            !unseen
        }
    }
}

fn has<P: BinaryProperty>(letter: char) -> bool {
    CodePointSetData::new::<P>().contains(letter)
}

fn is_mark(letter: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(letter);
    matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

/// A virama takes the vowel from the letter before it; a joiner says in which of its shapes.
fn follows_virama(before: &[char]) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    before.last().is_some_and(|letter| class.get(*letter) == CanonicalCombiningClass::Virama)
}

/// Whether the letters on both sides would be written as one stroke.
fn parts_joined_letters(before: &[char], after: &[char]) -> bool {
    let joining = |letter: &char| CodePointMapData::<JoiningType>::new().get(*letter);
    let left = before.iter().rev().map(joining).find(|kind| *kind != JoiningType::Transparent);
    let right = after.iter().map(joining).find(|kind| *kind != JoiningType::Transparent);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

fn joins_pictures(before: &[char], after: &[char]) -> bool {
    let ends = |letter: &char| {
        *letter == '\u{FE0F}' || has::<ExtendedPictographic>(*letter) || has::<EmojiModifier>(*letter)
    };
    before.last().is_some_and(ends) && after.first().is_some_and(|next| has::<ExtendedPictographic>(*next))
}

fn styles_picture(before: &[char], after: &[char]) -> bool {
    before
        .last()
        .is_some_and(|letter| has::<Emoji>(*letter) && (!letter.is_ascii() || after.first() == Some(&KEYCAP)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_scripts_are_names() {
        for name in [
            "Skyblock",
            "Übung für Ñandú",
            "天空方块 サーバー\u{3000}北",
            "שרת ראשי",
            "می\u{200C}خواهم",
            "क\u{94D}\u{200D}ष क\u{94D}\u{200C}ष",
            "അവന\u{D4D}\u{200D}",
            "ทดสอบที่ดี",
            "Tiếng Việt",
            "e\u{301}\u{323}",
        ] {
            assert_eq!(oddity(name), None, "{name}");
        }
    }

    #[test]
    fn emoji_are_part_of_names() {
        for name in [
            "🚀",
            "❤\u{FE0F} hearts",
            "♥\u{FE0E}",
            "👩\u{200D}🚀",
            "👩🏽\u{200D}🚀",
            "👨\u{200D}👩\u{200D}👧\u{200D}👦",
            "🏳\u{FE0F}\u{200D}🌈",
            "👁\u{FE0F}\u{200D}🗨\u{FE0F}",
            "1\u{FE0F}\u{20E3} first",
            "🇩🇪",
        ] {
            assert_eq!(oddity(name), None, "{name}");
        }
    }

    #[test]
    fn what_shows_nothing_is_found() {
        let unseen = "\u{2800}\u{115F}\u{1160}\u{3164}\u{FFA0}\u{180B}\u{180E}\u{180F}\u{E0001}\u{E0041}\u{E0100}\u{E01EF}\u{E0FFF}\
            \u{FE00}\u{FE0E}\u{FE0F}\u{FFF9}\u{FFFA}\u{FFFB}\u{AD}\u{34F}\u{17B4}\u{200B}\u{200C}\u{200D}\u{2060}\u{2064}\u{206F}\
            \u{FEFF}\u{2028}\u{1D173}\u{7}\u{85}";
        for letter in unseen.chars() {
            for name in
                [format!("ab{letter}cd"), format!("{letter}ab"), format!("ab{letter}"), letter.to_string()]
            {
                assert_eq!(oddity(&name), Some(Oddity::Unseen(letter)), "{name:?}");
            }
        }
    }

    #[test]
    fn what_reorders_is_found() {
        for letter in
            "\u{200E}\u{200F}\u{61C}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}"
                .chars()
        {
            assert_eq!(oddity(&format!("gnp{letter}exe")), Some(Oddity::Reorders(letter)));
        }
    }

    #[test]
    fn joiners_where_they_change_nothing_are_found() {
        for name in [
            "🚀\u{200D}",
            "\u{200D}🚀",
            "🚀\u{200D}\u{200D}🚀",
            "دا\u{200C}ر",
            "م\u{200C}",
            "क\u{200C}ष",
            "1\u{FE0F}",
            "❤\u{FE0F}\u{FE0F}",
        ] {
            assert!(matches!(oddity(name), Some(Oddity::Unseen(_))), "{name:?}");
        }
    }

    #[test]
    fn marks_do_not_pile_up() {
        assert_eq!(oddity(&format!("a{}", "\u{30D}".repeat(4))), None);
        assert_eq!(oddity(&format!("a{}", "\u{30D}".repeat(5))), Some(Oddity::Piled));
        assert_eq!(oddity("\u{30D}a"), Some(Oddity::Piled));
        // Nor with a joiner between them.
        assert_eq!(oddity("क\u{94D}\u{94D}\u{94D}\u{200D}\u{94D}\u{94D}"), Some(Oddity::Piled));
    }

    #[test]
    fn one_line_has_nothing_that_ends_it_or_speaks_to_a_terminal() {
        let leaves = "\n\r\u{b}\u{c}\u{85}\u{2028}\u{2029}\0\u{7}\u{8}\t\u{1b}\u{7f}\u{90}\u{9b}\u{9d}";
        assert!(leaves.chars().all(leaves_line));
        let stays = "say Grüße, 天空方块 — “ok” 👩\u{200D}🚀 \u{a0}\u{3000}می\u{200C}خواهم";
        assert!(!stays.chars().any(leaves_line));
    }

    #[test]
    fn what_is_found_is_named_by_its_number() {
        assert_eq!(Oddity::Unseen('\u{AD}').to_string(), "a character that cannot be seen, U+00AD");
    }
}
