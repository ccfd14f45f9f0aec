//! Conversations after the protocol's documentation; nothing of them is anybody's recording.

use super::*;
use std::collections::VecDeque;

const SERVER: &[u8] = b"\xff\xff\xff\xffI\x11Gr\xc3\xbc\xc3\x9fe\0de_dust2\0csgo\0Counter-Strike 2\0\xda\x02\x02\x0c\x01dl\0\x011.40.1.2\0\xa1\x87\x69";
const LIST: &[u8] = b"\xff\xff\xff\xffD\x02\0Ada\0\x07\0\0\0\0\0\x7fC\0Grace\0\xff\xff\xff\xff\0\0\x80\xbf";
const NUMBER: &[u8] = b"\xff\xff\xff\xffA\x01\x02\x03\x04";

/// Plays what a game says to each question and writes down the questions.
struct Game {
    says: VecDeque<Vec<Vec<u8>>>,
    heard: Vec<(Vec<u8>, u32)>,
}

impl Game {
    fn new(says: &[&[&[u8]]]) -> Self {
        let says = says.iter().map(|each| each.iter().map(|reply| reply.to_vec()).collect()).collect();
        Self { says, heard: Vec::new() }
    }
    fn sample(&mut self) -> Result<Sample, Failure> {
        sample_by(|payload, enough| {
            self.heard.push((payload.to_vec(), enough));
            let replies = self.says.pop_front().filter(|replies| !replies.is_empty());
            let replies = replies.ok_or_else(|| Failure::new("timeout", "nothing came"))?;
            Ok(replies.into_iter().map(|payload| Reply { payload, after_us: 1_500 }).collect())
        })
    }
}

fn source_piece(identity: u32, total: u8, number: u8, content: &[u8]) -> Vec<u8> {
    [&b"\xfe\xff\xff\xff"[..], &identity.to_le_bytes(), &[total, number], b"\xe0\x04", content].concat()
}

fn goldsrc_piece(total: u8, number: u8, content: &[u8]) -> Vec<u8> {
    [&b"\xfe\xff\xff\xff\x01\0\0\0"[..], &[number << 4 | total], content].concat()
}

#[test]
fn a_server_that_asks_for_its_number_is_told_it() {
    let mut game = Game::new(&[&[NUMBER], &[SERVER], &[NUMBER], &[LIST]]);
    let sample = game.sample().expect("a sample");
    assert_eq!(game.heard[0].0, b"\xff\xff\xff\xffTSource Engine Query\0");
    assert_eq!(game.heard[1].0, b"\xff\xff\xff\xffTSource Engine Query\0\x01\x02\x03\x04");
    assert_eq!(game.heard[2].0, b"\xff\xff\xff\xffU\xff\xff\xff\xff");
    assert_eq!(game.heard[3].0, b"\xff\xff\xff\xffU\x01\x02\x03\x04");
    assert_eq!((sample.name.as_deref(), sample.map.as_deref()), (Some("Grüße"), Some("de_dust2")));
    assert_eq!((sample.players, sample.bots, sample.max_players), (Some(2), Some(1), Some(12)));
    assert_eq!((sample.version.as_deref(), sample.latency_ms), (Some("1.40.1.2"), Some(1.5)));
    let list: Vec<_> =
        sample.player_list.iter().map(|one| (one.name.as_str(), one.score, one.seconds_online)).collect();
    assert_eq!(list, [("Ada", Some(7), Some(255)), ("Grace", Some(-1), None)]);
    assert!(sample.lists_players);
}

#[test]
fn pieces_of_both_kinds_are_put_together_in_any_order() {
    let (front, middle, back) = (&LIST[..9], &LIST[9..20], &LIST[20..]);
    let source = [source_piece(9, 3, 0, front), source_piece(9, 3, 2, back), source_piece(9, 3, 1, middle)];
    let goldsrc = [goldsrc_piece(3, 0, front), goldsrc_piece(3, 2, back), goldsrc_piece(3, 1, middle)];
    for pieces in [source, goldsrc] {
        for first in 0..3 {
            let (a, b, c) = (&pieces[first], &pieces[(first + 1) % 3], &pieces[(first + 2) % 3]);
            // One comes with the first question; the others are still under way and come with the next ones.
            let mut game = Game::new(&[&[SERVER], &[a], &[b], &[c]]);
            let sample = game.sample().expect("a sample");
            let names: Vec<_> = sample.player_list.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(names, ["Ada", "Grace"], "beginning with {first}");
        }
        let mut game = Game::new(&[&[SERVER], &[&pieces[0]], &[&pieces[1], &pieces[2]]]);
        game.sample().expect("a sample");
        assert_eq!(game.heard[2].1, 2, "the first piece says how many others there are");
    }
}

#[test]
fn pieces_of_a_second_answer_do_no_harm() {
    let piece = |identity, number, content| source_piece(identity, 2, number, content);
    let (front, back) = (&LIST[..9], &LIST[9..]);
    let mut game = Game::new(&[
        &[SERVER],
        &[&piece(1, 0, front)],
        &[&piece(2, 0, b"\xff\xff\xff\xffD\0"), &piece(1, 1, back)],
    ]);
    assert_eq!(game.sample().expect("a sample").player_list.len(), 2);
}

#[test]
fn compressed_pieces_are_refused_in_words() {
    let piece = source_piece(1 << 31 | 7, 2, 0, b"\0\x10\0\0\x01\x02\x03\x04BZh9");
    let refused = Game::new(&[&[&piece]]).sample().expect_err("a refusal");
    assert_eq!(refused.code, "compressed_answer");
}

#[test]
fn players_without_names_are_counted_and_not_listed() {
    let nameless = b"\xff\xff\xff\xffD\x02\0\0\x07\0\0\0\0\0\x7fC\0\0\x01\0\0\0\0\0\x80?";
    let sample = Game::new(&[&[SERVER], &[nameless]]).sample().expect("a sample");
    assert_eq!((sample.players, sample.player_list.len(), sample.lists_players), (Some(2), 0, false));
    let silent = Game::new(&[&[SERVER], &[]]).sample().expect("a sample");
    assert_eq!(
        (silent.players, silent.lists_players),
        (Some(2), false),
        "who keeps players secret still counts them"
    );
}

#[test]
fn an_old_answer_of_goldsrc_is_read() {
    let old =
        b"\xff\xff\xff\xffm192.0.2.1:27015\0Old one\0crossfire\0valve\0Half-Life\0\x03\x10/dl\0\0\x01\0";
    let sample = Game::new(&[&[old], &[]]).sample().expect("a sample");
    assert_eq!((sample.name.as_deref(), sample.map.as_deref()), (Some("Old one"), Some("crossfire")));
    assert_eq!((sample.players, sample.max_players), (Some(3), Some(16)));
}

#[test]
fn a_server_that_only_asks_for_numbers_ends() {
    let asks: Vec<&[&[u8]]> = vec![&[NUMBER]; 9];
    let mut game = Game::new(&asks);
    assert_eq!(game.sample().expect_err("no answer").code, "no_answer");
    assert_eq!(game.heard.len(), TRIES);
}

#[test]
fn a_strangers_bytes_never_panic() {
    for whole in [SERVER, LIST, NUMBER] {
        for cut in 0..whole.len() {
            answers::read(&whole[..cut]);
        }
    }
    let piece = source_piece(1, 0, 0, LIST);
    for cut in 0..piece.len() {
        Pieces::default().take(&piece[..cut]).ok();
    }
    for other in [&b""[..], b"\xfe\xff\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff\xff\xffD\xff"] {
        Game::new(&[&[other], &[other]]).sample().ok();
    }
}
