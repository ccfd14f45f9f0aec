//! The question that the game's server browser asks: who plays, and what.
//!
//! Teeworlds 0.7 answers only those who prove that they receive what is sent to their address. So there are two
//! exchanges from one socket, which the host keeps for the length of a call: our token for the server's, then the
//! question with both. Sources: `engine/shared/network.h` for the headers, `engine/shared/compression.cpp` for numbers,
//! `CServer::GenerateServerInfo` for the answer.

use gantry_plugin::{
    prelude::*,
    wire::{Reader, text},
};

/// Ours. The host's socket hears nobody but the game, so it need not be a secret.
const TOKEN: [u8; 4] = *b"Gtry";
/// Stands for a token that is not known yet.
const NO_TOKEN: [u8; 4] = [0xff; 4];
/// The flag of a control packet, without acknowledgement and chunks.
const CONTROL: [u8; 3] = [0x04, 0, 0];
const CONTROL_TOKEN: u8 = 5;
/// A request for a token has so much data, so that nobody gains by asking in another's name.
const REQUEST_BYTES: usize = 512;
/// The flag of a packet without a connection, and the version of the protocol.
const CONNECTIONLESS: u8 = 0x21;
const QUESTION: &[u8] = b"\xff\xff\xff\xffgie3";
const ANSWER: &[u8] = b"\xff\xff\xff\xffinf3";
/// The number of a question comes back with its answer.
const NUMBER: u8 = 1;
/// As many as a server can hold.
const MOST_CLIENTS: usize = 64;
const PATIENCE_MS: u32 = 1_500;

pub(crate) fn collect() -> Result<Sample, Failure> {
    let reply = ask(&token_request())?;
    let token = token(&reply.payload).ok_or_else(unreadable)?;
    let reply = ask(&question(token))?;
    let mut sample = parse(&reply.payload).ok_or_else(unreadable)?;
    sample.latency_ms = Some(reply.after_us as f64 / 1_000.0);
    Ok(sample)
}

fn ask(payload: &[u8]) -> Result<Reply, Failure> {
    let replies = query::datagram("game", payload, 1, PATIENCE_MS)?;
    replies
        .into_iter()
        .next()
        .ok_or_else(|| Failure::new("no_answer", "The game did not answer its server browser."))
}

fn unreadable() -> Failure {
    Failure::new("bad_answer", "The game's answer to its server browser could not be read.")
}

/// The first packet. A server that answers it is ready for players.
pub(crate) fn token_request() -> Vec<u8> {
    let mut packet = [CONTROL.as_slice(), &NO_TOKEN, &[CONTROL_TOKEN], &TOKEN].concat();
    let header = CONTROL.len() + NO_TOKEN.len() + 1;
    packet.resize(header + REQUEST_BYTES, 0);
    packet
}

/// The server's token.
fn token(payload: &[u8]) -> Option<[u8; 4]> {
    let mut reader = Reader::new(payload);
    reader.expect(&CONTROL)?;
    reader.expect(&TOKEN)?;
    reader.expect(&[CONTROL_TOKEN])?;
    reader.take(4)?.try_into().ok()
}

fn question(token: [u8; 4]) -> Vec<u8> {
    [&[CONNECTIONLESS], token.as_slice(), &TOKEN, QUESTION, &[NUMBER]].concat()
}

fn parse(payload: &[u8]) -> Option<Sample> {
    let mut reader = Reader::new(payload);
    reader.expect(&[CONNECTIONLESS])?;
    reader.expect(&TOKEN)?;
    let _servers_token = reader.take(4)?;
    reader.expect(ANSWER)?;
    reader.expect(&[NUMBER])?;
    let version = string(&mut reader)?;
    let name = string(&mut reader)?;
    let _host_name = string(&mut reader)?;
    let map = string(&mut reader)?;
    let _mode = string(&mut reader)?;
    let [_flags, _skill, _players, _player_slots, clients, client_slots] = numbers(&mut reader)?;
    let mut player_list = Vec::new();
    while player_list.len() < MOST_CLIENTS && !reader.rest().is_empty() {
        player_list.push(player(&mut reader)?);
    }
    Some(Sample {
        name: Some(name),
        map: Some(map),
        version: Some(version),
        // Whoever is connected counts, whether playing or watching.
        players: u32::try_from(clients).ok(),
        max_players: u32::try_from(client_slots).ok(),
        lists_players: true,
        player_list,
        ..Sample::empty()
    })
}

