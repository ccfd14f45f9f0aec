//! OpenArena, by Debian's server and with bots.

use crate::{
    game::Game,
    peers::{agree, gamedig},
};

#[tokio::test]
async fn openarena_is_what_gamedig_sees() {
    let answers = [("hostname", "Proof of an arena"), ("bots", "2"), ("map", "oa_dm2")];
    let mut game = Game::planned("openarena", "openarena", &answers).await;
    let sample = game.sample(|sample| sample.players == Some(2)).await;
    let seen = gamedig("openarena", game.port("game")).await;
    agree(&sample, &seen);
    assert_eq!(sample.version, Some(seen.version));
    assert_eq!(sample.bots, Some(2), "both are the game's own");
}
