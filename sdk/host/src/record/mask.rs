//! What nobody who reads a record may learn, and everything that it is found by.
//!
//! A secret comes back as it is, quoted, within an address or a header, or as letters of two bytes; and all of that as bytes, which
//! records have in hexadecimal. Where one of these spellings stands, there stands then what it makes of as many asterisks as the
//! secret has bytes: the same call, told those asterisks in the secret's place, asks the same again. A secret that is shorter
//! than [`SHORTEST`] would be found everywhere by chance; it is covered where it stands alone.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::Value;

/// Of secrets that are looked for within other text, in bytes.
const SHORTEST: usize = 4;

/// Letters beside ASCII's own and digits that stand in addresses as they are: in a part of one, as a browser's
/// `encodeURIComponent` leaves them, in a query, and anywhere in an address that was put in order.
const LEFT: [&[u8]; 4] =
    [b"-_.~", b"-_.~!*'()", b"!$%&()*+,-./:;=?@[\\]^_`{|}~", b"!$%&'()*+,-./:;=@[]_~|^\\"];

/// Replaces secrets in what is written down.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    long: Long,
    short: Vec<String>,
}

/// The secrets that are looked for everywhere.
#[derive(Clone, Debug, Default)]
enum Long {
    #[default]
    Nothing,
    /// Spellings, and in the same order what covers each.
    Spellings(AhoCorasick, Vec<String>),
    /// They cannot be looked for.
    Everything,
}

impl Mask {
    /// Replaces these.
    #[must_use]
    pub fn of(secrets: Vec<String>) -> Self {
        let (long, mut short): (Vec<String>, Vec<String>) =
            secrets.into_iter().partition(|secret| secret.len() >= SHORTEST);
        short.retain(|secret| !secret.is_empty());
        let mut all = BTreeMap::new();
        long.iter().for_each(|secret| spell(secret, &mut all));
        let (spellings, covers): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        if spellings.is_empty() {
            return Self { long: Long::Nothing, short };
        }
        // The longest first: one that is part of another must not spoil it.
        let machine = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&spellings);
        let long = machine.map_or(Long::Everything, |machine| Long::Spellings(machine, covers));
        Self { long, short }
    }

    /// The value without any of them.
    #[must_use]
    pub fn cover(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.into_iter().map(|each| self.cover(each)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, each)| (key, self.cover(each)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }

    pub(crate) fn text(&self, text: String) -> String {
        if let Some(secret) = self.short.iter().find(|secret| text == **secret || text == hex::encode(secret))
        {
            let cover = stars(secret.len());
            return if text == *secret { cover } else { hex::encode(cover) };
        }
        match &self.long {
            Long::Nothing => text,
            Long::Spellings(machine, _) if !machine.is_match(&text) => text,
            Long::Spellings(machine, covers) => machine.replace_all(&text, covers),
            Long::Everything => stars(text.len()),
        }
    }
}

fn stars(length: usize) -> String {
    "*".repeat(length)
}

/// Every spelling of a secret, with what covers it.
fn spell(secret: &str, all: &mut BTreeMap<String, String>) {
    let cover = stars(secret.len());
    for (text, cover) in texts(secret).into_iter().zip(texts(&cover)) {
        all.entry(hex::encode(&text)).or_insert_with(|| hex::encode(&cover));
        all.entry(text).or_insert(cover);
    }
    for (bytes, cover) in wide(secret).into_iter().zip(wide(&cover)) {
        all.entry(hex::encode(bytes)).or_insert_with(|| hex::encode(cover));
    }
}

/// With letters of two bytes, in either order.
fn wide(secret: &str) -> [Vec<u8>; 2] {
    let all = |bytes: fn(u16) -> [u8; 2]| secret.encode_utf16().flat_map(bytes).collect();
    [all(u16::to_le_bytes), all(u16::to_be_bytes)]
}

/// As text: the secret itself, as a pattern that means it, both quoted, within an address, as digits and in base 64.
fn texts(secret: &str) -> Vec<String> {
    let escaped = |letter: char| letter.is_ascii_punctuation().then_some('\\').into_iter().chain([letter]);
    let pattern: String = secret.chars().flat_map(escaped).collect();
    let mut all = Vec::new();
    for text in [secret, &pattern] {
        let quoted = serde_json::Value::from(text).to_string();
        all.extend([
            text.to_owned(),
            quoted[1..quoted.len() - 1].to_owned(),
            text.escape_debug().to_string(),
        ]);
    }
    all.push(hex::encode_upper(secret));
    for left in LEFT {
        all.extend([in_address(secret, left, true, "%20"), in_address(secret, left, false, "%20")]);
    }
    all.push(in_address(secret, LEFT[0], true, "+"));
    for before in 0..3 {
        // The letters that no neighbour has a part in.
        let (first, last) = ((before * 8_usize).div_ceil(6), (before + secret.len()) * 8 / 6);
        let bytes = [vec![0; before].as_slice(), secret.as_bytes()].concat();
        all.extend([&STANDARD, &URL_SAFE].map(|kind| kind.encode(&bytes)[first..last].to_owned()));
    }
    all
}

fn in_address(secret: &str, left: &[u8], is_upper: bool, space: &str) -> String {
    let letter = |byte: u8| match byte {
        b' ' => space.to_owned(),
        byte if byte.is_ascii_alphanumeric() || left.contains(&byte) => char::from(byte).to_string(),
        byte if is_upper => format!("%{byte:02X}"),
        byte => format!("%{byte:02x}"),
    };
    secret.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_covered_in_each_of_its_spellings() {
        let secret = "p\u{e4}ss \"w/o\\rd&1";
        let mask = Mask::of(vec![secret.to_owned(), String::new(), "xyz".to_owned()]);
        // Two ways to spell it may be alike, and then one of their covers stands there.
        let covers = texts(&stars(secret.len()));
        for text in texts(secret) {
            let covered = mask.text(format!("<{text}>"));
            assert!(covers.iter().any(|cover| covered == format!("<{cover}>")), "{text}: {covered}");
            let covered = mask.text(format!("ff{}ff", hex::encode(&text)));
            assert!(
                covers.iter().any(|cover| covered == format!("ff{}ff", hex::encode(cover))),
                "{text}: {covered}"
            );
        }
        for bytes in wide(secret) {
            assert!(!mask.text(format!("ff{}", hex::encode(&bytes))).contains(&hex::encode(&bytes)));
        }
        for user in ["", "a", "ab", "abc"] {
            let header = STANDARD.encode(format!("{user}:{secret}"));
            let covered = mask.text(format!("Basic {header}"));
            assert_eq!(covered.len(), header.len() + "Basic ".len());
            let bare = STANDARD.decode(&covered["Basic ".len()..]).unwrap();
            let bare = String::from_utf8_lossy(&bare).into_owned();
            assert!(bare.contains("************") && !bare.contains("ss \"w"), "{bare}");
        }
        assert_eq!(mask.text("xyz".to_owned()), "***");
        assert_eq!(mask.text(hex::encode("xyz")), "2a2a2a");
        assert_eq!(mask.text("xyzt".to_owned()), "xyzt", "what is so short is covered where it stands alone");
        assert_eq!(Mask::default().text(secret.to_owned()), secret);
    }

    #[test]
    fn a_secret_that_is_part_of_another_does_not_spoil_it() {
        let mask = Mask::of(vec!["hunter2".to_owned(), "hunter2-long".to_owned()]);
        assert_eq!(mask.text("hunter2, hunter2-long".to_owned()), "*******, ************");
    }
}
