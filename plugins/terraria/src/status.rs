//! What TShock says of itself by REST: `GET /v2/server/status?players=true`, which wants no token while
//! `EnableTokenEndpointAuthentication` is off.
//!
//! The answer is JSON whose `status` is a text, with `name`, `world`, `serverversion`, `playercount`, `maxplayers` and, of each
//! player, `nickname` and `active`. Source: <https://tshock.readme.io/reference/v2status>.

use gantry_plugin::{prelude::*, wire::text};
use serde::Deserialize;

/// The older version of the protocol, in which the end of the answer is the end of the connection.
const REQUEST: &[u8] =
    b"GET /v2/server/status?players=true HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\nConnection: close\r\n\r\n";
const PATIENCE_MS: u32 = 2_000;
/// A full server of 255 players has some 40 KiB.
const MOST_BYTES: u32 = 256 * 1024;
const LONGEST_NAME: usize = 64;

#[derive(Deserialize)]
struct Status {
    status: String,
    name: String,
    world: String,
    serverversion: String,
    playercount: u32,
    maxplayers: u32,
    #[serde(default)]
    players: Vec<Somebody>,
}

#[derive(Deserialize)]
struct Somebody {
    #[serde(default)]
    nickname: String,
    #[serde(default = "yes")]
    active: bool,
}

const fn yes() -> bool {
    true
}

pub(crate) fn collect() -> Result<Sample, Failure> {
    let reply = query::exchange("rest", REQUEST, MOST_BYTES, PATIENCE_MS)?;
    let mut sample = parse(&reply.payload)?;
    // A server that does not hang up is waited for, which says nothing of it.
    sample.latency_ms =
        (reply.after_us < u64::from(PATIENCE_MS) * 1_000).then(|| reply.after_us as f64 / 1_000.0);
    Ok(sample)
}

fn parse(answer: &[u8]) -> Result<Sample, Failure> {
    let unreadable = || Failure::new("bad_answer", "What TShock answered by REST could not be read.");
    let status: Status =
        serde_json::from_slice(body(answer).ok_or_else(unreadable)?).map_err(|_| unreadable())?;
    if status.status != "200" {
        return Err(Failure::new(
            "refused",
            format!("TShock answers with status {}.", text(status.status.as_bytes(), 16)),
        ));
    }
    let clean = |name: &str| text(name.as_bytes(), LONGEST_NAME);
    // Whoever is still connecting has no name, or is not there yet.
    let there = status.players.iter().filter(|player| player.active && !player.nickname.is_empty());
    let player_list: Vec<Player> = there.map(|player| Player::named(clean(&player.nickname))).collect();
    Ok(Sample {
        name: Some(clean(&status.name)),
        map: Some(clean(&status.world)),
        version: Some(clean(&status.serverversion)),
        players: Some(status.playercount),
        max_players: Some(status.maxplayers),
        lists_players: player_list.len() == status.playercount as usize,
        player_list,
        ..Sample::empty()
    })
}

/// What stands behind the head of an answer that succeeded, as long as the head says.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&answer[..end]).ok()?, &answer[end + 4..]);
    let mut lines = head.lines();
    let (protocol, status) = lines.next()?.split_once(' ')?;
    (protocol.starts_with("HTTP/1.") && status.starts_with("200")).then_some(())?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) => body.get(..length),
        None => Some(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"status":"200","name":"Ours","serverversion":"v1.4.4.9","tshockversion":"5.2.4.0","port":7777,
        "playercount":2,"maxplayers":8,"world":"Our place","uptime":"0.00:12:03","serverpassword":false,"players":[
        {"nickname":"Ada","username":"ada","group":"default","active":true,"state":10,"team":0},
        {"nickname":"Gr\u00fc\u00dfe","username":"","group":"guest","active":true,"state":10,"team":1},
        {"nickname":"","username":"","group":"guest","active":false,"state":1,"team":0}]}"#;

    fn answer(status: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {status}\r\nServer: TShock\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            .into_bytes()
    }

    #[test]
    fn an_answer_gives_world_players_and_slots() {
        let sample = parse(&answer("200 OK", BODY)).expect("a sample");
        assert_eq!((sample.name.as_deref(), sample.map.as_deref()), (Some("Ours"), Some("Our place")));
        assert_eq!((sample.players, sample.max_players), (Some(2), Some(8)));
        assert_eq!(sample.version.as_deref(), Some("v1.4.4.9"));
        let names: Vec<&str> = sample.player_list.iter().map(|player| player.name.as_str()).collect();
        assert_eq!((names, sample.lists_players), (vec!["Ada", "Grüße"], true));
    }

    #[test]
    fn a_strangers_bytes_never_panic_and_a_refusal_is_told() {
        let whole = answer("200 OK", BODY);
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut]).expect_err("it is cut").code, "bad_answer");
        }
        assert_eq!(parse(&answer("403 Forbidden", "{}")).expect_err("a refusal").code, "bad_answer");
        let refused = BODY.replace("\"200\"", "\"403\"");
        assert_eq!(parse(&answer("200 OK", &refused)).expect_err("a refusal").code, "refused");
        let unbounded = [&b"HTTP/1.0 200 OK\r\n\r\n"[..], BODY.as_bytes()].concat();
        assert_eq!(parse(&unbounded).expect("a sample").players, Some(2));
    }
}
