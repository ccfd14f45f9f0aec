//! ioquake3, by Debian's server, with the free data of OpenArena in the place of Quake's.

use crate::{
    game::Game,
    peers::{agree, gamedig},
};
use gantry_types::sample::Sample;

/// Debian's OpenArena brings its rules as a library, beside its data.
const START: [&str; 22] = [
    "/usr/lib/ioquake3/ioq3ded",
    "+set",
    "dedicated",
    "1",
    "+set",
    "fs_basepath",
    "/usr/lib/openarena-server",
    "+set",
    "com_standalone",
    "1",
    "+set",
    "com_basegame",
    "baseoa",
    "+set",
    "vm_game",
    "0",
    "+set",
    "sv_hostname",
    "Proof of an engine",
    "+set",
    "bot_minplayers",
    "2",
];

#[tokio::test]
async fn ioquake3_is_what_gamedig_sees() {
    let mut game = Game::foreign("quake3", "quake3", &[], |server| {
        let port = server.endpoints[0].port.to_string();
        let rest = ["+set", "fs_homepath", ".", "+set", "net_port", &port, "+map", "oa_dm3"];
        START.iter().chain(&rest).map(|each| (*each).to_owned()).collect()
    })
    .await;
    // The engine answers ten questions at once and then one a second, of both kinds together.
    let all = |sample: &Sample| (sample.players, sample.bots) == (Some(2), Some(2));
    let sample = game.sample(all).await;
    let seen = gamedig("protocol-quake3", game.port("game")).await;
    agree(&sample, &seen);
    assert_eq!((sample.map.as_deref(), sample.version), (Some("oa_dm3"), Some(seen.version)));
}
