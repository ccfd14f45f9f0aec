//! What a registry says, before anybody reads it.
//!
//! Its words end in errors, which whoever pulls is shown and logs keep, and that need not be who knows the password. A registry
//! that repeats the header with which it was asked, out of malice or to be helpful, must not make it known that way. So words in
//! which a secret of this visit stands, however it is spelled, are left out altogether; and what is not seen, or turns the
//! direction of reading, is taken out of all others.

use super::Credentials;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use gantry_types::names;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Longest words of a registry that are shown.
const CHARACTERS: usize = 300;
/// Ways in which one text is read. Whoever wraps a text more often than that has something to hide.
const READINGS: usize = 32;
/// Fewer letters and digits than this stand in any text.
const TELLING: usize = 4;
/// What stands where words are left out.
const LEFT_OUT: &str = "[left out: it repeats a password or a token]";

/// The secrets of one visit.
#[derive(Default)]
pub(super) struct Hearsay(Mutex<Vec<Spelling>>);

/// In small letters, since hosts are: as it is, and its letters and digits alone, since line breaks, hyphens and padding come
/// and go on the way.
struct Spelling {
    whole: Zeroizing<String>,
    bare: Zeroizing<String>,
}

impl Hearsay {
    pub(super) fn new(credentials: &Credentials) -> Self {
        let new = Self::default();
        match credentials {
            Credentials::Anonymous => {}
            Credentials::Token(token) => new.keep(token),
            Credentials::Basic { username, password, .. } => {
                new.keep(password);
                let pair = Zeroizing::new(format!("{username}:{}", password.expose_secret()));
                for bytes in [pair.as_bytes(), password.expose_secret().as_bytes()] {
                    new.keep(&STANDARD_NO_PAD.encode(bytes).into());
                    new.keep(&URL_SAFE_NO_PAD.encode(bytes).into());
                }
            }
        }
        new
    }

    /// One more secret: a token that was handed out.
    pub(super) fn keep(&self, secret: &SecretString) {
        let whole = Zeroizing::new(secret.expose_secret().to_lowercase());
        if whole.is_empty() {
            return;
        }
        let bare = Zeroizing::new(bare(&whole));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Spelling { whole, bare });
    }

    /// Words as they may be shown.
    pub(super) fn heard(&self, words: &str) -> String {
        self.heard_of(words, words)
    }

    /// A part of what was said, as it may be shown: not if it is a part of a secret.
    pub(super) fn heard_of(&self, whole: &str, part: &str) -> String {
        let seen: String = part.chars().filter(|letter| is_seen(*letter)).collect();
        if self.betrays(whole) || self.betrays(&seen) {
            return LEFT_OUT.to_owned();
        }
        seen.chars().take(CHARACTERS).collect()
    }

    fn betrays(&self, words: &str) -> bool {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if secrets.is_empty() {
            return false;
        }
        let mut readings = vec![words.to_owned()];
        let mut at = 0;
        while let Some(reading) = readings.get(at) {
            let whole = reading.to_lowercase();
            let bare = bare(&whole);
            let stands = |secret: &Spelling| {
                whole.contains(&*secret.whole)
                    || (secret.bare.chars().count() >= TELLING && bare.contains(&*secret.bare))
            };
            if secrets.iter().any(stands) {
                return true;
            }
            let decoded = [from_percents(reading), reading.replace('+', " "), from_escapes(reading)];
            for new in decoded {
                if !readings.contains(&new) {
                    readings.push(new);
                }
            }
            if readings.len() > READINGS {
                return true;
            }
            at += 1;
        }
        false
    }
}

/// By itself, so that marks go too, which could be piled on one another.
fn is_seen(letter: char) -> bool {
    names::oddity(letter.encode_utf8(&mut [0; 4])).is_none()
}

fn bare(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// As URLs and forms escape.
fn from_percents(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = if *first == b'%' { code(after, 2) } else { None };
        match escaped.and_then(|code| u8::try_from(code).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As JSON escapes, and the languages that print like it.
fn from_escapes(text: &str) -> String {
    // Of what is beyond sixteen bits JSON escapes both halves.
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let (unit, length) = match (first, after.as_bytes()) {
            ('\\', [b'u', digits @ ..]) => (code(digits, 4), 5),
            ('\\', [b'x', digits @ ..]) => (code(digits, 2), 3),
            ('\\', [b'n' | b'r' | b't' | b'b' | b'f', ..]) => (Some(u16::from(b' ')), 1),
            ('\\', [each, ..]) if each.is_ascii() => (Some(u16::from(*each)), 1),
            _ => (None, 0),
        };
        match unit {
            Some(unit) => {
                units.push(unit);
                rest = &after[length..];
            }
            None => {
                units.extend_from_slice(first.encode_utf16(&mut [0; 2]));
                rest = after;
            }
        }
    }
    String::from_utf16_lossy(&units)
}

/// The number that so many hexadecimal digits write.
fn code(digits: &[u8], count: usize) -> Option<u16> {
    let digits = digits.get(..count).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