fn player(reader: &mut Reader<'_>) -> Option<Player> {
    let name = string(reader)?;
    let _clan = string(reader)?;
    let [_country, score, _kind] = numbers(reader)?;
    Some(Player { score: Some(score.into()), ..Player::named(name) })
}

/// Text up to a zero byte.
fn string(reader: &mut Reader<'_>) -> Option<String> {
    let length = reader.rest().iter().position(|byte| *byte == 0)?;
    let string = text(reader.take(length)?, 128);
    reader.byte()?;
    Some(string)
}

fn numbers<const COUNT: usize>(reader: &mut Reader<'_>) -> Option<[i32; COUNT]> {
    let mut numbers = [0; COUNT];
    for place in &mut numbers {
        *place = number(reader)?;
    }
    Some(numbers)
}

/// One to five bytes, the least significant first. The first has a bit for more, the sign and six bits; each further one
/// a bit for more and seven bits.
fn number(reader: &mut Reader<'_>) -> Option<i32> {
    let first = reader.byte()?;
    let mut value = i32::from(first & 0x3f);
    let (mut more, mut shift) = (first & 0x80 != 0, 6);
    while more && shift < i32::BITS {
        let byte = reader.byte()?;
        value |= i32::from(byte & 0x7f) << shift;
        more = byte & 0x80 != 0;
        shift += 7;
    }
    Some(if first & 0x40 == 0 { value } else { !value })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Debian's teeworlds-server 0.7.5 with one player, but for the tokens.
    const RECORDED: &[u8] = b"!Gtry\xd5\x01k\x99\xff\xff\xff\xffinf3\x010.7.5\0Hello world\0\0dm1\0DM\0\
        \0\x01\x01\x08\x01\x08Gr\xc3\xbc\xc3\x9fe 'x'\0CLAN\0@\0\0";

    #[test]
    fn a_request_is_as_long_as_the_game_demands() {
        let request = token_request();
        assert_eq!(request.len(), 520);
        assert_eq!(request[..12], *b"\x04\0\0\xff\xff\xff\xff\x05Gtry");
    }

    #[test]
    fn the_recorded_token_goes_into_the_question() {
        let token = token(b"\x04\0\0Gtry\x05S\xb5\xd2\x0e").expect("a token");
        assert_eq!(question(token), b"!S\xb5\xd2\x0eGtry\xff\xff\xff\xffgie3\x01");
        assert_eq!(super::token(b"\x04\0\0else\x05S\xb5\xd2\x0e"), None, "an answer to somebody else");
    }

    #[test]
    fn a_recorded_answer_gives_map_players_and_scores() {
        let sample = parse(RECORDED).expect("an answer");
        assert_eq!(sample.name.as_deref(), Some("Hello world"));
        assert_eq!(sample.map.as_deref(), Some("dm1"));
        assert_eq!(sample.version.as_deref(), Some("0.7.5"));
        assert_eq!((sample.players, sample.max_players), (Some(1), Some(8)));
        assert_eq!(sample.player_list.len(), 1);
        assert_eq!(sample.player_list[0].name, "Grüße 'x'");
        assert_eq!(sample.player_list[0].score, Some(0));
    }

    #[test]
    fn numbers_of_all_lengths_and_signs_are_read() {
        for (bytes, value) in [
            (&[0x00][..], 0),
            (&[0x40], -1),
            (&[0x3f], 63),
            (&[0x80, 0x01], 64),
            (&[0xc0, 0x01], -65),
            (&[0xbf, 0xff, 0xff, 0xff, 0x0f], i32::MAX),
            (&[0xff, 0xff, 0xff, 0xff, 0x0f], i32::MIN),
        ] {
            assert_eq!(number(&mut Reader::new(bytes)), Some(value), "{bytes:x?}");
        }
        assert_eq!(number(&mut Reader::new(&[0x80])), None);
    }

    #[test]
    fn a_strangers_bytes_never_panic() {
        for cut in 0..RECORDED.len() {
            // What ends before the first player is an answer with nobody.
            assert!(parse(&RECORDED[..cut]).is_none_or(|sample| sample.player_list.is_empty()), "{cut}");
        }
        let endless = [RECORDED, &b"a\0b\0\0\0\0".repeat(500)].concat();
        assert_eq!(parse(&endless).map(|sample| sample.player_list.len()), Some(MOST_CLIENTS));
    }
}
