//! Steam's server query. No server that speaks it can be had here, so both sides are asked to read the same recorded
//! exchange: ours in the sandbox, and npm's `gamedig`, which is nobody of ours. The fixtures were made by the protocol's
//! documentation; one answer is in pieces, and each question is first answered by a number.

use crate::{
    peers::{agree, gamedig},
    sandbox::Sandbox,
};
use std::net::Ipv4Addr;
use tokio::net::UdpSocket;

const NUMBER: &[u8] = b"\xff\xff\xff\xffA\x11\x22\x33\x44";
const SERVER: &str = include_str!("../fixtures/a2s-info.hex");
const PLAYERS: [&str; 2] =
    [include_str!("../fixtures/a2s-players-1.hex"), include_str!("../fixtures/a2s-players-2.hex")];

/// Bytes of a file of hexadecimal digits, whose lines may begin with a word on them after `#`.
fn bytes(fixture: &str) -> Vec<u8> {
    let lines = fixture.lines().filter(|line| !line.starts_with('#'));
    let words = lines.flat_map(str::split_whitespace);
    words.map(|word| u8::from_str_radix(word, 16).expect("two digits")).collect()
}

async fn play(socket: UdpSocket) {
    let mut buffer = [0; 1_500];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let question = &buffer[..length];
        let has_number = question.ends_with(&NUMBER[5..]);
        let says = match question.get(4) {
            Some(b'T' | b'U') if !has_number => vec![NUMBER.to_vec()],
            Some(b'T') => vec![bytes(SERVER)],
            Some(b'U') => PLAYERS.map(bytes).to_vec(),
            _ => Vec::new(),
        };
        for datagram in says {
            socket.send_to(&datagram, from).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_recorded_server_is_what_gamedig_sees() {
    let sandbox = Sandbox::load("source").await;
    let server = sandbox.server("cs2", &[]).await;
    let port = server.endpoints.iter().find(|each| each.name == "query").expect("the endpoint").port;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
    let plays = tokio::spawn(play(socket));
    let sample = sandbox.collect(&server).await.expect("a sample");
    let seen = gamedig("protocol-valve", port).await;
    plays.abort();
    agree(&sample, &seen);
    assert_eq!(sample.version, Some(seen.version));
    assert_eq!(sample.player_list.len(), 3);
    assert_eq!((sample.player_list[2].score, sample.player_list[2].seconds_online), (Some(-5), Some(90)));
}
