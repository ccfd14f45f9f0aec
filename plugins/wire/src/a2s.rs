//! Steam's server query: the question for the server (`A2S_INFO`) and that for its players (`A2S_PLAYER`).
//!
//! A server may ask for a number that it made up before it answers, so that nobody asks in another's name. An answer of more than
//! one datagram comes in pieces, of which there are two kinds, of Source and of the older GoldSrc. Pieces that are compressed
//! (bzip2) are refused: the few games that ever sent them have ended. Source:
//! <https://developer.valvesoftware.com/wiki/Server_queries>.

mod answers;
mod pieces;

use answers::Answer;
use gantry_plugin::prelude::*;
use pieces::Pieces;

const QUERY: &[u8] = b"\xff\xff\xff\xffTSource Engine Query\0";
const PLAYERS: &[u8] = b"\xff\xff\xff\xffU";
/// Stands for a number that is not known yet.
const NO_NUMBER: [u8; 4] = [0xff; 4];
/// A datagram that a game answers once it is ready, with what it is or with a number.
pub const FIRST: &[u8] = QUERY;
/// For one datagram, so that a collector, which has three seconds, can say in words what did not come.
const PATIENCE_MS: u32 = 900;
/// Questions for one answer: without a number, with it, and once more where an old answer was still under way.
const TRIES: usize = 4;

/// Asks the endpoint of this name for the server and its players.
///
/// # Errors
/// A [`Failure`] where nothing comes, or nothing that makes sense.
pub fn sample(endpoint: &str) -> Result<Sample, Failure> {
    sample_by(|payload, enough| query::datagram(endpoint, payload, enough, PATIENCE_MS))
}

/// The same by any transport, which is given a datagram and how many are awaited.
///
/// # Errors
/// Like [`sample`].
pub fn sample_by(mut ask: impl FnMut(&[u8], u32) -> Result<Vec<Reply>, Failure>) -> Result<Sample, Failure> {
    let (server, after_us) = answer(&mut ask, Question::Server, QUERY, None)?;
    let Answer::Server(mut sample) = server else { return Err(unreadable()) };
    sample.latency_ms = Some(after_us as f64 / 1_000.0);
    // Some games keep their players to themselves; what the server says of itself is true all the same.
    if let Ok((Answer::Players(list), _)) = answer(&mut ask, Question::Players, PLAYERS, Some(NO_NUMBER)) {
        // Whoever is still connecting has no name, and in some games nobody has.
        sample.player_list = list.into_iter().filter(|player| !player.name.is_empty()).collect();
        sample.lists_players = !sample.player_list.is_empty() || sample.players == Some(0);
    }
    Ok(*sample)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    Server,
    Players,
}

fn answer(
    ask: &mut impl FnMut(&[u8], u32) -> Result<Vec<Reply>, Failure>,
    question: Question,
    begin: &[u8],
    mut number: Option<[u8; 4]>,
) -> Result<(Answer, u64), Failure> {
    let mut pieces = Pieces::default();
    for _ in 0..TRIES {
        let payload = [begin, number.as_ref().map_or(&[][..], |number| number)].concat();
        let replies = ask(&payload, pieces.missing())?;
        for reply in replies {
            let Some(whole) = pieces.take(&reply.payload)? else { continue };
            match answers::read(&whole) {
                Some(Answer::Number(given)) => number = Some(given),
                Some(found @ Answer::Server(_)) if question == Question::Server => {
                    return Ok((found, reply.after_us));
                }
                Some(found @ Answer::Players(_)) if question == Question::Players => {
                    return Ok((found, reply.after_us));
                }
                // The answer to a question that was asked twice.
                Some(Answer::Server(_) | Answer::Players(_)) => {}
                None => return Err(unreadable()),
            }
        }
    }
    Err(Failure::new(
        "no_answer",
        "The game asks for a number again and again, or leaves pieces of its answer out.",
    ))
}

fn unreadable() -> Failure {
    Failure::new("bad_answer", "The game's answer to Steam's server query could not be read.")
}

#[cfg(test)]
mod tests;
