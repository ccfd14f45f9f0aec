//! What nobody who reads a record may learn, and everything that it is found by.
//!
//! A secret comes back as it is, quoted, within an address, a header or a file of any of the formats that Gantry edits, or as
//! letters of two bytes; and all of that as bytes, which records have in hexadecimal. Where one of these spellings stands, there stands then what it makes of as many asterisks as the
//! secret has bytes: the same call, told those asterisks in the secret's place, asks the same again. A secret that is shorter
//! than [`SHORTEST`] would be found everywhere by chance; it is covered where it stands alone.
//!
//! What secrets cost is bounded: a machine that looks for all spellings at once grows by some tens of bytes with each of theirs,
//! so that long ones are looked for one after the other, and where all of them are longer than [`MOST_BYTES`] nothing is left to
//! read.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use memchr::memmem::Finder;
use serde_json::Value;

/// Of secrets that are looked for within other text, in bytes.
const SHORTEST: usize = 4;
/// Of spellings that are looked for all at once, in bytes.
const LONG: usize = 512;
/// Of all secrets together, in bytes. Each has some fifty spellings, up to a dozen times as long.
const MOST_BYTES: usize = 128 * 1024;

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
    Spellings(Spellings),
    /// They cannot be looked for.
    Everything,
}

/// Every way in which they are written, and what covers each.
#[derive(Clone, Debug)]
struct Spellings {
    machine: AhoCorasick,
    covers: Vec<String>,
    long: Vec<(Finder<'static>, String)>,
}

/// A place in a text that nobody may read.
struct Place<'a> {
    start: usize,
    end: usize,
    cover: &'a str,
}

impl Mask {
    /// Replaces these.
    #[must_use]
    pub fn of(secrets: Vec<String>) -> Self {
        let (long, mut short): (Vec<String>, Vec<String>) =
            secrets.into_iter().partition(|secret| secret.len() >= SHORTEST);
        short.retain(|secret| !secret.is_empty());
        let long = match long.iter().map(String::len).sum::<usize>() {
            0 => Long::Nothing,
            1..=MOST_BYTES => Spellings::of(&long).map_or(Long::Everything, Long::Spellings),
            _ => Long::Everything,
        };
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
            Long::Spellings(spellings) => spellings.cover(text),
            Long::Everything => stars(text.len()),
        }
    }
}

impl Spellings {
    fn of(secrets: &[String]) -> Option<Self> {
        let mut all = BTreeMap::new();
        secrets.iter().for_each(|secret| spell(secret, &mut all));
        let (long, few): (Vec<_>, Vec<_>) = all.into_iter().partition(|(text, _)| text.len() > LONG);
        let (texts, covers): (Vec<_>, Vec<_>) = few.into_iter().unzip();
        // The kind that is chosen by itself has a kilobyte for each byte.
        let machine = AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(&texts).ok()?;
        let long = long.into_iter().map(|(text, cover)| (Finder::new(&text).into_owned(), cover)).collect();
        Some(Self { machine, covers, long })
    }

    /// What begins first is covered, and of what begins at the same place the longest: one that is part of another must not
    /// spoil it. What reaches beyond the end of one that is covered is covered to its own end.
    fn cover(&self, text: String) -> String {
        let mut places = self.places(&text);
        if places.is_empty() {
            return text;
        }
        places.sort_unstable_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        let (mut covered, mut at) = (String::with_capacity(text.len()), 0);
        for Place { start, end, cover } in places {
            if start >= at {
                covered.push_str(&text[at..start]);
                covered.push_str(cover);
            } else if end > at {
                covered.push_str(&stars(end - at));
            }
            at = at.max(end);
        }
        covered.push_str(&text[at..]);
        covered
    }

    fn places(&self, text: &str) -> Vec<Place<'_>> {
        let found = self.machine.find_overlapping_iter(text);
        let few = found.map(|found| Place {
            start: found.start(),
            end: found.end(),
            cover: &self.covers[found.pattern().as_usize()],
        });
        let long = self.long.iter().flat_map(|(finder, cover)| {
            let length = finder.needle().len();
            finder.find_iter(text.as_bytes()).map(move |start| Place { start, end: start + length, cover })
        });
        few.chain(long).collect()
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

/// As text: the secret itself, as a pattern that means it, both quoted, in files, within an address, as digits and in base 64.
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
    all.extend(in_files(secret));
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

fn xml(letter: char) -> Option<&'static str> {
    match letter {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        _ => None,
    }
}

