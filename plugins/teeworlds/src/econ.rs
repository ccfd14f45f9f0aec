//! The game's external console: lines of text over TCP, behind a password.
//!
//! The game ends what it says with a line break and zero bytes, and nothing says where the answer to a command ends. So
//! a second command has it echo a word of ours. Source: Teeworlds' `src/engine/shared/econ.cpp`.

use gantry_plugin::{prelude::*, wire::text};

const ASKS: &str = "Enter password:";
const LETS_IN: &str = "Authentication successful.";
const REFUSES: &str = "Wrong password";
const MARK: &str = "gantry-end-of-answer";
const PATIENCE_MS: u32 = 3_000;
/// More than the longest list that it prints.
const MOST_BYTES: usize = 64 * 1024;

/// The two ways of a connection.
trait Line {
    fn write(&mut self, payload: &[u8]) -> Result<(), Failure>;
    /// What comes next; nothing is the end.
    fn read(&mut self) -> Result<Vec<u8>, Failure>;
}

impl Line for query::Connection {
    fn write(&mut self, payload: &[u8]) -> Result<(), Failure> {
        Self::write(self, payload)
    }
    fn read(&mut self) -> Result<Vec<u8>, Failure> {
        Self::read(self, 4_096, PATIENCE_MS)
    }
}

/// Whether commands can be given to this server.
pub(crate) fn is_open(server: &Server) -> bool {
    !server.setting("console_password").is_empty()
}

pub(crate) fn send(server: &Server, command: &str) -> Result<String, Failure> {
    if !is_open(server) {
        let message = "This server has no password for commands. Set one among its settings, and restart it.";
        return Err(Failure::new("no_password", message));
    }
    let mut connection = query::Connection::open("console", PATIENCE_MS)?;
    converse(&mut connection, server.setting("console_password"), command)
}

fn converse(line: &mut impl Line, password: &str, command: &str) -> Result<String, Failure> {
    if command.chars().any(char::is_control) {
        return Err(Failure::new("several_lines", "A command is one line without control characters."));
    }
    until(line, |said| said.contains(ASKS))?;
    line.write(format!("{password}\n").as_bytes())?;
    let said = until(line, |said| said.contains(LETS_IN) || said.contains(REFUSES))?;
    if said.contains(REFUSES) {
        let message = "The game does not know the password for commands. Restart the server, so that it reads the new one.";
        return Err(Failure::new("wrong_password", message));
    }
    line.write(format!("{command}\necho {MARK}\n").as_bytes())?;
    let echoed = format!("[Console]: {MARK}");
    let said = until(line, |said| said.contains(&echoed))?;
    Ok(answer(&said, &echoed))
}

/// Reads until what came is as awaited.
fn until(line: &mut impl Line, awaited: impl Fn(&str) -> bool) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    loop {
        let piece = line.read()?;
        if piece.is_empty() {
            return Err(Failure::new(
                "hung_up",
                "The game closed its console. After several wrong passwords it does so for a while.",
            ));
        }
        bytes.extend_from_slice(&piece);
        let said: Vec<String> =
            bytes.split(|byte| matches!(byte, b'\n' | 0)).map(|each| text(each, 1_024)).collect();
        let said = said.join("\n");
        if awaited(&said) {
            return Ok(said);
        }
        if bytes.len() > MOST_BYTES {
            return Err(Failure::new("too_long", "The game's answer does not end."));
        }
    }
}

/// What stands before the mark, without the time and without what repeats the commands.
fn answer(said: &str, echoed: &str) -> String {
    let lines = said.lines().filter_map(|line| {
        let (_time, rest) = line.split_once("][")?;
        let (_, words) = rest.split_once("]: ")?;
        let is_ours =
            line.contains(echoed) || rest.starts_with("server]: cid=") || rest.starts_with("econ]: ");
        (!is_ours).then_some(words)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    struct Recorded {
        says: VecDeque<&'static [u8]>,
        heard: Vec<String>,
    }

    impl Line for Recorded {
        fn write(&mut self, payload: &[u8]) -> Result<(), Failure> {
            self.heard.push(text(payload, 128));
            Ok(())
        }
        fn read(&mut self) -> Result<Vec<u8>, Failure> {
            Ok(self.says.pop_front().unwrap_or_default().to_vec())
        }
    }

    fn recorded(says: &[&'static [u8]]) -> Recorded {
        Recorded { says: says.iter().copied().collect(), heard: Vec::new() }
    }

    const GREETING: &[u8] = b"Enter password:\n\0\0";
    const WELCOME: &[u8] = b"Authentication successful. External console access granted.\n\0\0[10:14:01][econ]: cid=0 authed\n\0\0";

    #[test]
    fn a_recorded_conversation_is_answered_without_its_frame() {
        // Recorded from Debian's teeworlds-server 0.7.5, in pieces as they may come.
        let mut line = recorded(&[
            b"Enter pass",
            b"word:\n\0\0",
            WELCOME,
            b"[10:14:04][server]: cid=0 cmd='kick 5'\n\0\0[10:14:04][server]: invalid client",
            b" id to kick\n\0\0[10:14:05][server]: cid=0 cmd='echo gantry-end-of-answer'\n\0\0",
            b"[10:14:05][Console]: gantry-end-of-answer\n\0\0",
        ]);
        let answer = converse(&mut line, "secret12", "kick 5").expect("an answer");
        assert_eq!(answer, "invalid client id to kick");
        assert_eq!(line.heard, ["secret12", "kick 5echo gantry-end-of-answer"]);
    }

    #[test]
    fn a_refusal_and_a_farewell_are_told() {
        let wrong = converse(&mut recorded(&[GREETING, b"Wrong password 1/3.\n\0\0"]), "x", "status");
        assert_eq!(wrong.expect_err("a refusal").code, "wrong_password");
        let gone = converse(&mut recorded(&[GREETING]), "x", "status");
        assert_eq!(gone.expect_err("an end").code, "hung_up");
    }

    #[test]
    fn two_commands_are_none() {
        assert_eq!(
            converse(&mut recorded(&[]), "x", "say a\nshutdown").expect_err("two").code,
            "several_lines"
        );
    }
}
