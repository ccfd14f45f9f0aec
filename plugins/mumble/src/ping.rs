//! The ping of Mumble's server list, over UDP: four zero bytes and eight that come back. The answer has the version, these
//! eight, and three numbers, each with the most significant byte first. Source: Mumble's `Server::handlePing`, and
//! `docs/dev/network-protocol` for the layout.

use gantry_plugin::{prelude::*, wire::Reader};

const MARK: [u8; 8] = *b"Gantry \x01";
pub(crate) const QUESTION: &[u8] = b"\0\0\0\0Gantry \x01";
const PATIENCE_MS: u32 = 1_500;

pub(crate) fn collect(server: &Server) -> Result<Sample, Failure> {
    let replies = query::datagram("voice", QUESTION, 1, PATIENCE_MS)?;
    let reply =
        replies.first().ok_or_else(|| Failure::new("no_answer", "The server did not answer its ping."))?;
    let sample = parse(&reply.payload)
        .ok_or_else(|| Failure::new("bad_answer", "The server's answer to its ping could not be read."))?;
    Ok(Sample {
        // The ping does not say it.
        name: Some(server.setting("name").to_owned()),
        latency_ms: Some(reply.after_us as f64 / 1_000.0),
        ..sample
    })
}

fn parse(payload: &[u8]) -> Option<Sample> {
    let mut reader = Reader::new(payload);
    let [_, major, minor, patch] = *reader.take(4)?.first_chunk()?;
    reader.expect(&MARK)?;
    let mut number = || reader.take(4)?.try_into().map(u32::from_be_bytes).ok();
    let (users, most, bandwidth) = (number()?, number()?, number()?);
    Some(Sample {
        version: Some(format!("{major}.{minor}.{patch}")),
        players: Some(users),
        max_players: Some(most),
        series: vec![Series {
            name: "bandwidth".to_owned(),
            unit: "bit/s".to_owned(),
            value: bandwidth.into(),
        }],
        ..Sample::empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Debian's mumble-server 1.3.4 with one user, but for the mark.
    const RECORDED: &[u8] = b"\x00\x01\x03\x04Gantry \x01\x00\x00\x00\x01\x00\x00\x00\x09\x00\x01\x19\x40";

    #[test]
    fn a_recorded_answer_gives_version_users_and_slots() {
        let sample = parse(RECORDED).expect("an answer");
        assert_eq!(sample.version.as_deref(), Some("1.3.4"));
        assert_eq!((sample.players, sample.max_players), (Some(1), Some(9)));
        assert!((sample.series[0].value - 72_000.0).abs() < f64::EPSILON);
        assert!(!sample.lists_players);
    }

    #[test]
    fn other_answers_are_refused() {
        for cut in 0..RECORDED.len() {
            assert_eq!(parse(&RECORDED[..cut]), None);
        }
        assert_eq!(parse(b"\x00\x01\x03\x04else_els\x00\x00\x00\x01\x00\x00\x00\x09\x00\x01\x19\x40"), None);
    }

    #[test]
    fn the_question_has_the_mark_that_is_awaited() {
        assert_eq!(QUESTION[4..], MARK);
    }
}
