//! Source RCON: commands to a game over TCP, behind a password.
//!
//! A packet is its size, a number that comes back with the answer, a kind, and text that ends with two zero bytes; numbers have
//! the least significant byte first. An answer may have several packets, and nothing says which is the last: one that is not
//! nearly full is. Source: <https://developer.valvesoftware.com/wiki/Source_RCON_Protocol>.

use gantry_plugin::{prelude::*, wire::text};

const AUTHENTICATES: i32 = 3;
const AUTHENTICATED: i32 = 2;
const COMMANDS: i32 = 2;
const ANSWERS: i32 = 0;
const NUMBER: i32 = 7;
/// The number of an answer to a password that is wrong.
const REFUSED: i32 = -1;
/// Number and kind before the text, and the two zero bytes behind it.
const FRAME: usize = 4 + 4 + 2;
/// An answer that goes on has packets of about 4 KiB.
const NEARLY_FULL: usize = 3_500;
const MOST_BYTES: usize = 256 * 1024;
const PATIENCE_MS: u32 = 3_000;
/// Answers of more than one packet come without a pause.
const PAUSE_MS: u32 = 500;

/// The two ways of a connection.
pub trait Line {
    /// Sends all of it.
    ///
    /// # Errors
    /// A [`Failure`] where nobody takes it.
    fn write(&mut self, payload: &[u8]) -> Result<(), Failure>;
    /// What comes next; nothing is the end.
    ///
    /// # Errors
    /// A [`Failure`], with the code `timeout` where nothing came in time.
    fn read(&mut self, timeout_ms: u32) -> Result<Vec<u8>, Failure>;
}

impl Line for query::Connection {
    fn write(&mut self, payload: &[u8]) -> Result<(), Failure> {
        Self::write(self, payload)
    }
    fn read(&mut self, timeout_ms: u32) -> Result<Vec<u8>, Failure> {
        Self::read(self, 16_384, timeout_ms)
    }
}

/// Gives the game at the endpoint of this name a command, and answers what it said.
///
/// # Errors
/// A [`Failure`] where the game does not let us in, or does not answer.
pub fn send(endpoint: &str, password: &str, command: &str) -> Result<String, Failure> {
    if password.is_empty() {
        let message =
            "This server has no password for its remote console. Set one among its settings, and restart it.";
        return Err(Failure::new("no_password", message));
    }
    let mut connection = query::Connection::open(endpoint, PATIENCE_MS)?;
    converse(&mut connection, password, command)
}

/// The same over any connection.
///
/// # Errors
/// Like [`send`].
pub fn converse(line: &mut impl Line, password: &str, command: &str) -> Result<String, Failure> {
    if command.chars().any(char::is_control) {
        return Err(Failure::new("several_lines", "A command is one line without control characters."));
    }
    let mut received = Received::default();
    line.write(&packet(AUTHENTICATES, password))?;
    // An empty answer comes first in some games and not in others.
    loop {
        let said = received.next(line, PATIENCE_MS)?.ok_or_else(hung_up)?;
        match (said.kind, said.number) {
            (AUTHENTICATED, REFUSED) => {
                let message = "The game does not know the password of its remote console. Restart the server, so that it reads the new one.";
                return Err(Failure::new("wrong_password", message));
            }
            (AUTHENTICATED, _) => break,
            _ => {}
        }
    }
    line.write(&packet(COMMANDS, command))?;
    let mut answer = Vec::new();
    let mut patience = PATIENCE_MS;
    loop {
        let said = match received.next(line, patience) {
            Ok(Some(said)) => said,
            // It took the command and ended, or has nothing to say, as some games do.
            Ok(None) => break,
            Err(failure) if failure.code == "timeout" => break,
            Err(failure) => return Err(failure),
        };
        // Some games speak up in between, under another number.
        if said.kind != ANSWERS || said.number != NUMBER {
            continue;
        }
        answer.extend_from_slice(&said.text);
        if said.text.len() < NEARLY_FULL || answer.len() > MOST_BYTES {
            break;
        }
        patience = PAUSE_MS;
    }
    let lines = answer.split(|byte| *byte == b'\n').map(|line| text(line, 4_096));
    Ok(lines.collect::<Vec<_>>().join("\n").trim_end().to_owned())
}

fn hung_up() -> Failure {
    Failure::new(
        "hung_up",
        "The game closed its remote console. After several wrong passwords it does so for a while.",
    )
}

fn packet(kind: i32, text: &str) -> Vec<u8> {
    let size = i32::try_from(text.len() + FRAME).unwrap_or(i32::MAX);
    [&size.to_le_bytes()[..], &NUMBER.to_le_bytes(), &kind.to_le_bytes(), text.as_bytes(), b"\0\0"].concat()
}

