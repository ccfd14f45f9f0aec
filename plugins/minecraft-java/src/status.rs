//! The query of the game, which tells everybody who plays and the map.
//!
//! A question begins with `fe fd`, its kind and a session; the answer with the kind and the session. A handshake (9) brings
//! a number in letters, which the question for the full status (0) must carry; that answer has eleven bytes of padding,
//! pairs of texts that end with zeros, ten bytes of padding, and the players' names. Source: minecraft.wiki, "Query".

use crate::ping::{is_player, without_colours};
use gantry_plugin::wire::{Reader, text};

/// The game looks at the lowest four bits of each byte alone.
const SESSION: [u8; 4] = [1, 2, 3, 4];
const HANDSHAKE: u8 = 9;
const STATUS: u8 = 0;
const BEFORE_PAIRS: &[u8] = b"splitnum\0\x80\0";
const BEFORE_PLAYERS: &[u8] = b"\x01player_\0\0";
const MOST_PAIRS: usize = 64;
const MOST_PLAYERS: usize = 1_000;

#[derive(Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) map: Option<String>,
    pub(crate) players: Vec<String>,
}

pub(crate) fn handshake() -> Vec<u8> {
    question(HANDSHAKE, &[])
}

/// The question for the full status, by the answer to the handshake.
pub(crate) fn request(handshake: &[u8]) -> Option<Vec<u8>> {
    let digits = answer(HANDSHAKE, handshake)?.strip_suffix(&[0])?;
    let number: i32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(question(STATUS, &[&number.to_be_bytes()[..], &[0; 4]].concat()))
}

fn question(kind: u8, rest: &[u8]) -> Vec<u8> {
    [&[0xfe, 0xfd, kind], &SESSION[..], rest].concat()
}

fn answer(kind: u8, payload: &[u8]) -> Option<&[u8]> {
    payload.strip_prefix(&[kind])?.strip_prefix(&SESSION)
}

pub(crate) fn parse(payload: &[u8]) -> Option<Status> {
    let mut reader = Reader::new(answer(STATUS, payload)?);
    reader.expect(BEFORE_PAIRS)?;
    let mut map = None;
    for _ in 0..MOST_PAIRS {
        match until_zero(&mut reader)? {
            b"" => break,
            b"map" => map = Some(without_colours(&text(until_zero(&mut reader)?, 64))),
            _ => drop(until_zero(&mut reader)?),
        }
    }
    reader.expect(BEFORE_PLAYERS)?;
    let mut players = Vec::new();
    for _ in 0..MOST_PLAYERS {
        match until_zero(&mut reader)? {
            b"" => break,
            name => players.push(text(name, 64)),
        }
    }
    players.retain(|name| is_player(name));
    Some(Status { map, players })
}

fn until_zero<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = reader.rest().iter().position(|byte| *byte == 0)?;
    let text = reader.take(length)?;
    reader.byte()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &[u8] =
        b"\x00\x01\x02\x03\x04splitnum\0\x80\0hostname\0A world\0gametype\0SMP\0game_id\0MINECRAFT\0\
        version\x001.21.4\0plugins\0\0map\0world\0numplayers\x002\0maxplayers\x0020\0hostport\x0025565\0\
        hostip\x00127.0.0.1\0\0\x01player_\0\0Ada\0.Grace\0\0";

    #[test]
    fn the_question_carries_the_number_of_the_handshake() {
        assert_eq!(handshake(), [0xfe, 0xfd, 9, 1, 2, 3, 4]);
        let asked = request(b"\x09\x01\x02\x03\x04-9513307\0").expect("a question");
        assert_eq!(asked, [0xfe, 0xfd, 0, 1, 2, 3, 4, 0xff, 0x6e, 0xd6, 0xa5, 0, 0, 0, 0]);
        for other in
            [&b"\x09\x01\x02\x03\x05123\0"[..], b"\x09\x01\x02\x03\x04x\0", b"\x09\x01\x02\x03\x041", b""]
        {
            assert_eq!(request(other), None);
        }
    }

    #[test]
    fn a_full_status_names_everybody() {
        let status = parse(FULL).expect("a status");
        assert_eq!(status.map.as_deref(), Some("world"));
        assert_eq!(status.players, ["Ada", ".Grace"]);
    }

    #[test]
    fn a_strangers_bytes_never_panic() {
        for cut in 0..FULL.len() {
            assert_eq!(parse(&FULL[..cut]), None, "cut at {cut}");
        }
    }
}
