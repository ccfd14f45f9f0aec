//! What whole answers say.

use gantry_plugin::{
    prelude::{Player, Sample},
    wire::{Reader, text},
};

/// What a server may say.
pub(super) enum Answer {
    Server(Box<Sample>),
    Players(Vec<Player>),
    /// The number that the next question is to have.
    Number([u8; 4]),
}

/// Steam's number of The Ship, which has three bytes more.
const THE_SHIP: u16 = 2_400;

pub(super) fn read(payload: &[u8]) -> Option<Answer> {
    let mut reader = Reader::new(payload);
    reader.expect(&[0xff; 4])?;
    match reader.byte()? {
        b'A' => reader.take(4)?.try_into().map(Answer::Number).ok(),
        b'I' => source(&mut reader).map(|sample| Answer::Server(Box::new(sample))),
        b'm' => goldsrc(&mut reader).map(|sample| Answer::Server(Box::new(sample))),
        b'D' => players(&mut reader).map(Answer::Players),
        _ => None,
    }
}

fn source(reader: &mut Reader<'_>) -> Option<Sample> {
    let _protocol = reader.byte()?;
    let (name, map) = (string(reader)?, string(reader)?);
    let (_folder, _game) = (string(reader)?, string(reader)?);
    let app = u16_le(reader)?;
    let (players, slots, bots) = (reader.byte()?, reader.byte()?, reader.byte()?);
    let _kind_system_password_vac = reader.take(4)?;
    if app == THE_SHIP {
        let _mode_witnesses_seconds = reader.take(3)?;
    }
    Some(Sample {
        version: Some(string(reader)?),
        bots: Some(bots.into()),
        ..said(name, map, players, slots)
    })
}

fn goldsrc(reader: &mut Reader<'_>) -> Option<Sample> {
    let _address = string(reader)?;
    let (name, map) = (string(reader)?, string(reader)?);
    let (_folder, _game) = (string(reader)?, string(reader)?);
    let (players, slots) = (reader.byte()?, reader.byte()?);
    Some(said(name, map, players, slots))
}

fn said(name: String, map: String, players: u8, slots: u8) -> Sample {
    Sample {
        name: Some(name),
        map: Some(map),
        players: Some(players.into()),
        max_players: Some(slots.into()),
        ..Sample::empty()
    }
}

/// Servers with more players than they wish to name cut the list; what is there is taken.
fn players(reader: &mut Reader<'_>) -> Option<Vec<Player>> {
    let count = reader.byte()?;
    let mut list = Vec::new();
    for _ in 0..count {
        let Some(player) = player(reader) else { break };
        list.push(player);
    }
    Some(list)
}

fn player(reader: &mut Reader<'_>) -> Option<Player> {
    let _number = reader.byte()?;
    let name = string(reader)?;
    let score = i32::from_le_bytes(reader.take(4)?.try_into().ok()?);
    let seconds = f32::from_le_bytes(reader.take(4)?.try_into().ok()?);
    // Bots of some games have been there for -1 seconds.
    let seconds = (seconds.is_finite() && seconds >= 0.0).then_some(seconds as u32);
    Some(Player { score: Some(score.into()), seconds_online: seconds, ..Player::named(name) })
}

/// Text up to a zero byte.
fn string(reader: &mut Reader<'_>) -> Option<String> {
    let length = reader.rest().iter().position(|byte| *byte == 0)?;
    let string = text(reader.take(length)?, 256);
    reader.byte()?;
    Some(string)
}

fn u16_le(reader: &mut Reader<'_>) -> Option<u16> {
    reader.take(2)?.try_into().map(u16::from_le_bytes).ok()
}
