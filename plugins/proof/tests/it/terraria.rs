//! Terraria. No TShock can be had here, so both sides are asked to read the same answer over HTTP: ours in the sandbox, and
//! npm's `gamedig`, which is nobody of ours. The dedicated server has no query, and gamedig no name for it.

use crate::{
    peers::{agree, gamedig},
    sandbox::Sandbox,
};
use gantry_types::sample::{ConsoleEvent, Sample};
use std::net::Ipv4Addr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// The answer, without the lines about it.
fn status() -> String {
    let fixture = include_str!("../fixtures/tshock-status.txt");
    fixture.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n")
}

/// Answers whoever asks for the status with its players, and nobody else; gamedig knocks before it asks.
async fn play(listener: TcpListener) {
    'everybody: loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        while !heard.windows(4).any(|four| four == b"\r\n\r\n") {
            let mut piece = [0; 1_024];
            let length = stream.read(&mut piece).await.unwrap();
            if length == 0 {
                continue 'everybody;
            }
            heard.extend_from_slice(&piece[..length]);
        }
        let asked = String::from_utf8(heard).unwrap();
        let is_ours = asked.starts_with("GET /v2/server/status?players=true");
        let (status, body) = if is_ours { ("200 OK", status()) } else { ("404 Not Found", String::new()) };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn tshocks_answer_is_what_gamedig_sees() {
    let sandbox = Sandbox::load("terraria").await;
    let server = sandbox.server("tshock", &[]).await;
    let port = server.endpoints.iter().find(|each| each.name == "rest").expect("the endpoint").port;
    let plays = tokio::spawn(play(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap()));
    let sample = sandbox.collect(&server).await.expect("a sample");
    let seen = gamedig("terrariatshock", port).await;
    plays.abort();
    // Of the world gamedig has no word of its own.
    assert_eq!(sample.map.as_deref(), seen.raw["world"].as_str());
    agree(&Sample { map: None, ..sample.clone() }, &seen);
    assert_eq!(sample.version.as_deref(), seen.raw["serverversion"].as_str());
    assert!(sample.lists_players);
}

#[tokio::test]
async fn the_dedicated_server_tells_who_plays_by_its_console_alone() {
    let sandbox = Sandbox::load("terraria").await;
    let answers = [("world", "Our place"), ("max_players", "12")];
    let server = sandbox.server("terraria", &answers).await;
    let sample = sandbox.collect(&server).await.expect("a sample, though nobody listens");
    assert_eq!((sample.map.as_deref(), sample.max_players), (Some("Our place"), Some(12)));
    assert_eq!((sample.players, sample.lists_players, sample.latency_ms), (None, false, None));
    let lines = [": Ada has joined.", "<Ada> Bob has joined.", "Ada has left."].map(str::to_owned).to_vec();
    let player = "Ada".to_owned();
    let text = "Bob has joined.".to_owned();
    let expected = [
        ConsoleEvent::Joined { player: player.clone() },
        ConsoleEvent::Chat { player: player.clone(), text },
        ConsoleEvent::Left { player },
    ];
    assert_eq!(sandbox.console_events(&server, lines).await, expected);
}
