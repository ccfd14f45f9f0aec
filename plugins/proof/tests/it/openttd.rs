//! OpenTTD, by Debian's server, and a client of the same package that plays.

use crate::{
    game::Game,
    peers::{agree, gamedig},
    process::Process,
};
use gantry_types::sample::{ConsoleEvent, Sample};
use std::{fs, time::Duration};
use tempfile::TempDir;

/// How long a client that is let in takes at most to be seen.
const JOINING: Duration = Duration::from_secs(20);
/// Clients that come one after the other until one is let in.
const ATTEMPTS: u32 = 4;

#[tokio::test]
async fn openttd_is_what_gamedig_sees() {
    let answers = [
        ("name", "Proof = a [railway]"),
        ("max_players", "7"),
        ("map_x", "6"),
        ("map_y", "6"),
        ("start_year", "1988"),
    ];
    let mut game = Game::planned("openttd", "openttd", &answers).await;
    game.sample(|_| true).await;
    let (_ada, sample) = joined(&mut game).await;
    let seen = gamedig("openttd", game.port("game")).await;
    agree(&sample, &seen);
    assert_eq!(sample.version, Some(seen.version));
    let year = sample.series.iter().find(|one| one.name == "year").expect("the year").value;
    assert!((1988.0..1990.0).contains(&year), "{year}");
    game.tells(&ConsoleEvent::Joined { player: "Ada Lovelace".to_owned() }).await;
}

/// Somebody who plays, and what the collector sees then. A client asks once, and is sent away while the game sets itself up: then
/// another comes.
async fn joined(game: &mut Game) -> (Process, Sample) {
    for _ in 0..ATTEMPTS {
        let ada = client("Ada Lovelace", game.port("game"));
        let seen = game.sample(|sample| sample.players == Some(1));
        if let Ok(sample) = tokio::time::timeout(JOINING, seen).await {
            return (ada, sample);
        }
    }
    panic!("no client came in; the game says:\n{}", game.process.output());
}

/// Plays without a window.
fn client(name: &str, port: u16) -> Process {
    let home = TempDir::new().unwrap();
    let place = home.path().to_str().unwrap().to_owned();
    let configuration = format!("{place}/openttd.cfg");
    fs::write(&configuration, format!("[network]\nclient_name = {name}\n")).unwrap();
    let to = format!("-n127.0.0.1:{port}");
    let command = [
        "/usr/games/openttd",
        "-v",
        "null:ticks=1000000000",
        "-s",
        "null",
        "-m",
        "null",
        "-x",
        "-c",
        &configuration,
        &to,
    ];
    let command: Vec<String> = command.map(str::to_owned).to_vec();
    Process::start(home, &command, &[("HOME".to_owned(), place)])
}
