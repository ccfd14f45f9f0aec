//! Reachability and round-trip time by the game's own transport.
//!
//! A first packet from an unknown peer is answered with the identity that the server gave that peer; a farewell
//! under that identity follows, so that no half-open peer stays behind. Source: Luanti's `src/network/mtp`.

use gantry_plugin::prelude::*;

/// Protocol id, peer 0 (none yet), channel 0, an original packet without content.
const FIRST: &[u8] = &[0x4f, 0x45, 0x74, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];
const PROTOCOL: &[u8] = &[0x4f, 0x45, 0x74, 0x03];
const CONTROL_DISCONNECT: &[u8] = &[0x00, 0x00, 0x03];

pub(crate) fn collect(server: &Server) -> Result<Sample, Failure> {
    let replies = query::datagram("game", FIRST, 1, 1_500)?;
    let reply =
        replies.first().ok_or_else(|| Failure::new("no_answer", "The game did not answer on its port."))?;
    let peer = peer_id(&reply.payload)
        .ok_or_else(|| Failure::new("bad_answer", "Something that is not Luanti answered on the port."))?;
    query::datagram("game", &farewell(peer), 0, 0)?;
    Ok(Sample {
        name: Some(server.setting("name").to_owned()),
        max_players: server.setting("max_players").parse().ok(),
        latency_ms: Some(reply.after_us as f64 / 1_000.0),
        ..Sample::empty()
    })
}

/// The identity in a reliable control packet `SET_PEER_ID`, or none where the packet is anything else.
fn peer_id(payload: &[u8]) -> Option<[u8; 2]> {
    let body = payload.strip_prefix(PROTOCOL)?;
    // Sender's peer id (2), channel (1), reliable (3) with sequence number (2), control (0), set-peer-id (1), id (2).
    match body {
        [_, _, _, 0x03, _, _, 0x00, 0x01, high, low] => Some([*high, *low]),
        _ => None,
    }
}

fn farewell(peer: [u8; 2]) -> Vec<u8> {
    [PROTOCOL, &peer, CONTROL_DISCONNECT].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_answer_names_the_peer() {
        let recorded = [0x4f, 0x45, 0x74, 0x03, 0x00, 0x01, 0x00, 0x03, 0xff, 0xdc, 0x00, 0x01, 0x00, 0x02];
        assert_eq!(peer_id(&recorded), Some([0, 2]));
        assert_eq!(farewell([0, 2]), [0x4f, 0x45, 0x74, 0x03, 0, 2, 0, 0, 3]);
    }

    #[test]
    fn other_answers_are_refused() {
        for other in [&b""[..], b"OEt\x03", b"\xff\xff\xff\xffstatusResponse\n"] {
            assert_eq!(peer_id(other), None);
        }
    }
}
