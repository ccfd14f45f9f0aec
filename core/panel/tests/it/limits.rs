//! How often and how much: who shares a limit with whom, and what is cut off at its end.

use crate::kit::{Client, PASSWORD, Page, TestApp};
use gantry_panel::shares::Sharing;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// Largest frame that a page may send.
const FRAME: usize = 64 * 1024;

async fn guess_password(client: &Client) -> crate::kit::Answer {
    client.sign_in("ada@example.com", "wrong password").await
}

async fn guess_node_token(client: &Client) -> crate::kit::Answer {
    let form = json!({ "token": "wrong", "publicKey": "x", "agentVersion": "0.1.0" });
    client.post("/api/daemon/enroll", form).await
}

#[tokio::test(flavor = "multi_thread")]
async fn daemon_with_a_wrong_token_keeps_nobody_from_signing_in() {
    let app = TestApp::start().await;
    app.admin().await;
    let site = app.visitor();
    for _ in 0..5 {
        guess_node_token(&site).await.problem("enrollment_refused");
    }
    guess_node_token(&site).await.problem("rate_limited");
    site.sign_in("ada@example.com", PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn person_with_a_wrong_password_keeps_no_daemon_from_enrolling() {
    let app = TestApp::start().await;
    app.admin().await;
    let site = app.visitor();
    for _ in 0..5 {
        guess_password(&site).await.problem("wrong_credentials");
    }
    guess_password(&site).await.problem("rate_limited");
    guess_node_token(&site).await.problem("enrollment_refused");
    site.post("/api/setup", json!({ "name": "x", "email": "x", "password": "x" }))
        .await
        .problem("already_set_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_in_one_ipv6_network_share_the_limit_of_strangers() {
    let app = TestApp::start().await;
    app.admin().await;
    let mut guesser = app.visitor();
    for last in 1..=5 {
        guesser.address = format!("2001:db8:1:2::{last}");
        guess_password(&guesser).await.problem("wrong_credentials");
    }
    guesser.address = "2001:db8:1:2:ffff::9".to_owned();
    guess_password(&guesser).await.problem("rate_limited");
    guesser.address = "2001:db8:1:3::1".to_owned();
    guess_password(&guesser).await.problem("wrong_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn founder_who_mistypes_the_password_three_times_still_sets_up() {
    let app = TestApp::start().await;
    let (founder, token) = (app.visitor(), app.setup_token().await);
    let mut form = json!({ "name": "Ada", "email": "ada@example.com", "password": "short", "token": token });
    for _ in 0..3 {
        founder.post("/api/setup", form.clone()).await.problem("validation_failed");
    }
    form["password"] = json!(PASSWORD);
    founder.post("/api/setup", form).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_session_is_no_way_to_guess_its_password() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut grace = app.person(&admin, "grace", "user").await;
    let form = json!({ "currentPassword": "wrong password", "newPassword": "another battery horse" });
    for left in ["2", "1", "0"] {
        // From wherever: the person counts.
        grace.address = format!("198.51.100.{left}");
        let answer = grace.patch("/api/account", form.clone()).await;
        let seen = (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining"));
        assert_eq!(seen, ("3", left));
        answer.problem("validation_failed");
    }
    let answer = grace.patch("/api/account", form.clone()).await;
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!(wait > 200 && wait <= 300, "{wait}");
    assert_eq!(answer.header("x-ratelimit-limit"), "3");
    answer.problem("rate_limited");
    // What takes no password is not held up, and neither is anybody else.
    grace.patch("/api/account", json!({ "name": "Grace H" })).await.expect(200);
    let form = json!({ "currentPassword": PASSWORD, "newPassword": "another battery horse" });
    admin.patch("/api/account", form).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn power_is_limited_by_person_and_server() {
    let app = TestApp::with(|settings| settings.edge.general_per_minute = 100.try_into().unwrap()).await;
    let admin = app.admin().await;
    let power = async |admin: &Client, server: &str| {
        admin.post(&format!("/api/servers/{server}/power"), json!({ "action": "start" })).await
    };
    let (one, other) = ("00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002");
    for _ in 0..10 {
        power(&admin, one).await.problem("not_found");
    }
    let answer = power(&admin, one).await;
    assert_eq!(answer.header("x-ratelimit-limit"), "10");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 6);
    answer.problem("rate_limited");
    // However it is spelled.
    power(&admin, &format!("urn:uuid:{one}")).await.problem("rate_limited");
    power(&admin, &one.replace('-', "")).await.problem("rate_limited");
    power(&admin, other).await.problem("not_found");
    // Nobody uses up what somebody else has, and whoever asks for servers that are not there has the general limit.
    let grace = app.person(&admin, "grace", "user").await;
    power(&grace, one).await.problem("not_found");
    let mut answers = 0..120;
    let refused = loop {
        let number = answers.next().expect("it never ends");
        let answer = power(&grace, &format!("00000000-0000-7000-8000-{number:012}")).await;
        if answer.status == 429 {
            break answer;
        }
    };
    assert_eq!(refused.header("x-ratelimit-limit"), "100");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_limited_by_person() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let upload = async || {
        let request = admin.request(Method::POST, "/api/plugins").header("content-type", "application/wasm");
        admin.send(request.body("x")).await
    };
    for _ in 0..30 {
        upload().await.problem("plugin_rejected");
    }
    let answer = upload().await;
    assert_eq!(answer.header("x-ratelimit-limit"), "30");
    answer.problem("rate_limited");
}

#[tokio::test(flavor = "multi_thread")]
async fn body_over_the_limit_is_refused_with_a_key_as_without() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let form = json!({ "name": "a".repeat(gantry_api::route::JSON_LIMIT) });
    let request = admin.request(Method::POST, "/api/locations").header("idempotency-key", "one");
    admin.send(request.json(&form)).await.problem("payload_too_large");
    admin.post("/api/locations", form).await.problem("payload_too_large");
}

/// Says something that no HTTP library would, and hears how the first line of the answer begins.
async fn status_of(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    // It may be refused before all of it was sent.
    drop(stream.write_all(request).await);
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_headers_and_too_long_ones_are_refused() {
    let app = TestApp::start().await;
    let head =
        |headers: String| format!("GET /health HTTP/1.1\r\nhost: gantry\r\n{headers}\r\n").into_bytes();
    let many = |number: usize| (0..number).map(|each| format!("x-{each}: 1\r\n")).collect::<String>();
    assert_eq!(status_of(&app, &head(many(99))).await, "HTTP/1.1 200");
    assert_eq!(status_of(&app, &head(many(100))).await, "HTTP/1.1 431");
    let long = |bytes: usize| format!("x-long: {}\r\n", "1".repeat(bytes));
    assert_eq!(status_of(&app, &head(long(32 * 1024))).await, "HTTP/1.1 200");
    // How far beyond its limit of 64 KiB a head is still read depends on how it arrives.
    assert_eq!(status_of(&app, &head(long(256 * 1024))).await, "HTTP/1.1 431");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_and_body_that_do_not_come_are_given_up() {
    let app = TestApp::start().await;
    let mut begun = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    begun.write_all(b"GET /health HTTP/1.1\r\nhost: gant").await.unwrap();
    let sign_in =
        b"POST /api/auth/sign-in/email HTTP/1.1\r\nhost: gantry\r\ncontent-type: application/json\r\n\
        content-length: 100\r\n\r\n{\"email\":";
    assert_eq!(status_of(&app, sign_in).await, "HTTP/1.1 504");
    let mut rest = Vec::new();
    begun.read_to_end(&mut rest).await.unwrap();
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408"), "{rest}");
}

/// A page that is let in, or one that has said nothing yet.
async fn page(app: &TestApp) -> Page {
    let admin = app.admin().await;
    Page::dial(&admin, "/api/ws/live", Some(&admin.url)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_of_exactly_the_limit_is_read() {
    let app = TestApp::start().await;
    let mut page = page(&app).await;
    page.say_raw(Message::text("x".repeat(FRAME))).await;
    assert_eq!(page.closed().await, Some(4400));
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_frame_closes_the_socket_as_too_big() {
    let app = TestApp::start().await;
    let mut page = page(&app).await;
    page.say_raw(Message::text("x".repeat(FRAME + 1))).await;
    assert_eq!(page.closed().await, Some(1009));
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_frame_closes_the_socket_as_unreadable() {
    let app = TestApp::start().await;
    let mut page = page(&app).await;
    page.say_raw(Message::binary(vec![0; 8])).await;
    assert_eq!(page.closed().await, Some(4400));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_frame_that_is_no_text_closes_the_socket_as_such() {
    let app = TestApp::start().await;
    let mut page = page(&app).await;
    let frame = Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    page.say_raw(Message::Frame(frame)).await;
    assert_eq!(page.closed().await, Some(1007));
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_that_breaks_the_protocol_closes_the_socket_as_such() {
    let app = TestApp::start().await;
    let mut page = page(&app).await;
    let mut frame = Frame::message(b"{}".to_vec(), OpCode::Data(Data::Text), true);
    frame.header_mut().rsv1 = true;
    page.say_raw(Message::Frame(frame)).await;
    assert_eq!(page.closed().await, Some(1002));
}

#[tokio::test(flavor = "multi_thread")]
async fn socket_that_says_nothing_is_closed() {
    let app = TestApp::start().await;
    assert_eq!(page(&app).await.closed().await, Some(4401));
}

/// A daemon that nobody knows, as far into its handshake as it gets; none if it is refused before it begins.
async fn greet(daemon: &Client) -> Option<Page> {
    let mut link = Page::dial(daemon, "/api/daemon/link", None).await.ok()?;
    let nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let node = "00000000-0000-7000-8000-000000000000";
    let hello = json!({ "protocol": 1, "nodeId": node, "nonce": nonce, "agentVersion": "0.1.0" });
    let challenge = link.ask(hello).await?;
    assert!(challenge["signature"].is_string(), "{challenge}");
    Some(link)
}

#[tokio::test(flavor = "multi_thread")]
async fn daemons_of_one_network_cannot_keep_those_of_another_out() {
    let app = TestApp::start().await;
    let mut stranger = app.visitor();
    let mut waiting = Vec::new();
    for last in 1..=32 {
        stranger.address = format!("2001:db8:1:2::{last}");
        waiting.push(greet(&stranger).await.expect("there is room"));
    }
    stranger.address = "2001:db8:1:2:ffff::9".to_owned();
    assert!(greet(&stranger).await.is_none(), "a 33rd was let in");
    let Err(Error::Http(refused)) = Page::dial(&stranger, "/api/daemon/link", None).await.map(drop) else {
        panic!("it was not told to come again");
    };
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
    assert!(greet(&app.visitor()).await.is_some(), "others are kept out");
}

/// A connection over which something is answered; none if it is closed at once.
async fn connect(app: &TestApp) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let mut answer = [0; 12];
    // Writing to one that is closed already may fail as well.
    let asked = stream.write_all(b"GET /health HTTP/1.1\r\nhost: gantry\r\n\r\n").await;
    let heard = stream.read_exact(&mut answer).await;
    (asked.is_ok() && heard.is_ok()).then_some(stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_network_end_at_its_share_and_leave_room_when_they_go() {
    const SHARE: usize = 5;
    let app = TestApp::with(|settings| {
        settings.connections = Sharing { most: SHARE.try_into().unwrap(), exempt: Vec::new() };
    })
    .await;
    let mut held = Vec::new();
    while let Some(stream) = connect(&app).await {
        held.push(stream);
        assert!(held.len() <= SHARE, "it never ends");
    }
    // The fixture's own may be open still.
    assert!(held.len() + 1 >= SHARE, "{} were let in", held.len());
    held.pop();
    let again = async {
        while connect(&app).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again).await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_holds_connections_for_all_who_come_through_it() {
    let app = TestApp::with(|settings| {
        settings.connections = Sharing::new(1.try_into().unwrap(), &settings.edge.trusted_proxies);
        settings.connections.exempt.truncate(settings.edge.trusted_proxies.len());
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(connect(&app).await.expect("it is let in"));
    }
}