struct Packet {
    number: i32,
    kind: i32,
    text: Vec<u8>,
}

/// What has come and was not read yet.
#[derive(Default)]
struct Received(Vec<u8>);

impl Received {
    /// The next packet, or none at the end.
    fn next(&mut self, line: &mut impl Line, timeout_ms: u32) -> Result<Option<Packet>, Failure> {
        loop {
            if let Some(packet) = self.whole()? {
                return Ok(Some(packet));
            }
            let piece = line.read(timeout_ms)?;
            if piece.is_empty() {
                return Ok(None);
            }
            self.0.extend_from_slice(&piece);
        }
    }

    fn whole(&mut self) -> Result<Option<Packet>, Failure> {
        let number = |at: usize| self.0.get(at..at + 4)?.try_into().map(i32::from_le_bytes).ok();
        let Some(size) = number(0) else { return Ok(None) };
        let size = usize::try_from(size).ok().filter(|size| (FRAME..=MOST_BYTES).contains(size));
        let size =
            size.ok_or_else(|| Failure::new("bad_answer", "What answers on the port is no remote console."))?;
        let (Some(answers), Some(kind)) = (number(4), number(8)) else { return Ok(None) };
        let Some(text) =
            self.0.get(12..4 + size - 2).map(<[u8]>::to_vec).filter(|_| self.0.len() >= 4 + size)
        else {
            return Ok(None);
        };
        self.0.drain(..4 + size);
        Ok(Some(Packet { number: answers, kind, text }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Says its pieces one after the other, then nothing in time.
    struct Recorded {
        says: VecDeque<Vec<u8>>,
        heard: Vec<u8>,
    }

    impl Line for Recorded {
        fn write(&mut self, payload: &[u8]) -> Result<(), Failure> {
            self.heard.extend_from_slice(payload);
            Ok(())
        }
        fn read(&mut self, _: u32) -> Result<Vec<u8>, Failure> {
            self.says.pop_front().ok_or_else(|| Failure::new("timeout", "nothing came"))
        }
    }

    fn said(number: i32, kind: i32, text: &[u8]) -> Vec<u8> {
        let size = i32::try_from(text.len() + FRAME).expect("a size");
        [&size.to_le_bytes()[..], &number.to_le_bytes(), &kind.to_le_bytes(), text, b"\0\0"].concat()
    }

    fn recorded(says: &[Vec<u8>]) -> Recorded {
        Recorded { says: says.iter().cloned().collect(), heard: Vec::new() }
    }

    fn welcome() -> Vec<u8> {
        [said(NUMBER, ANSWERS, b""), said(NUMBER, AUTHENTICATED, b"")].concat()
    }

    #[test]
    fn an_answer_is_put_together_however_it_is_cut() {
        let long = [b'x'; 4_000];
        let all = [
            welcome(),
            said(0, ANSWERS, b"Keep Alive"),
            said(NUMBER, ANSWERS, &long),
            said(NUMBER, ANSWERS, b"y\nGr\xc3\xbc\xc3\x9fe\x1b[31m\n"),
        ]
        .concat();
        for cut in [1, 3, 7, 4_096] {
            let pieces: Vec<Vec<u8>> = all.chunks(cut).map(<[u8]>::to_vec).collect();
            let mut line = recorded(&pieces);
            let answer = converse(&mut line, "sesame", "status").expect("an answer");
            assert_eq!(answer.len(), 4_000 + "y\nGrüße[31m".len(), "cut in pieces of {cut}");
            assert!(answer.ends_with("y\nGrüße[31m"));
            assert_eq!(line.heard, [packet(AUTHENTICATES, "sesame"), packet(COMMANDS, "status")].concat());
        }
    }

    #[test]
    fn a_wrong_password_and_an_end_are_told() {
        let refusal = converse(&mut recorded(&[said(REFUSED, AUTHENTICATED, b"")]), "x", "status");
        assert_eq!(refusal.expect_err("a refusal").code, "wrong_password");
        assert_eq!(
            converse(&mut recorded(&[Vec::new()]), "x", "status").expect_err("an end").code,
            "hung_up"
        );
        let other = converse(&mut recorded(&[b"HTTP/1.1 400 Bad Request\r\n".to_vec()]), "x", "status");
        assert_eq!(other.expect_err("another protocol").code, "bad_answer");
    }

    #[test]
    fn a_game_without_words_has_taken_the_command() {
        assert_eq!(converse(&mut recorded(&[welcome()]), "x", "quit").expect("an answer"), "");
        assert_eq!(converse(&mut recorded(&[welcome(), Vec::new()]), "x", "quit").expect("an answer"), "");
    }

    #[test]
    fn two_commands_are_none() {
        assert_eq!(converse(&mut recorded(&[]), "x", "say a\nquit").expect_err("two").code, "several_lines");
    }
}
