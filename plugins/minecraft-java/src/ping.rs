//! The server list ping, as the game's own list of servers asks: a handshake, a question, an answer in JSON, and a ping
//! after which the server hangs up, so that the end of the stream is the end of the answer.
//!
//! Packets are a length, an id and what follows; lengths and ids are numbers in groups of seven bits, the lowest first.
//! Source: the protocol's documentation at minecraft.wiki, "Java Edition protocol/Server List Ping".

use gantry_plugin::{
    prelude::*,
    wire::{Reader, text},
};
use serde::Deserialize;
use serde_json::Value;

/// Says that the version is not known yet: minus one.
const ANY_PROTOCOL: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];
const STATUS_STATE: u8 = 1;
const NONCE: [u8; 8] = *b"gantry\0\0";
/// Numbers of 32 bits have no more groups.
const MOST_GROUPS: u32 = 5;
/// How deep formatted text may stand in formatted text before the rest is left out.
const DEEPEST: u32 = 16;
const LONGEST_NAME: usize = 256;
/// Names of players, also of those from elsewhere, whom proxies mark by a sign.
const LONGEST_PLAYER: usize = 17;

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    description: Value,
    players: Option<Players>,
    version: Option<Version>,
}

#[derive(Deserialize)]
struct Players {
    max: i64,
    online: i64,
    #[serde(default)]
    sample: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    id: String,
}

#[derive(Deserialize)]
struct Version {
    name: String,
}

/// All that is sent at once.
pub(crate) fn request(port: u16) -> Vec<u8> {
    let host = b"localhost";
    let handshake =
        [&ANY_PROTOCOL[..], &[host.len() as u8], host, &port.to_be_bytes(), &[STATUS_STATE]].concat();
    [packet(0, &handshake), packet(0, &[]), packet(1, &NONCE)].concat()
}

/// Of fewer than 127 bytes, so that the length is one.
fn packet(id: u8, body: &[u8]) -> Vec<u8> {
    [&[body.len() as u8 + 1, id], body].concat()
}

pub(crate) fn parse(payload: &[u8]) -> Option<Sample> {
    let mut reader = Reader::new(payload);
    let length = number(&mut reader)?;
    let mut packet = Reader::new(reader.take(length)?);
    (number(&mut packet)? == 0).then_some(())?;
    let length = number(&mut packet)?;
    let answer: Answer = serde_json::from_slice(packet.take(length)?).ok()?;
    let mut name = String::new();
    plain(&answer.description, DEEPEST, &mut name);
    let players = answer.players;
    let player_list: Vec<Player> =
        players.iter().flat_map(|players| &players.sample).filter_map(player).collect();
    let online = players.as_ref().and_then(|players| u32::try_from(players.online).ok());
    Some(Sample {
        name: Some(text(name.as_bytes(), LONGEST_NAME).trim().to_owned()),
        version: answer.version.map(|version| text(version.name.as_bytes(), 64)),
        players: online,
        max_players: players.and_then(|players| u32::try_from(players.max).ok()),
        // It tells of a dozen at most, and of none where they asked for that.
        lists_players: online.is_some_and(|online| online as usize == player_list.len()),
        player_list,
        ..Sample::empty()
    })
}

/// A number in groups of seven bits, as a length.
fn number(reader: &mut Reader<'_>) -> Option<usize> {
    let mut value = 0_u64;
    for group in 0..MOST_GROUPS {
        let byte = reader.byte()?;
        value |= u64::from(byte & 0x7f) << (7 * group);
        if byte & 0x80 == 0 {
            return usize::try_from(value).ok();
        }
    }
    None
}

/// Formatted text without its formats: text, or a tree of `text` and `extra`, and colours as a section sign and a letter.
fn plain(value: &Value, depth: u32, into: &mut String) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) => into.push_str(&without_colours(text)),
        Value::Array(parts) => parts.iter().for_each(|part| plain(part, depth - 1, into)),
        Value::Object(parts) => {
            for key in ["text", "extra"] {
                plain(parts.get(key).unwrap_or(&Value::Null), depth - 1, into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

pub(crate) fn without_colours(text: &str) -> String {
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

/// Servers put lines of text into the list, and nameless ones for those who do not want to be told of.
fn player(listed: &Listed) -> Option<Player> {
    let known = listed.id.chars().any(|digit| digit != '0' && digit != '-');
    (known && is_player(&listed.name))
        .then(|| Player { id: Some(listed.id.clone()), ..Player::named(listed.name.clone()) })
}

pub(crate) fn is_player(name: &str) -> bool {
    let name = name.strip_prefix(['.', '*']).unwrap_or(name);
    (1..LONGEST_PLAYER).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer as the documentation has it.
    fn answer(json: &str) -> Vec<u8> {
        let groups = |value: usize| [value as u8 & 0x7f | 0x80, (value >> 7) as u8];
        let body = [&[0], &groups(json.len())[..], json.as_bytes()].concat();
        [&groups(body.len())[..], &body, &[9, 1], &NONCE].concat()
    }

    const JSON: &str = r#"{"version": {"name": "Paper 1.21.4", "protocol": 769},
        "players": {"max": 20, "online": 2, "sample": [
            {"name": "Ada", "id": "4566e69f-c907-48ee-8d71-d7ba5aa00d20"},
            {"name": "Welcome to us!", "id": "00000000-0000-0000-0000-000000000000"}]},
        "description": {"text": "\u00a7aHello ", "extra": ["there, ", {"text": "you", "bold": true}]},
        "favicon": "data:image/png;base64,<data>", "enforcesSecureChat": true}"#;

    #[test]
    fn a_request_is_a_handshake_a_question_and_a_ping() {
        let expected = b"\x13\x00\xff\xff\xff\xff\x0f\x09localhost\x63\xdd\x01\x01\x00\x09\x01gantry\0\0";
        assert_eq!(request(25_565), expected);
    }

    #[test]
    fn an_answer_tells_who_plays_and_what() {
        let sample = parse(&answer(JSON)).expect("an answer");
        assert_eq!(sample.name.as_deref(), Some("Hello there, you"));
        assert_eq!(sample.version.as_deref(), Some("Paper 1.21.4"));
        assert_eq!((sample.players, sample.max_players), (Some(2), Some(20)));
        assert_eq!(sample.player_list.len(), 1);
        assert_eq!(sample.player_list[0].name, "Ada");
        assert!(!sample.lists_players, "one of the two is not told of");
    }

    #[test]
    fn a_strangers_bytes_never_panic() {
        let whole = answer(JSON);
        for cut in 0..whole.len() {
            parse(&whole[..cut]);
        }
        for other in [&b"\xff\xff\xff\xff\xff\xff"[..], b"\x02\x00\x00", b"\x03\x00\x01x", b"HTTP/1.1 400"] {
            assert_eq!(parse(other), None);
        }
        let deep = format!(r#"{{"description": {}1{}}}"#, "[".repeat(100), "]".repeat(100));
        assert_eq!(parse(&answer(&deep)).expect("an answer").name.as_deref(), Some(""));
        let odd = r#"{"players": {"max": -1, "online": -5}}"#;
        let sample = parse(&answer(&format!("{odd}{}", " ".repeat(128)))).expect("an answer");
        assert_eq!((sample.players, sample.max_players), (None, None));
    }
}
