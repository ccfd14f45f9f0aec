//! RakNet's ping to a server that one is not connected to, as the game's own list of servers asks.
//!
//! The question is `01`, eight bytes that come back, sixteen that are always the same, and who asks; the answer `1c`, the
//! eight bytes, who answers, the sixteen, and a text with its length: `MCPE;name;protocol;version;players;slots;id;world;
//! game mode;…`. Source: the protocol's documentation at minecraft.wiki, "RakNet".

use gantry_plugin::{
    prelude::*,
    wire::{Reader, text},
};

const NONCE: [u8; 8] = *b"gantry\0\0";
const MAGIC: [u8; 16] =
    [0x00, 0xff, 0xff, 0x00, 0xfe, 0xfe, 0xfe, 0xfe, 0xfd, 0xfd, 0xfd, 0xfd, 0x12, 0x34, 0x56, 0x78];
const QUESTION: u8 = 0x01;
const ANSWER: u8 = 0x1c;
const TIMEOUT_MS: u32 = 1_500;

pub(crate) fn collect() -> Result<Sample, Failure> {
    let replies = query::datagram("game", &request(), 1, TIMEOUT_MS)?;
    let reply =
        replies.first().ok_or_else(|| Failure::new("no_answer", "The game did not answer on its port."))?;
    let mut sample = parse(&reply.payload).ok_or_else(|| {
        Failure::new("bad_answer", "The game's answer to the list of servers could not be read.")
    })?;
    sample.latency_ms = Some(reply.after_us as f64 / 1_000.0);
    Ok(sample)
}

fn request() -> Vec<u8> {
    [&[QUESTION], &NONCE[..], &MAGIC, &[0; 8]].concat()
}

fn parse(payload: &[u8]) -> Option<Sample> {
    let mut reader = Reader::new(payload);
    reader.expect(&[ANSWER])?;
    reader.expect(&NONCE)?;
    reader.take(8)?;
    reader.expect(&MAGIC)?;
    let length = reader.u16_be()?;
    let status = text(reader.take(length.into())?, 1_024);
    let fields: Vec<String> = status.split(';').map(without_colours).collect();
    let [_, name, _, version, players, slots, rest @ ..] = fields.as_slice() else { return None };
    Some(Sample {
        name: Some(name.clone()),
        version: Some(version.clone()),
        players: Some(players.parse().ok()?),
        max_players: Some(slots.parse().ok()?),
        map: rest.get(1).filter(|map| !map.is_empty()).cloned(),
        ..Sample::empty()
    })
}

fn without_colours(text: &str) -> String {
    let mut clean = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{a7}' => drop(characters.next()),
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: &str) -> Vec<u8> {
        let length = (status.len() as u16).to_be_bytes();
        [&[ANSWER], &NONCE[..], &[7; 8], &MAGIC, &length, status.as_bytes()].concat()
    }

    const STATUS: &str =
        "MCPE;\u{a7}aA world;818;1.21.92;2;10;13253860892328930865;Bedrock level;Survival;1;19132;19133;0;";

    #[test]
    fn an_answer_tells_how_many_play_and_where() {
        let sample = parse(&answer(STATUS)).expect("an answer");
        assert_eq!(sample.name.as_deref(), Some("A world"));
        assert_eq!(sample.version.as_deref(), Some("1.21.92"));
        assert_eq!((sample.players, sample.max_players), (Some(2), Some(10)));
        assert_eq!(sample.map.as_deref(), Some("Bedrock level"));
        assert!(!sample.lists_players, "the console tells who");
    }

    #[test]
    fn a_strangers_bytes_never_panic() {
        let whole = answer(STATUS);
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut]), None, "cut at {cut}");
        }
        for other in ["", "MCPE;a;1;1;x;10", "MCPE;a;1;1;1;-1", "MCPE"] {
            assert_eq!(parse(&answer(other)), None, "{other}");
        }
        assert_eq!(parse(&answer("MCEE;a;1;1;1;2")).expect("an answer").map, None);
    }
}
