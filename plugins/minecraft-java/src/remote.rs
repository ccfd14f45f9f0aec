//! The remote console, for what wants an answer: the game's own console does not say which line answers which command.
//!
//! A packet is a length, an id, a kind and text, all numbers least significant first, and two zeros. After a packet with
//! the password (3) is answered with its own id, packets with commands (2) are answered in kind 0. Source: Valve's "Source
//! RCON Protocol", as the game speaks it.

use gantry_plugin::{prelude::*, wire::text};

const LOGIN: i32 = 3;
const COMMAND: i32 = 2;
const LOGIN_ID: i32 = 1;
const COMMAND_ID: i32 = 2;
const TIMEOUT_MS: u32 = 5_000;
/// The game sends no more in one packet.
const LONGEST_PACKET: usize = 4_110;
const LONGEST_ANSWER: usize = 4_096;

/// What the game answers to a command.
pub(crate) fn ask(password: &str, command: &str) -> Result<String, Failure> {
    let connection = query::Connection::open("rcon", TIMEOUT_MS)?;
    let mut came = Vec::new();
    connection.write(&packet(LOGIN_ID, LOGIN, password))?;
    if next(&connection, &mut came)?.0 != LOGIN_ID {
        return Err(Failure::new(
            "wrong_password",
            "The game refuses the password of its remote console. Restart it.",
        ));
    }
    connection.write(&packet(COMMAND_ID, COMMAND, command))?;
    let (_, answer) = next(&connection, &mut came)?;
    Ok(answer)
}

fn packet(id: i32, kind: i32, body: &str) -> Vec<u8> {
    let rest = [&id.to_le_bytes(), &kind.to_le_bytes(), body.as_bytes(), &[0, 0]].concat();
    [&(rest.len() as u32).to_le_bytes()[..], &rest].concat()
}

fn next(connection: &query::Connection, came: &mut Vec<u8>) -> Result<(i32, String), Failure> {
    loop {
        match first(came) {
            First::Whole { id, text, length } => {
                came.drain(..length);
                return Ok((id, text));
            }
            First::Part => {
                let more = connection.read(LONGEST_PACKET as u32, TIMEOUT_MS)?;
                if more.is_empty() {
                    return Err(Failure::new("hung_up", "The game hung up its remote console."));
                }
                came.extend(more);
            }
            First::Other => {
                return Err(Failure::new(
                    "bad_answer",
                    "Something that is no remote console answered on its port.",
                ));
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum First {
    Whole { id: i32, text: String, length: usize },
    Part,
    Other,
}

/// The first packet of what came.
fn first(came: &[u8]) -> First {
    let Some((head, rest)) = came.split_first_chunk::<4>() else { return First::Part };
    let length = u32::from_le_bytes(*head) as usize;
    if !(10..=LONGEST_PACKET).contains(&length) {
        return First::Other;
    }
    let Some(packet) = rest.get(..length) else { return First::Part };
    let Some((id, packet)) = packet.split_first_chunk::<4>() else { return First::Other };
    // Its kind, which the order of questions tells already, and two zeros.
    let body = &packet[4..packet.len() - 2];
    First::Whole { id: i32::from_le_bytes(*id), text: lines(body), length: 4 + length }
}

/// Lines stay lines; colours and control characters go.
fn lines(body: &[u8]) -> String {
    let lines: Vec<String> = body
        .split(|byte| *byte == b'\n')
        .map(|line| crate::ping::without_colours(&text(line, LONGEST_ANSWER)))
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_its_length_and_what_follows() {
        assert_eq!(packet(1, LOGIN, "pw"), b"\x0c\0\0\0\x01\0\0\0\x03\0\0\0pw\0\0");
    }

    #[test]
    fn packets_are_read_whole_and_one_after_the_other() {
        let two = [packet(2, 0, "\u{a7}6There are\nno \u{1b}players"), packet(3, 0, "")].concat();
        for cut in 0..packet(2, 0, "\u{a7}6There are\nno \u{1b}players").len() {
            assert_eq!(first(&two[..cut]), First::Part, "cut at {cut}");
        }
        let First::Whole { id, text, length } = first(&two) else { panic!("a packet") };
        assert_eq!((id, text.as_str()), (2, "There are\nno players"));
        assert!(matches!(first(&two[length..]), First::Whole { id: 3, .. }));
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for other in [&b"HTTP/1.1 400"[..], b"\x09\0\0\0aaaaaaaaa", b"\xff\xff\xff\xff"] {
            assert_eq!(first(other), First::Other);
        }
    }
}
