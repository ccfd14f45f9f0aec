//! Minecraft: a server from npm that is joined by clients from npm, and what it cannot do as recorded exchanges.

use crate::{
    game::Game,
    peers::{agree, gamedig, script},
    sandbox::{Sandbox, call},
};
use gantry_host::Endpoints;
use gantry_host::Lent;
use gantry_types::{action::Effect, server::Setting};
use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    sync::Arc,
    thread,
};

fn squid(port: u16) -> Vec<String> {
    let told = serde_json::json!({
        "port": port, "motd": "Proof of a world", "slots": 7, "players": ["Ada", "Grace"],
    });
    let mut command = script("flying-squid");
    command.push(told.to_string());
    command
}

#[tokio::test]
async fn a_java_server_is_what_gamedig_sees() {
    let mut game = Game::foreign("minecraft-java", "vanilla", &[("level_name", "")], |server| {
        squid(server.endpoints[0].port)
    })
    .await;
    let sample = game.sample(|sample| sample.players == Some(2)).await;
    let seen = gamedig("minecraft", game.port("game")).await;
    agree(&sample, &seen);
    assert_eq!(sample.version, Some(seen.version));
    // It tells how many play, and neither in its ping nor by a query who.
    assert!(!sample.lists_players);
}

#[tokio::test]
async fn a_bedrock_server_is_what_gamedig_sees() {
    let mut game = Game::foreign("minecraft-bedrock", "bedrock", &[], |server| {
        let mut command = script("raknet");
        command.push(server.endpoints[0].port.to_string());
        command.push("MCPE;Proof of a world;818;1.21.92;3;9;1;Plains;Survival;1;19132;19133;0;".to_owned());
        command
    })
    .await;
    let sample = game.sample(|_| true).await;
    let seen = gamedig("mbe", game.port("game")).await;
    agree(&sample, &seen);
    assert_eq!(sample.version, Some(seen.version));
}

/// A datagram or packet as somebody wrote it down: words of hexadecimal digits, and lines of words after `#`.
fn recorded(name: &str) -> Vec<u8> {
    let file = format!("{}/tests/recorded/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let words = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    words.map(|word| u8::from_str_radix(word, 16).unwrap()).collect()
}

/// What was recorded, in the session of whoever asks, until an empty datagram.
fn answer_queries(query: &UdpSocket) {
    let mut asked = [0; 64];
    loop {
        let (length, from) = query.recv_from(&mut asked).unwrap();
        let mut answer = match asked[..length] {
            [] => return,
            [0xfe, 0xfd, 9, ..] => recorded("minecraft-java-handshake"),
            [0xfe, 0xfd, 0, ..] => recorded("minecraft-java-status"),
            ref other => panic!("no question: {other:?}"),
        };
        answer[1..5].copy_from_slice(&asked[3..7]);
        query.send_to(&answer, from).unwrap();
    }
}

#[tokio::test]
async fn the_query_names_everybody_of_whom_the_ping_does_not_tell() {
    let sandbox = Sandbox::load("minecraft-java").await;
    let server = sandbox.server("paper", &[]).await;
    let port = |name: &str| server.endpoints.iter().find(|each| each.name == name).unwrap().port;
    let ping = TcpListener::bind((Ipv4Addr::LOCALHOST, port("game"))).unwrap();
    let query = UdpSocket::bind((Ipv4Addr::LOCALHOST, port("query"))).unwrap();
    let ping = thread::spawn(move || {
        let (mut somebody, _) = ping.accept().unwrap();
        let mut asked = [0; 64];
        assert!(somebody.read(&mut asked).unwrap() > 0);
        somebody.write_all(&recorded("minecraft-java-ping")).unwrap();
    });
    let query = thread::spawn(move || answer_queries(&query));
    let sample = sandbox.collect(&server).await.expect("a sample");
    ping.join().unwrap();
    agree(&sample, &gamedig("protocol-gamespy3", port("query")).await);
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .send_to(&[], (Ipv4Addr::LOCALHOST, port("query")))
        .unwrap();
    query.join().unwrap();
    assert_eq!(sample.version.as_deref(), Some("Paper 1.21.4"));
    assert_eq!((sample.players, sample.max_players), (Some(2), Some(20)));
    assert_eq!(sample.map.as_deref(), Some("nether"));
    let names: Vec<_> =
        sample.player_list.iter().map(|each| (each.name.as_str(), each.id.is_some())).collect();
    assert_eq!(names, [("Ada", true), ("Grace", false)]);
    assert!(sample.lists_players);
}

#[tokio::test]
async fn the_remote_console_answers_who_may_ask_it() {
    let sandbox = Sandbox::load("minecraft-java").await;
    let server = sandbox.server("vanilla", &[("rcon_password", "open-sesame")]).await;
    let remote = server.endpoints.iter().find(|each| each.name == "rcon").unwrap().port;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, remote)).unwrap();
    let game = thread::spawn(move || {
        let (mut somebody, _) = listener.accept().unwrap();
        for part in ["login", "answer"] {
            let question = recorded(&format!("minecraft-rcon-{part}-question"));
            let mut asked = vec![0; question.len()];
            somebody.read_exact(&mut asked).unwrap();
            assert_eq!(asked, question);
            // In two pieces, as a network may bring it.
            let answer = recorded(&format!("minecraft-rcon-{part}"));
            let (one, other) = answer.split_at(7);
            somebody.write_all(one).unwrap();
            somebody.flush().unwrap();
            somebody.write_all(other).unwrap();
        }
    });
    let lent = Lent { query: Some(Arc::new(Endpoints::new(server.endpoints.clone()))), ..Lent::default() };
    let form = [Setting { key: "command".to_owned(), value: "/list".to_owned() }];
    let effects = sandbox.plugin.perform(&call(lent), &server, "ask", &form).await.expect("effects");
    game.join().unwrap();
    let said = "There are 2 of a max of 20 players online: Ada, Grace".to_owned();
    assert_eq!(effects, [Effect::Message { text: said }]);
}
