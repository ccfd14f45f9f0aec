//! What the game is doing: the server list ping for everybody, and the query for whole lists of players.

use crate::{ping, status};
use gantry_plugin::prelude::*;

const PING_MS: u32 = 1_500;
const QUERY_MS: u32 = 500;
/// As much as the answer with a picture of the server has.
const MOST_BYTES: u32 = 128 * 1024;

pub(crate) fn collect(server: &Server) -> Result<Sample, Failure> {
    let reply = query::exchange("game", &ping::request(server.port("game")?), MOST_BYTES, PING_MS)?;
    let mut sample = ping::parse(&reply.payload).ok_or_else(|| {
        Failure::new("bad_answer", "The game's answer to the list of servers could not be read.")
    })?;
    // A server that does not hang up is waited for, which says nothing of it.
    sample.latency_ms =
        (reply.after_us < u64::from(PING_MS) * 1_000).then(|| reply.after_us as f64 / 1_000.0);
    // Where nobody plays there is nobody to ask for by name; the map is what the setting says.
    sample.map = Some(server.setting("level_name").to_owned()).filter(|name| !name.is_empty());
    if sample.players != Some(0)
        && server.port("query").is_ok()
        && let Some(status) = full_status()
    {
        sample.map = status.map.or(sample.map);
        // Ids are in the ping alone.
        let id = |name: &str| sample.player_list.iter().find(|each| each.name == name)?.id.clone();
        let named = |name: String| Player { id: id(&name), ..Player::named(name) };
        let list: Vec<Player> = status.players.into_iter().map(named).collect();
        sample.lists_players = sample.players.is_some_and(|players| players as usize == list.len());
        sample.player_list = list;
    }
    Ok(sample)
}

/// None where the game does not answer its query: the ping has been answered, and the console tells who comes and goes.
fn full_status() -> Option<status::Status> {
    let handshake = query::datagram("query", &status::handshake(), 1, QUERY_MS).ok()?;
    let request = status::request(&handshake.first()?.payload)?;
    let answer = query::datagram("query", &request, 1, QUERY_MS).ok()?;
    status::parse(&answer.first()?.payload)
}
