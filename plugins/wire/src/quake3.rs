//! The Quake 3 status query, and what the server prints as people come and go.
//!
//! The answer is one datagram: four bytes of 0xff, `statusResponse`, a line of `\key\value` pairs, then a line
//! `score ping "name"` for each player. Bots are among them, with a ping of nothing, which a player beside the machine has as
//! well: how many are people is in the answer to `getinfo`, as `g_humanplayers`. Source: ioquake3's `SVC_Status` and `SVC_Info`.

use gantry_plugin::{
    prelude::*,
    wire::{Reader, text},
};

/// The question. A server that answers it is ready for players.
pub const REQUEST: &[u8] = b"\xff\xff\xff\xffgetstatus\n";
const ANSWER: &[u8] = b"\xff\xff\xff\xffstatusResponse\n";
const INFO_REQUEST: &[u8] = b"\xff\xff\xff\xffgetinfo\n";
const INFO: &[u8] = b"\xff\xff\xff\xffinfoResponse\n";
/// As many as the engine can hold.
const MOST_PLAYERS: usize = 64;

/// What the game at the endpoint of this name says of itself this moment.
///
/// # Errors
/// A [`Failure`] where nothing comes, or nothing that makes sense.
pub fn sample(endpoint: &str) -> Result<Sample, Failure> {
    let replies = query::datagram(endpoint, REQUEST, 1, 1_500)?;
    let reply = replies
        .first()
        .ok_or_else(|| Failure::new("no_answer", "The game did not answer its status query."))?;
    let mut sample = parse(&reply.payload)
        .ok_or_else(|| Failure::new("bad_answer", "The game's status answer could not be read."))?;
    sample.latency_ms = Some(reply.after_us as f64 / 1_000.0);
    if sample.player_list.iter().any(|player| player.ping_ms == Some(0)) {
        sample.bots = bots(endpoint, sample.players);
    }
    Ok(sample)
}

/// How many of the players are none. Nothing where the game does not say, as older engines do not.
fn bots(endpoint: &str, players: Option<u32>) -> Option<u32> {
    let replies = query::datagram(endpoint, INFO_REQUEST, 1, 1_500).ok()?;
    let people = people(&replies.first()?.payload)?;
    players.map(|players| players.saturating_sub(people))
}

fn people(payload: &[u8]) -> Option<u32> {
    let mut reader = Reader::new(payload);
    reader.expect(INFO)?;
    let said = variables(reader.rest());
    said.iter().find(|(name, _)| name == "g_humanplayers").and_then(|(_, count)| count.parse().ok())
}

/// Reads an answer.
pub fn parse(payload: &[u8]) -> Option<Sample> {
    let mut reader = Reader::new(payload);
    reader.expect(ANSWER)?;
    let mut lines = reader.rest().split(|byte| *byte == b'\n');
    let variables = variables(lines.next()?);
    let find = |key: &str| variables.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let player_list: Vec<Player> = lines.filter_map(player).take(MOST_PLAYERS).collect();
    Some(Sample {
        name: find("sv_hostname").map(|name| without_colours(&name)),
        map: find("mapname"),
        version: find("version"),
        players: u32::try_from(player_list.len()).ok(),
        max_players: find("sv_maxclients").and_then(|value| value.parse().ok()),
        lists_players: true,
        player_list,
        ..Sample::empty()
    })
}

fn variables(line: &[u8]) -> Vec<(String, String)> {
    let parts: Vec<&[u8]> = line.strip_prefix(b"\\").unwrap_or(line).split(|byte| *byte == b'\\').collect();
    parts.chunks_exact(2).map(|pair| (text(pair[0], 64), text(pair[1], 256))).collect()
}

fn player(line: &[u8]) -> Option<Player> {
    let line = text(line, 256);
    let (score, rest) = line.split_once(' ')?;
    let (ping, name) = rest.split_once(' ')?;
    let name = name.strip_prefix('"')?.strip_suffix('"')?;
    Some(Player {
        score: score.parse().ok(),
        ping_ms: ping.parse().ok(),
        ..Player::named(without_colours(name))
    })
}

/// Names carry colours as `^` and a character.
fn without_colours(name: &str) -> String {
    let mut clean = String::new();
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('^', Some(next)) if *next != '^' => drop(characters.next()),
            _ => clean.push(character),
        }
    }
    clean
}

/// Who came and went, in the engine's own words.
pub fn console_events(lines: &[String]) -> Vec<Found> {
    let event = |line: &str| {
        let said = line.strip_prefix("broadcast: print \"")?;
        if let Some((name, _)) = said.split_once("^7 entered the game") {
            return Some(Event::Joined(without_colours(name)));
        }
        let (name, _) = said.split_once("^7 disconnected")?;
        Some(Event::Left(without_colours(name)))
    };
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &[u8] =
        b"\xff\xff\xff\xffstatusResponse\n\\sv_hostname\\^1Test^7 host\\sv_maxclients\\12\
        \\version\\ioq3 1.36\\mapname\\oa_dm1\n3 48 \"Sarge\"\n-1 0 \"^2Gr^3unt\"\n";

    #[test]
    fn a_recorded_answer_gives_map_players_and_scores() {
        let sample = parse(RECORDED).expect("an answer");
        assert_eq!(sample.name.as_deref(), Some("Test host"));
        assert_eq!(sample.map.as_deref(), Some("oa_dm1"));
        assert_eq!((sample.players, sample.max_players), (Some(2), Some(12)));
        assert_eq!(sample.player_list[0].score, Some(3));
        assert_eq!(sample.player_list[0].ping_ms, Some(48));
        assert_eq!(sample.player_list[1].name, "Grunt");
    }

    #[test]
    fn an_answer_that_was_recorded_says_how_many_are_people() {
        let said =
            b"\xff\xff\xff\xffinfoResponse\n\\g_needpass\\0\\g_humanplayers\\2\\clients\\5\\mapname\\oa_dm2";
        assert_eq!(people(said), Some(2));
        assert_eq!(people(b"\xff\xff\xff\xffinfoResponse\n\\clients\\5"), None, "an older engine");
        assert_eq!(people(RECORDED), None);
    }

    #[test]
    fn a_strangers_bytes_never_panic() {
        for cut in 0..RECORDED.len() {
            parse(&RECORDED[..cut]);
        }
        assert_eq!(parse(b"\xff\xff\xff\xffprint\nno"), None);
        assert!(parse(b"\xff\xff\xff\xffstatusResponse\n\\\\\\\n9 9 \"\n\"\"").is_some());
    }

    #[test]
    fn console_lines_say_who_came_and_went() {
        let lines = [
            "Item: 0 weapon_shotgun",
            "broadcast: print \"Sarge^7 entered the game\\n\"",
            "broadcast: print \"Sarge^7 disconnected\\n\"",
        ]
        .map(str::to_owned);
        let events = console_events(&lines);
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].line, &events[0].event), (1, &Event::Joined("Sarge".to_owned())));
        assert_eq!((events[1].line, &events[1].event), (2, &Event::Left("Sarge".to_owned())));
    }
}
