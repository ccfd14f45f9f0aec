//! Mumble, by Debian's server.

use crate::{game::Game, peers::gamedig};

#[tokio::test]
async fn mumble_is_what_gamedig_sees() {
    // Root's murmurd becomes another user unless its file says not to, and that user may not enter a test's directory.
    let answers = [("name", "Proof of a voice"), ("max_users", "9"), ("bandwidth", "40000")];
    let mut game = Game::foreign("mumble", "mumble", &answers, |server| {
        let port = server.endpoints[0].port;
        let file =
            format!("database=voice.sqlite\nlogfile=\nuname=root\nport={port}\nusers=9\nbandwidth=40000\n");
        let start = "printf '%s' \"$1\" > voice.ini && exec /usr/sbin/murmurd -fg -ini voice.ini";
        ["sh", "-c", start, "sh", &file].map(str::to_owned).to_vec()
    })
    .await;
    let sample = game.sample(|_| true).await;
    let seen = gamedig("mumble", game.port("voice")).await;
    assert_eq!(sample.version, Some(seen.version));
    assert_eq!((sample.players, sample.max_players), (Some(seen.numplayers), Some(seen.maxplayers)));
    // gamedig has no name for it, since the ping has none.
    assert_eq!(sample.name.as_deref(), Some("Proof of a voice"));
    assert!((sample.series[0].value - 40_000.0).abs() < f64::EPSILON);
    assert!(sample.latency_ms.is_some_and(|latency| latency > 0.0));
}
