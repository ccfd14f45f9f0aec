//! The question that the game's list of servers asks: how many play, and what.
//!
//! A packet is its length in two bytes, the least significant first, its type, and its content. The answer grew over
//! time, newest fields first; its first byte says how many of them there are. Source: OpenTTD's
//! `src/network/core/game_info.cpp`, `DeserializeNetworkGameInfo`.

use gantry_plugin::{
    prelude::*,
    wire::{Reader, text},
};

/// Three bytes in all, of type `CLIENT_GAME_INFO`.
const QUESTION: &[u8] = &[3, 0, 7];
const SERVER_GAME_INFO: u8 = 6;
/// The newest form of the answer that is understood, and the oldest: that of OpenTTD 1.12 and later.
const FORMS: std::ops::RangeInclusive<u8> = 6..=7;
const PATIENCE_MS: u32 = 1_200;
/// With every extension of its rules that a server may name.
const LONGEST: u16 = 32_767;

/// The game leaves the connection open, and an exchange ends with as many bytes as were asked for. So the first asks for
/// the length alone, which is how fast the game answers, and the second for all of it.
pub(crate) fn collect() -> Result<Sample, Failure> {
    let length = query::exchange("game", QUESTION, 2, PATIENCE_MS)?;
    let whole = query::exchange("game", QUESTION, total(&length.payload)?.into(), PATIENCE_MS)?;
    let mut sample = parse(&whole.payload).ok_or_else(unreadable)?;
    sample.latency_ms = Some(length.after_us as f64 / 1_000.0);
    Ok(sample)
}

fn unreadable() -> Failure {
    Failure::new("bad_answer", "The game's answer to its server list could not be read.")
}

fn total(payload: &[u8]) -> Result<u16, Failure> {
    let length = payload.first_chunk().map(|bytes| u16::from_le_bytes(*bytes));
    length.filter(|length| (3..=LONGEST).contains(length)).ok_or_else(unreadable)
}

fn parse(payload: &[u8]) -> Option<Sample> {
    let mut reader = Reader::new(payload);
    if usize::from(u16_le(&mut reader)?) != payload.len() {
        return None;
    }
    reader.expect(&[SERVER_GAME_INFO])?;
    let form = reader.byte().filter(|form| FORMS.contains(form))?;
    if form >= 7 {
        let _ticks = reader.take(8)?;
    }
    let names_extensions = match reader.byte()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let _script_version = reader.take(4)?;
    string(&mut reader)?;
    for _ in 0..reader.byte()? {
        let _id_and_digest = reader.take(4 + 16)?;
        if names_extensions {
            string(&mut reader)?;
        }
    }
    let day = u32_le(&mut reader)?;
    let _first_day = reader.take(4)?;
    let _most_companies = reader.byte()?;
    let companies = reader.byte()?;
    let _most_spectators = reader.byte()?;
    let name = string(&mut reader)?;
    let version = string(&mut reader)?;
    let _has_password = reader.byte()?;
    let (slots, players, spectators) = (reader.byte()?, reader.byte()?, reader.byte()?);
    let series =
        |name: &str, unit: &str, value: f64| Series { name: name.to_owned(), unit: unit.to_owned(), value };
    Some(Sample {
        name: Some(name),
        version: Some(version),
        players: Some(players.into()),
        max_players: Some(slots.into()),
        // The console tells their names.
        series: vec![
            series("companies", "", companies.into()),
            series("spectators", "", spectators.into()),
            series("year", "", year(day).into()),
        ],
        ..Sample::empty()
    })
}

/// Text up to a zero byte.
fn string(reader: &mut Reader<'_>) -> Option<String> {
    let length = reader.rest().iter().position(|byte| *byte == 0)?;
    let string = text(reader.take(length)?, 128);
    reader.byte()?;
    Some(string)
}

fn u16_le(reader: &mut Reader<'_>) -> Option<u16> {
    reader.take(2)?.try_into().map(u16::from_le_bytes).ok()
}

fn u32_le(reader: &mut Reader<'_>) -> Option<u32> {
    reader.take(4)?.try_into().map(u32::from_le_bytes).ok()
}

/// The year of a day that is counted from the first of January of the year 0, by the Gregorian rules.
fn year(day: u32) -> u32 {
    const FOUR_CENTURIES: u32 = 146_097;
    let mut year = day / FOUR_CENTURIES * 400;
    let mut left = day % FOUR_CENTURIES;
    loop {
        let leaps = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        let days = 365 + u32::from(leaps);
        if left < days {
            return year;
        }
        left -= days;
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Debian's openttd 13.0 with nobody in it.
    const RECORDED: &[u8] = b"3\x00\x06\x06\x01\xff\xff\xff\xff\x00\x00e\xec\n\x00c\xec\n\x00\x0f\x00\x07Test = [x] \"y\x0013.0\x00\
        \x00\x07\x00\x00\x80\x00@\x00\x01\x01";

    #[test]
    fn a_recorded_answer_gives_name_version_slots_and_year() {
        let sample = parse(RECORDED).expect("an answer");
        assert_eq!(sample.name.as_deref(), Some("Test = [x] \"y"));
        assert_eq!(sample.version.as_deref(), Some("13.0"));
        assert_eq!((sample.players, sample.max_players), (Some(0), Some(7)));
        let series: Vec<(&str, f64)> =
            sample.series.iter().map(|one| (one.name.as_str(), one.value)).collect();
        assert_eq!(series, [("companies", 0.0), ("spectators", 0.0), ("year", 1960.0)]);
    }

    #[test]
    fn a_strangers_bytes_never_panic() {
        for cut in 0..RECORDED.len() {
            assert_eq!(parse(&RECORDED[..cut]), None);
        }
        for place in 0..RECORDED.len() {
            let mut changed = RECORDED.to_vec();
            changed[place] = 0xff;
            parse(&changed);
        }
        assert_eq!(total(b"\x02\0").expect_err("too short").code, "bad_answer");
        assert_eq!(total(b"\xff").expect_err("half a length").code, "bad_answer");
    }

    #[test]
    fn years_begin_with_january() {
        assert_eq!((year(0), year(365), year(366)), (0, 0, 1));
        // 1950 and 2000 begin so many days after the year 0.
        assert_eq!((year(712_222), year(712_223)), (1949, 1950));
        assert_eq!(
            (year(730_484), year(730_485), year(730_485 + 365), year(730_485 + 366)),
            (1999, 2000, 2000, 2001)
        );
    }
}
