//! OpenArena, by Debian's server and with bots.

use crate::{
    game::Game,
    peers::{agree, gamedig},
};
use gantry_types::sample::Sample;

#[tokio::test]
async fn openarena_is_what_gamedig_sees() {
    let answers = [("hostname", "Proof of an arena"), ("bots", "2"), ("map", "oa_dm2")];
    let mut game = Game::planned("openarena", "openarena", &answers).await;
    // The engine answers ten questions at once and then one a second, of both kinds together.
    let all = |sample: &Sample| (sample.players, sample.bots) == (Some(2), Some(2));
    let sample = game.sample(all).await;
    let seen = gamedig("openarena", game.port("game")).await;
    agree(&sample, &seen);
    assert_eq!(sample.version, Some(seen.version));
}