/// In properties, by Gantry and by Java; in XML, by Gantry and by others; between single quotes, and between doubled ones.
fn in_files(secret: &str) -> [String; 10] {
    let spelled = |with: fn(char) -> Option<&'static str>| -> String {
        let mut letters = String::with_capacity(secret.len());
        for letter in secret.chars() {
            match with(letter) {
                Some(words) => letters.push_str(words),
                None => letters.push(letter),
            }
        }
        letters
    };
    let java = spelled(|letter| match letter {
        '\\' => Some("\\\\"),
        ':' => Some("\\:"),
        '=' => Some("\\="),
        '#' => Some("\\#"),
        '!' => Some("\\!"),
        _ => None,
    });
    let ascii = |is_upper: bool| -> String {
        let unit = |unit: &u16| if is_upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") };
        let letter = |letter: char| match letter.is_ascii() {
            true => letter.to_string(),
            false => letter.encode_utf16(&mut [0; 2]).iter().map(unit).collect(),
        };
        java.chars().map(letter).collect()
    };
    [
        spelled(|letter| (letter == '\\').then_some("\\\\")),
        ascii(true),
        ascii(false),
        spelled(xml),
        spelled(|letter| if letter == '>' { Some("&gt;") } else { xml(letter) }),
        spelled(|letter| match letter {
            '>' => Some("&gt;"),
            '"' => Some("&quot;"),
            '\'' => Some("&apos;"),
            other => xml(other),
        }),
        spelled(|letter| match letter {
            '>' => Some("&gt;"),
            '"' => Some("&#34;"),
            '\'' => Some("&#39;"),
            other => xml(other),
        }),
        spelled(|letter| (letter == '\'').then_some("''")),
        spelled(|letter| (letter == '"').then_some("\"\"")),
        java,
    ]
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
        let secret = "p\u{e4}ss \"w/o\\rd&1<:='#!>";
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
    #[test]
    fn a_secret_is_covered_as_files_have_it() {
        let mask = Mask::of(vec!["p-ss:w\\rd1&<\u{e4}>'\"".to_owned()]);
        for file in [
            "rcon=p-ss\\:w\\\\rd1&<\\u00E4>'\"",
            "rcon=p-ss\\:w\\\\rd1&<\u{e4}>'\"",
            "rcon=p-ss:w\\\\rd1&<\u{e4}>'\"",
            "<rcon>p-ss:w\\rd1&amp;&lt;\u{e4}>'\"</rcon>",
            "<rcon v=\"p-ss:w\\rd1&amp;&lt;\u{e4}&gt;&apos;&quot;\"/>",
            "<rcon v=\"p-ss:w\\rd1&amp;&lt;\u{e4}&gt;&#39;&#34;\"/>",
            "rcon: 'p-ss:w\\rd1&<\u{e4}>''\"'",
        ] {
            let covered = mask.text(file.to_owned());
            assert!(covered.contains("***") && !covered.contains("p-ss"), "{file}: {covered}");
            let covered = mask.text(hex::encode(file));
            assert!(
                covered.contains(&hex::encode("***")) && !covered.contains(&hex::encode("p-ss")),
                "{file}"
            );
        }
    }

    #[test]
    fn what_reaches_beyond_another_is_covered_to_its_end() {
        let mask = Mask::of(vec!["first-SHARED".to_owned(), "SHARED-second".to_owned()]);
        assert_eq!(mask.text("<first-SHARED-second>".to_owned()), "<*******************>");
    }

    #[test]
    fn long_secrets_are_covered_and_too_many_leave_nothing_to_read() {
        let secret = ":\u{e4}#".repeat(2_000);
        let mask = Mask::of(vec![secret.clone(), "hunter2".to_owned()]);
        for text in [
            secret.clone(),
            hex::encode(&secret),
            STANDARD.encode(&secret),
            secret.replace('#', "\\#").replace(':', "\\:"),
        ] {
            let covered = mask.text(format!("hunter2 {text} hunter2"));
            assert!(covered.contains("***") && !covered.contains(&text[..64]), "{text}");
            assert!(covered.starts_with("******* ") && covered.ends_with(" *******"), "{text}");
        }
        let Long::Spellings(spellings) = &mask.long else { panic!("{mask:?}") };
        assert!(spellings.machine.memory_usage() < 64 * 1024, "only what is short is looked for at once");
        let many = Mask::of((0..20).map(|each| format!("{each}{secret}")).collect());
        assert_eq!(many.text("harmless".to_owned()), "********");
    }
}
